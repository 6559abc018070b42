/** @module OTLP/HTTP over `node:http` and `node:https` (OTLP specification, "OTLP/HTTP"). */

import type { Agent, AgentOptions, ClientRequest, RequestOptions } from 'node:http';
import { VERSION } from '../version.ts';
import { loadBuiltin } from './builtin.ts';
import { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { codeOf } from './error-code.ts';
import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import { type GzipModule, gzip } from './gzip.ts';
import { attempt } from './http-attempt.ts';
import { toSendResult } from './http-result.ts';
import { toJsonBody } from './otlp-json-body.ts';
import { secretsOf } from './secrets.ts';
import { runSuppressed } from './suppressed-context.ts';

/** Largest body sent, before compression, in bytes (OTLP specification, "Request Size"). */
export const MAXIMUM_REQUEST_BYTES = 67_108_864;
/** Longest time a connection is kept without a request, in milliseconds; a server's `Keep-Alive` hint lowers it. */
const IDLE_CONNECTION_MILLIS = 30_000;
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

/** Makes the agent, once, before the first request. */
export type AgentFactory = (protocol: string) => Agent | Promise<Agent>;

/** Certificates in PEM form, for `https:` endpoints. */
export interface TlsOptions {
  /** Authorities to trust instead of the runtime's. */
  readonly ca?: string | Uint8Array;
  /** Our own certificate and its key, for servers that ask for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

export interface OtlpHttpOptions {
  readonly endpoint: Endpoint;
  /** Form of the body; `http/json` is made from the bytes at each attempt. Default `http/protobuf`. */
  readonly protocol?: OtlpHttpProtocol;
  /** A function that throws counts as no answer: the request is tried again later. */
  readonly headers?: HeadersSource;
  /** Total time of one attempt, compression and answer included, in milliseconds. Default 10 000. */
  readonly timeoutMillis?: number;
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Whether connections are used again. Default true. */
  readonly keepAlive?: boolean;
  /** Options of the connection agent, or a function that makes it; one that throws is asked again at the next attempt. */
  readonly httpAgentOptions?: AgentOptions | AgentFactory;
  /** Put before our own `User-Agent`. */
  readonly userAgent?: string;
  readonly tls?: TlsOptions;
  /** Whether an attempt under way keeps the process alive. Default false: whoever waits for it decides. */
  readonly holdsProcess?: boolean;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  readonly now?: () => number;
}

interface Client {
  readonly request: (options: RequestOptions) => ClientRequest;
  readonly agent: Agent;
}

/**
 * Carries requests to one OTLP/HTTP endpoint. Loads nothing before the first `send`. Redirects are never
 * followed, answers never inflated; nothing of a header value, an answer beyond one redacted line, or the URL's
 * userinfo is in a reason.
 */
export class OtlpHttpTransport implements WireExporter {
  readonly #options: OtlpHttpOptions;
  #client: Promise<Client> | undefined;
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
      ({ agent }) => agent.destroy(),
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
    const options = this.#requestOptions(configured, body, client.agent);
    let result = await attempt(client.request(options), body, deadline);
    if (result.kind === 'no-answer' && result.stale) {
      dropIdleConnections(client.agent);
      result = await attempt(client.request(options), body, deadline);
    }
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
    this.#zlib ??= loadBuiltin<GzipModule>('node:zlib');
    return gzip(await this.#zlib, chunks, isStopped);
  }

  /** The client, or why there is none yet: a program's function for its agent that failed may work at the next try. */
  async #loadClient(): Promise<Client | string> {
    this.#client ??= this.#makeClient();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      if (typeof this.#options.httpAgentOptions !== 'function') throw error;
      return `the function for its agent threw ${codeOf(error)}`;
    }
  }

  async #makeClient(): Promise<Client> {
    const { endpoint, keepAlive = true, httpAgentOptions } = this.#options;
    const secure = endpoint.protocol === 'https:';
    // The two modules have the same shape as far as it is used here.
    const module = await loadBuiltin<typeof import('node:http')>(secure ? 'node:https' : 'node:http');
    const agent =
      typeof httpAgentOptions === 'function'
        ? await httpAgentOptions(endpoint.protocol)
        : new module.Agent({ keepAlive, timeout: IDLE_CONNECTION_MILLIS, ...httpAgentOptions });
    // Read at each call: instrumentations replace it, and their spans are suppressed by context.
    return { agent, request: (options) => module.request(options) };
  }

  #requestOptions(
    configured: Readonly<Record<string, string>>,
    body: readonly Uint8Array[],
    agent: Agent,
  ): RequestOptions {
    const { endpoint, protocol = 'http/protobuf', compression, userAgent, tls } = this.#options;
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
    return {
      method: 'POST',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      port: endpoint.port,
      path: endpoint.path,
      headers,
      agent,
      ...(endpoint.credentials === undefined ? {} : { auth: endpoint.credentials }),
      ...tls,
    };
  }
}

/** The limit counts before compression; smaller requests with the same spans may pass. */
function tooLarge(what: string): SendResult {
  const reason = `request ${what} not sent: OTLP allows ${MAXIMUM_REQUEST_BYTES} bytes`;
  return { kind: 'failed', reason, tooLarge: true, code: 'request_too_large' };
}

/** One connection had been closed by the other side; the others in the pool are as old or older. */
function dropIdleConnections(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets ?? {})) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
