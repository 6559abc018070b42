/** @module What an HTTP answer means for the spans (OTLP specification, "OTLP/HTTP Response"). */

import type { SendResult } from './exporter.ts';
import { type Answer, type AttemptResult, MAXIMUM_RESPONSE_BYTES } from './http-attempt.ts';
import { toLine } from './message-line.ts';
import type { OtlpHttpProtocol } from './otlp-http.ts';
import { decodeUtf8, readJsonMessage, readPartialSuccess, readStatusMessage } from './partial-success.ts';
import { parseRetryAfterMillis } from './retry.ts';

/** OTLP specification, "Retryable Response Codes". */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Those that may carry `Retry-After` (OTLP specification, "OTLP/HTTP Throttling"). */
const THROTTLING_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/**
 * What Go's `net/http` says of a body over its limit (`MaxBytesError`). The OpenTelemetry Collector hands it on as a
 * 400 where the specification asks for 413.
 */
const GO_TOO_LARGE = 'http: request body too large';

const ADVICE: Readonly<Record<number, string>> = {
  400: 'the receiver could not read the request; check that the endpoint accepts OTLP traces as $protocol',
  401: 'check the credentials in the headers',
  403: 'check the credentials in the headers',
  404: 'check the path of the endpoint, usually /v1/traces',
  405: 'check the path of the endpoint, usually /v1/traces',
  413: 'the request is larger than the receiver accepts',
  415: 'the receiver does not accept OTLP as $protocol at this path',
};

/** The result for the pipe. Its texts name the endpoint and the protocol sent, and hold no secret. */
export function toSendResult(
  result: AttemptResult,
  display: string,
  secrets: readonly string[],
  protocol: OtlpHttpProtocol,
): SendResult {
  if (result.kind === 'no-answer') {
    const code = result.code.replaceAll(' ', '_');
    return { kind: 'retryable', reason: `no answer from ${display}: ${result.code}`, code };
  }
  const { status, headers } = result;
  if (result.oversize) {
    const reason = `HTTP ${status} from ${display} with a body over ${MAXIMUM_RESPONSE_BYTES} bytes, not read`;
    return { kind: 'failed', reason, code: 'response_too_large' };
  }
  if (status >= 200 && status < 300) return delivered(result, secrets);
  const message = bodyMessage(result, secrets);
  const reason = `HTTP ${status} from ${display}${message === '' ? '' : `: ${message}`}`;
  if (RETRYABLE_STATUSES.has(status)) {
    const retryAfter = THROTTLING_STATUSES.has(status) ? headers['retry-after'] : undefined;
    const retryAfterMs = parseRetryAfterMillis(retryAfter, headers.date, Date.now());
    return retryAfterMs === undefined
      ? { kind: 'retryable', reason, code: status }
      : { kind: 'retryable', reason, code: status, retryAfterMs };
  }
  const tooLarge = status === 413 || (status === 400 && message === GO_TOO_LARGE);
  const advice = tooLarge ? ADVICE[413] : adviceFor(status, display, protocol);
  return {
    kind: 'failed',
    reason: advice === undefined ? reason : `${reason} (${advice})`,
    code: status,
    ...(tooLarge ? { tooLarge: true } : {}),
  };
}

function adviceFor(status: number, display: string, protocol: OtlpHttpProtocol): string | undefined {
  if (status >= 300 && status < 400) {
    return 'redirects are not followed; set the endpoint to the final address';
  }
  const advice = ADVICE[status]?.replace('$protocol', protocol);
  // nginx and others end the handshake without a certificate, and answer so to the request.
  return status === 400 && display.startsWith('https:')
    ? `${advice}, and whether it asks for a client certificate`
    : advice;
}

function delivered(answer: Answer, secrets: readonly string[]): SendResult {
  // We accept no encoding; a body that has one all the same is not inflated, so it cannot be read.
  const body = answer.headers['content-encoding'] === undefined ? answer.body : new Uint8Array(0);
  return { kind: 'delivered', code: answer.status, ...readPartialSuccess(body, secrets, isJson(answer)) };
}

function isJson({ headers }: Answer): boolean {
  return headers['content-type']?.startsWith('application/json') === true;
}

function bodyMessage(answer: Answer, secrets: readonly string[]): string {
  const type = answer.headers['content-type'] ?? '';
  if (answer.headers['content-encoding'] !== undefined || answer.body.length === 0) return '';
  if (type.startsWith('application/x-protobuf')) return toLine(readStatusMessage(answer.body) ?? '', secrets);
  if (isJson(answer)) return toLine(readJsonMessage(answer.body) ?? decodeUtf8(answer.body), secrets);
  // Pages of HTML explain nothing in a log line.
  return type.startsWith('text/plain') ? toLine(decodeUtf8(answer.body), secrets) : '';
}
