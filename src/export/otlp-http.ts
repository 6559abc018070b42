/** @module OTLP over HTTP (OTLP specification, "OTLP/HTTP"). */

import { VERSION } from '../version.ts';
import { loadBuiltin } from './builtin.ts';
import { Deadline } from './deadline.ts';
import { codeOf } from './error-code.ts';
import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import { FetchClient } from './fetch-client.ts';
import { type GzipModule, gzip } from './gzip.ts';
import { gzipByStream } from './gzip-web.ts';
import { type HttpClient, type RequestHeaders, usesFetch } from './http-client.ts';
import { toSendResult } from './http-result.ts';
import { makeNodeClient, type NodeClientOptions } from './node-client.ts';
import { toJsonBody } from './otlp-json-body.ts';
import { secretsOf } from './secrets.ts';
import { runSuppressed } from './suppressed-context.ts';

/** Largest body sent, before compression, in bytes (OTLP specification, "Request Size"). */
export const MAXIMUM_REQUEST_BYTES = 67_108_864;
const DEFAULT_TIMEOUT_MILLIS = 10_000;
/** Form of the OTLP exporter specification, "User Agent". */
export const USER_AGENT = `OTel-OTLP-Exporter-Spandrel/${VERSION}`;

/** Headers of every request, or a function asked before each one, e.g. for a token that expires. */
export type HeadersSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** The forms of OTLP over HTTP, by their names in `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export type OtlpHttpProtocol = 'http/protobuf' | 'http/json';

const CONTENT_TYPES: Readonly<Record<OtlpHttpProtocol, string>> = {
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
};

export interface OtlpHttpOptions extends NodeClientOptions {
  /** Form of the body; `http/json` is made from the bytes at each attempt. Default `http/protobuf`. */
  readonly protocol?: OtlpHttpProtocol;
  /** A function that throws counts as no answer: the request is tried again later. */
  readonly headers?: HeadersSource;
  /** Total time of one attempt, compression and answer included, in milliseconds. Default 10 000. */
  readonly timeoutMillis?: number;
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Put before our own `User-Agent`. */
  readonly userAgent?: string;
  /** Whether an attempt under way keeps the process alive. Default false: whoever waits for it decides. */
  readonly holdsProcess?: boolean;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Carries requests to one OTLP/HTTP endpoint. Loads nothing before the first `send`. Redirects are never
 * followed, answers never inflated but by a host's own `fetch`; nothing of a header value, an answer beyond one redacted line, or the URL's
 * userinfo is in a reason.
 */
export class OtlpHttpTransport implements WireExporter {
  readonly #options: OtlpHttpOptions;
  #client: Promise<HttpClient> | undefined;
  #zlib: Promise<GzipModule> | undefined;
  #closed = false;

  constructor(options: OtlpHttpOptions) {
    this.#options = options;
  }

  /** As in {@link WireExporter}; a request over 64 MiB fails without being sent. */
  send(request: ExportRequest, abort?: AbortSignal): Promise<SendResult> {
    return runSuppressed(() => this.#send(request, abort));
  }

  close(): void {
    this.#closed = true;
    // A client that could not be made has nothing to close.
    this.#client?.then(
      (client) => client.close(),
      () => {},
    );
  }

  async #send(request: ExportRequest, signal: AbortSignal | undefined): Promise<SendResult> {
    const { endpoint, timeoutMillis = DEFAULT_TIMEOUT_MILLIS, holdsProcess = false } = this.#options;
    if (this.#closed) {
      const reason = `not sent to ${endpoint.display}: already shut down`;
      return { kind: 'failed', reason, code: 'already_shutdown' };
    }
    if (request.byteLength > MAXIMUM_REQUEST_BYTES) return tooLarge(`of ${request.byteLength} bytes`);
    const now = this.#options.now ?? (() => performance.now());
    const deadline = new Deadline({ timeoutMillis, signal, now, holdsProcess });
    try {
      return await this.#sendBefore(deadline, request);
    } catch (error) {
      // Thrown before the first byte was written: a module that is missing, a header no request can have.
      const code = codeOf(error);
      return { kind: 'failed', reason: `no request to ${endpoint.display} could be made: ${code}`, code };
    } finally {
      deadline.clear();
    }
  }

  async #sendBefore(deadline: Deadline, request: ExportRequest): Promise<SendResult> {
    const { endpoint, protocol = 'http/protobuf' } = this.#options;
    const { display } = endpoint;
    const retryable = (why: string): SendResult => ({
      kind: 'retryable',
      reason: `not sent to ${display}: ${why}`,
      code: deadline.stopReason?.replaceAll(' ', '_') ?? 'no_headers',
    });
    const configured = await this.#configuredHeaders(deadline);
    if (typeof configured === 'string') return retryable(configured);
    const body = await this.#body(request, protocol, deadline);
    if (body === 'too large') return tooLarge('in JSON form');
    const client = await this.#loadClient();
    if (typeof client === 'string') return retryable(client);
    if (body === undefined || deadline.stopReason !== undefined) {
      return retryable(deadline.stopReason ?? 'aborted');
    }
    const result = await client.post(this.#headers(configured, body), body, deadline);
    return toSendResult(result, display, secretsOf(configured, endpoint), protocol);
  }

  /** The headers, or why there are none. */
  async #configuredHeaders(deadline: Deadline): Promise<Readonly<Record<string, string>> | string> {
    const { headers = {} } = this.#options;
    if (typeof headers !== 'function') return headers;
    try {
      const stopped = new Promise<string>((resolve) => {
        deadline.onStop(() => resolve(deadline.stopReason ?? 'aborted'));
      });
      return await Promise.race([headers(), stopped]);
    } catch (error) {
      return `the function for its headers threw ${codeOf(error)}`;
    }
  }

  /** The body as it will travel; `undefined` when the deadline came first. */
  async #body(
    request: ExportRequest,
    protocol: OtlpHttpProtocol,
    deadline: Deadline,
  ): Promise<readonly Uint8Array[] | 'too large' | undefined> {
    const isStopped = (): boolean => deadline.stopReason !== undefined;
    let { chunks } = request;
    if (protocol === 'http/json') {
      const json = await toJsonBody(chunks, MAXIMUM_REQUEST_BYTES, isStopped);
      if (json === undefined) return undefined;
      if (json.byteLength > MAXIMUM_REQUEST_BYTES) return 'too large';
      chunks = json.chunks;
    }
    if (this.#options.compression !== 'gzip') return chunks;
    if (usesFetch()) return gzipByStream(chunks);
    this.#zlib ??= loadBuiltin<GzipModule>('node:zlib');
    return gzip(await this.#zlib, chunks, isStopped);
  }

  /** The client, or why there is none yet: a program's function for its agent that failed may work at the next try. */
  async #loadClient(): Promise<HttpClient | string> {
    this.#client ??= this.#makeClient();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      if (typeof this.#options.httpAgentOptions !== 'function') throw error;
      return `the function for its agent threw ${codeOf(error)}`;
    }
  }

  async #makeClient(): Promise<HttpClient> {
    const { endpoint } = this.#options;
    return usesFetch() ? new FetchClient(endpoint) : makeNodeClient(this.#options);
  }

  #headers(configured: Readonly<Record<string, string>>, body: readonly Uint8Array[]): RequestHeaders {
    const { protocol = 'http/protobuf', compression, userAgent } = this.#options;
    // Without a prototype: `__proto__` is a name like any other.
    const headers: Record<string, string | number> = Object.create(null);
    headers['user-agent'] = userAgent === undefined ? USER_AGENT : `${userAgent} ${USER_AGENT}`;
    for (const [name, value] of Object.entries(configured)) headers[name.toLowerCase()] = value;
    headers['content-type'] = CONTENT_TYPES[protocol];
    headers['content-length'] = body.reduce((sum, piece) => sum + piece.length, 0);
    if (compression === 'gzip') headers['content-encoding'] = 'gzip';
    else delete headers['content-encoding'];
    // Either would contradict the body that follows.
    delete headers['transfer-encoding'];
    delete headers['accept-encoding'];
    return headers;
  }
}

/** The limit counts before compression; smaller requests with the same spans may pass. */
function tooLarge(what: string): SendResult {
  const reason = `request ${what} not sent: OTLP allows ${MAXIMUM_REQUEST_BYTES} bytes`;
  return { kind: 'failed', reason, tooLarge: true, code: 'request_too_large' };
}
