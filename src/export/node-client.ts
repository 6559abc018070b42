/** @module Requests over `node:http` and `node:https`, by an agent that keeps connections. */

import type { Agent, AgentOptions, RequestOptions } from 'node:http';
import { loadBuiltin } from './builtin.ts';
import type { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { type AttemptResult, attempt } from './http-attempt.ts';
import type { HttpClient, RequestHeaders } from './http-client.ts';

/** Longest time a connection is kept without a request, in milliseconds; a server's `Keep-Alive` hint lowers it. */
const IDLE_CONNECTION_MILLIS = 30_000;

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

export interface NodeClientOptions {
  readonly endpoint: Endpoint;
  /** Whether connections are used again. Default true. */
  readonly keepAlive?: boolean;
  /** Options of the connection agent, or a function that makes it; one that throws is asked again at the next attempt. */
  readonly httpAgentOptions?: AgentOptions | AgentFactory;
  readonly tls?: TlsOptions;
}

/** The two modules have the same shape as far as it is used here. */
type HttpModule = typeof import('node:http');

/** @throws what the program's function for its agent threw. */
export async function makeNodeClient(options: NodeClientOptions): Promise<HttpClient> {
  const { endpoint, keepAlive = true, httpAgentOptions } = options;
  const module = await loadBuiltin<HttpModule>(endpoint.protocol === 'https:' ? 'node:https' : 'node:http');
  const agent =
    typeof httpAgentOptions === 'function'
      ? await httpAgentOptions(endpoint.protocol)
      : new module.Agent({ keepAlive, timeout: IDLE_CONNECTION_MILLIS, ...httpAgentOptions });
  return new NodeClient(module, agent, options);
}

class NodeClient implements HttpClient {
  readonly #module: HttpModule;
  readonly #agent: Agent;
  readonly #options: NodeClientOptions;

  constructor(module: HttpModule, agent: Agent, options: NodeClientOptions) {
    this.#module = module;
    this.#agent = agent;
    this.#options = options;
  }

  async post(
    headers: RequestHeaders,
    body: readonly Uint8Array[],
    deadline: Deadline,
  ): Promise<AttemptResult> {
    const { endpoint, tls } = this.#options;
    const options: RequestOptions = {
      method: 'POST',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      port: endpoint.port,
      path: endpoint.path,
      headers,
      agent: this.#agent,
      ...(endpoint.credentials === undefined ? {} : { auth: endpoint.credentials }),
      ...tls,
    };
    // Read at each call: instrumentations replace `request`, and their spans are suppressed by context.
    const result = await attempt(this.#module.request(options), body, deadline);
    if (result.kind !== 'no-answer' || !result.stale) return result;
    dropIdleConnections(this.#agent);
    return attempt(this.#module.request(options), body, deadline);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** One connection had been closed by the other side; the others in the pool are as old or older. */
function dropIdleConnections(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets ?? {})) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}
