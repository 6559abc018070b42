/** @module Requests by `fetch`, on hosts without `node:http`: browsers and workers at the edge (Fetch Standard). */

import type { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { type AttemptResult, concatenate, MAXIMUM_RESPONSE_BYTES } from './http-attempt.ts';
import type { HttpClient, RequestHeaders } from './http-client.ts';

/** What all requests of a page that outlive it may hold together is 64 KiB (Fetch Standard, "HTTP-network-or-cache fetch"). */
const KEEPALIVE_BYTES = 61_440;

/** What `fetch` knows by itself, and in browsers refuses to be told. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['content-length', 'user-agent', 'host', 'connection']);

interface PageHost {
  readonly document?: { readonly visibilityState?: string };
}

export class FetchClient implements HttpClient {
  readonly #url: string;
  readonly #credentials: string | undefined;

  constructor({ protocol, hostname, port, path, credentials }: Endpoint) {
    const host = hostname.includes(':') ? `[${hostname}]` : hostname;
    this.#url = `${protocol}//${host}${port === undefined ? '' : `:${port}`}${path}`;
    this.#credentials = credentials;
  }

  async post(given: RequestHeaders, body: readonly Uint8Array[], deadline: Deadline): Promise<AttemptResult> {
    const abort = new AbortController();
    deadline.onStop(() => abort.abort());
    // A copy: nothing says when a host has stopped reading what it was given.
    const blob = new Blob(body as Uint8Array<ArrayBuffer>[]);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers(given),
        body: blob,
        redirect: 'manual',
        signal: abort.signal,
        // A page that is left takes other requests with it.
        ...(isLeaving() && blob.size <= KEEPALIVE_BYTES ? { keepalive: true } : {}),
      });
      return await readAnswer(response);
    } catch (error) {
      return { kind: 'no-answer', code: deadline.stopReason ?? codeOfFailure(error), stale: false };
    }
  }

  close(): void {}

  #headers(given: RequestHeaders): Record<string, string> {
    const headers: Record<string, string> = Object.create(null);
    if (this.#credentials !== undefined) headers.authorization = `Basic ${base64(this.#credentials)}`;
    for (const [name, value] of Object.entries(given)) {
      if (!OWN_HEADERS.has(name)) headers[name] = String(value);
    }
    return headers;
  }
}

function isLeaving(): boolean {
  return (globalThis as PageHost).document?.visibilityState === 'hidden';
}

async function readAnswer(response: Response): Promise<AttemptResult> {
  const { headers } = response;
  // A browser hides a redirect that it does not follow behind this type, and its status behind 0.
  const status = response.type === 'opaqueredirect' ? 302 : response.status;
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAXIMUM_RESPONSE_BYTES) {
      await reader.cancel();
      return {
        kind: 'answer',
        status,
        headers: Object.fromEntries(headers),
        body: new Uint8Array(0),
        oversize: true,
      };
    }
    pieces.push(value);
  }
  return {
    kind: 'answer',
    status,
    headers: Object.fromEntries(headers),
    body: concatenate(pieces, length),
    oversize: false,
  };
}

/** Browsers do not say why there was no answer, and their texts may quote the URL. */
function codeOfFailure(error: unknown): string {
  const cause: unknown = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
  return typeof cause === 'string' ? cause : 'fetch failed';
}

/** Of UTF-8, as RFC 7617 has it. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
