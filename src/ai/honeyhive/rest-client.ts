/** @module One REST call to the server, over `node:http`, outside any trace. */

import type { ClientRequest, RequestOptions } from 'node:http';
import { loadBuiltin } from '../../export/builtin.ts';
import { Deadline } from '../../export/deadline.ts';
import type { Endpoint } from '../../export/endpoint.ts';
import { codeOf } from '../../export/error-code.ts';
import { type Answer, attempt } from '../../export/http-attempt.ts';
import { toLine } from '../../export/message-line.ts';
import { decodeUtf8, readJsonMessage } from '../../export/partial-success.ts';
import { parseRetryAfterMillis } from '../../export/retry.ts';
import { secretsOf } from '../../export/secrets.ts';
import { runSuppressed } from '../../export/suppressed-context.ts';

/** A call that waits. */
export interface RestCall {
  readonly method: 'POST' | 'PUT';
  /** Such as `/session/start`. */
  readonly path: string;
  readonly body: unknown;
}

/** What became of one attempt. No text in it holds a secret. */
export type RestResult =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'retryable'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** Total time of one attempt, in milliseconds: as in the original. */
const TIMEOUT_MILLIS = 5_000;
/** Statuses after which the same call may pass: RFC 9110 15.5.9, RFC 6585 4, and the server's own troubles. */
const RETRYABLE = new Set([408, 429, 500, 502, 503, 504]);

export class RestClient {
  readonly #endpoint: Endpoint;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(endpoint: Endpoint, headers: Readonly<Record<string, string>>) {
    this.#endpoint = endpoint;
    this.#headers = headers;
  }

  /** Never rejects. Keeps the process alive no longer than somebody waits for the answer. */
  send(call: RestCall): Promise<RestResult> {
    return runSuppressed(() => this.#send(call));
  }

  async #send(call: RestCall): Promise<RestResult> {
    const now = (): number => performance.now();
    const deadline = new Deadline({ timeoutMillis: TIMEOUT_MILLIS, now, holdsProcess: false });
    const name = `${call.method} ${call.path}`;
    try {
      const body = new TextEncoder().encode(JSON.stringify(call.body));
      const secure = this.#endpoint.protocol === 'https:';
      const http = await loadBuiltin<{ request(options: RequestOptions): ClientRequest }>(
        secure ? 'node:https' : 'node:http',
      );
      const request = http.request(this.#options(call, body.length));
      const answer = await attempt(request, [body], deadline);
      if (answer.kind === 'no-answer') {
        return { kind: 'retryable', reason: `${name}: no answer: ${answer.code}` };
      }
      return this.#read(name, answer);
    } catch (error) {
      return { kind: 'failed', reason: `${name}: no request could be made: ${codeOf(error)}` };
    } finally {
      deadline.clear();
    }
  }

  #options({ method, path }: RestCall, length: number): RequestOptions {
    const { protocol, hostname, port, credentials, path: base } = this.#endpoint;
    return {
      method,
      protocol,
      hostname,
      port,
      path: `${base.replace(/\/+$/, '')}${path}`,
      headers: {
        ...this.#headers,
        accept: 'application/json',
        'content-type': 'application/json',
        'content-length': length,
      },
      ...(credentials === undefined ? {} : { auth: credentials }),
    };
  }

  #read(name: string, { status, headers, body }: Answer): RestResult {
    if (status >= 200 && status < 300) return { kind: 'done', body: readJson(body) };
    const secrets = secretsOf(this.#headers, this.#endpoint);
    const isText = /^(?:application\/json|text\/plain)/.test(headers['content-type'] ?? '');
    const message = isText ? toLine(readJsonMessage(body) ?? decodeUtf8(body), secrets) : '';
    const reason = `${name}: HTTP ${status}${message === '' ? '' : `: ${message}`}`;
    if (!RETRYABLE.has(status)) return { kind: 'failed', reason };
    const retryAfterMs = parseRetryAfterMillis(headers['retry-after'], headers.date, Date.now());
    return retryAfterMs === undefined
      ? { kind: 'retryable', reason }
      : { kind: 'retryable', reason, retryAfterMs };
  }
}

/** `undefined` for what is no JSON: whatever the server says instead, the call was taken. */
function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(body));
  } catch {
    return undefined;
  }
}
