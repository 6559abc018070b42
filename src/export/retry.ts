/** @module When to try again: OTLP/HTTP "Failures" and "OTLP/HTTP Throttling", RFC 9110 §10.2.3. */

/** Ceiling of the first pause, in milliseconds; it doubles with each failure. */
const BASE_MILLIS = 1_000;
/** Ceiling of every later pause, in milliseconds. */
const CAP_MILLIS = 30_000;
/** Least time between two tries, in milliseconds, whatever the server asks for. */
export const MINIMUM_PAUSE_MILLIS = 500;
/** Longest pause a server can ask for, in milliseconds. */
export const MAXIMUM_RETRY_AFTER_MILLIS = 300_000;
/** Clients told the same `Retry-After` come back spread over this part of it. */
const RETRY_AFTER_SPREAD = 0.2;

/**
 * Milliseconds to wait before the next try: full jitter, uniform in [0, min(30 s, 1 s × 2^`failures`)), so that
 * the retries of many clients do not coincide. Never under 500 ms, never under what the server asked for.
 *
 * @param failures - tries that failed in a row before the one being paused for; 0 for the first pause.
 * @param random - uniform in [0, 1).
 * @param retryAfterMs - the server's request, already capped; a floor, spread upwards by up to 20 %.
 */
export function retryDelayMillis(failures: number, random: () => number, retryAfterMs = 0): number {
  // 2^15 s is far beyond the cap; without the bound the power overflows to Infinity after a day of failures.
  const ceiling = Math.min(CAP_MILLIS, BASE_MILLIS * 2 ** Math.min(failures, 15));
  const jitter = random() * ceiling;
  const floor = retryAfterMs * (1 + RETRY_AFTER_SPREAD * random());
  return Math.max(MINIMUM_PAUSE_MILLIS, jitter, floor);
}

const SECONDS = /^\d+$/;
// The three date forms of RFC 9110 §5.6.7; anything looser and Date.parse would take '-5' or 'soon 2099'.
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[a-z]*, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT| [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;

/**
 * Milliseconds a `Retry-After` header asks for, at most 300 s. `undefined` when it asks for nothing: absent,
 * zero, negative, in the past or malformed. Never throws.
 *
 * @param value - seconds or an HTTP-date.
 * @param serverDate - the answer's `Date` header: a date is read against the clock that wrote it.
 * @param wallClock - milliseconds since the epoch, used when `serverDate` is missing or malformed.
 */
export function parseRetryAfterMillis(
  value: string | undefined,
  serverDate: string | undefined,
  wallClock: number,
): number | undefined {
  const text = value?.trim() ?? '';
  let millis: number;
  if (SECONDS.test(text)) {
    millis = Number(text) * 1_000;
  } else {
    millis = parseHttpDate(text) - (parseHttpDate(serverDate?.trim() ?? '') || wallClock);
  }
  return millis > 0 ? Math.min(millis, MAXIMUM_RETRY_AFTER_MILLIS) : undefined;
}

function parseHttpDate(text: string): number {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  // The asctime form names no zone and means GMT; Date.parse would read local time.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
