/** @module Who carries requests: `node:http` where the runtime has it, else `fetch`. */

import type { Deadline } from './deadline.ts';
import type { AttemptResult } from './http-attempt.ts';

/** Headers by their lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | number>>;

export interface HttpClient {
  /** Posts a body once. Settles when there is an answer, or none will come, and nothing reads the body any more. */
  post(headers: RequestHeaders, body: readonly Uint8Array[], deadline: Deadline): Promise<AttemptResult>;
  /** Gives up connections that are kept. */
  close(): void;
}

interface Host {
  readonly process?: { readonly versions?: { readonly node?: string } };
  readonly navigator?: { readonly userAgent?: string };
}

/**
 * Whether requests go by `fetch`: in browsers, and in Cloudflare's workers, whose `node:http` is made of `fetch` and has
 * neither agents nor sockets (workerd 1.2026, `nodejs_compat`).
 */
export function usesFetch(): boolean {
  const { process, navigator } = globalThis as Host;
  return process?.versions?.node === undefined || navigator?.userAgent === 'Cloudflare-Workers';
}
