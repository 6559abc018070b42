/** What was thrown, as it is kept, and whether it may pass. */
import { describe, messageOf } from '../api/attributes.ts';
import { parseRetryAfterMillis } from '../export/retry.ts';
import type { ItemError } from './result.ts';

/** A call that took too long. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** A call that was given up because the run was stopped. */
export class StoppedError extends Error {
  override readonly name = 'AbortError';
}

const STACK_UNITS = 4_000;

/** Never throws: what is thrown may be anything. */
export function itemErrorOf(error: unknown): ItemError {
  const read = (member: string): string | undefined => {
    try {
      const value: unknown = (error as Record<string, unknown> | null | undefined)?.[member];
      return typeof value === 'string' && value !== '' ? value : undefined;
    } catch {
      return undefined;
    }
  };
  const stack = read('stack')?.slice(0, STACK_UNITS);
  const kept = { name: read('name') ?? 'Error', message: read('message') ?? messageOf(error) };
  return stack === undefined ? kept : { ...kept, stack };
}

export function messageFor(error: unknown): string {
  return error instanceof Error ? error.message : describe(error);
}

/** Beside 5xx: RFC 9110 15.5.9 and 15.5.10, RFC 8470 5.2, RFC 6585 4. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409, 425, 429]);
/** Of `errno`, of Node's resolver and of undici. */
const CONNECTION_CODES =
  /^(ECONN(RESET|REFUSED|ABORTED)|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|UND_ERR_\w+)$/;
const CONNECTION_NAMES: ReadonlySet<string> = new Set(['APIConnectionError', 'APIConnectionTimeoutError']);

interface HttpFailure {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly headers?: unknown;
  readonly responseHeaders?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly constructor?: { readonly name?: unknown };
}

/** The HTTP status that an error of a model client tells: `status`, or `statusCode` of the AI SDK. */
export function statusOf(error: unknown): number | undefined {
  const { status, statusCode } = (error ?? {}) as HttpFailure;
  if (typeof status === 'number') return status;
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** Whether the same call may pass later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TimeoutError) return false;
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 || PASSING_STATUSES.has(status);
  const { code, cause, constructor: made } = (error ?? {}) as HttpFailure;
  if (typeof code === 'string' && CONNECTION_CODES.test(code)) return true;
  if (CONNECTION_NAMES.has(String(made?.name))) return true;
  return typeof cause === 'object' && cause !== null && cause !== error && isPassing(cause);
}

/** Whether the model asks for fewer requests: RFC 6585 4, and 529 of Anthropic, "overloaded". */
export function isRateLimit(error: unknown): boolean {
  const status = statusOf(error);
  return status === 429 || status === 529;
}

/** What `Retry-After` asks for, in milliseconds; `retry-after-ms`, where model servers send it, is finer. */
export function retryAfterOf(error: unknown): number | undefined {
  const { headers, responseHeaders } = (error ?? {}) as HttpFailure;
  const given = headers ?? responseHeaders;
  const millis = Number(headerOf(given, 'retry-after-ms') ?? Number.NaN);
  if (millis > 0) return parseRetryAfterMillis(String(Math.ceil(millis / 1_000)), undefined, 0) && millis;
  return parseRetryAfterMillis(headerOf(given, 'retry-after'), headerOf(given, 'date'), Date.now());
}

function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { get } = headers as { get?: unknown };
  if (typeof get === 'function') return (headers as Headers).get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
