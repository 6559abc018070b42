/** @module Requests by `fetch`, on hosts without `node:http`: browsers and workers at the edge (Fetch Standard). */

import type { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { codeOf } from './error-code.ts';
import { type Answer, type AttemptResult, concatenate, MAXIMUM_RESPONSE_BYTES } from './http-attempt.ts';
import type { HttpClient, RequestHeaders } from './http-client.ts';

/** What all requests of a page that outlive it may hold together is 64 KiB (Fetch Standard, "HTTP-network-or-cache fetch"). */
const KEEPALIVE_BYTES = 61_440;

/** What `fetch` knows by itself, and in browsers refuses to be told. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['content-length', 'user-agent', 'host', 'connection']);

const EMPTY = new Uint8Array(0);

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
    // Not within `try`: one that no request can have would be sent for ever.
    const headers = new Headers(this.#headers(given));
    // A copy: nothing says when a host has stopped reading what it was given.
    const blob = new Blob(body as Uint8Array<ArrayBuffer>[]);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers,
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

async function readAnswer(response: Response): Promise<Answer> {
  const headers = Object.fromEntries(response.headers);
  // Undone by `fetch` before anyone can read the body.
  delete headers['content-encoding'];
  return {
    kind: 'answer',
    // A browser hides a redirect that it does not follow behind this type, and its status behind 0.
    status: response.type === 'opaqueredirect' ? 302 : response.status,
    headers,
    ...(await readBody(response)),
  };
}

/** A status counts whatever becomes of the body that follows it: sent again, the same spans would arrive twice. */
async function readBody({ body }: Response): Promise<Pick<Answer, 'body' | 'oversize'>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = body?.getReader();
    while (reader !== undefined) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MAXIMUM_RESPONSE_BYTES) {
        void reader.cancel().catch(() => {});
        return { body: EMPTY, oversize: true };
      }
      pieces.push(value);
    }
  } catch {
    return { body: EMPTY, oversize: false };
  }
  return { body: concatenate(pieces, length), oversize: false };
}

/** Browsers do not say why there was no answer, and their texts may quote the URL. */
function codeOfFailure(error: unknown): string {
  const cause: unknown = (error as { cause?: unknown } | null)?.cause;
  return cause === undefined || cause === null ? 'fetch failed' : codeOf(cause);
}

/** Of UTF-8, as RFC 7617 has it. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
