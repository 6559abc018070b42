/**
 * The random flag: that the last 56 bits of a trace id are random. W3C Trace Context Level 2, "Random Trace ID Flag":
 * set by who makes a trace id, handed on unchanged.
 *
 * Of our own spans it is on the wire and in headers, and not in `spanContext().traceFlags`: code in use takes every
 * number there but 1 for "not sampled" (Sentry 10 drops such spans), or sends it on as another format's flags (Jaeger's
 * propagator makes the second bit "debug").
 */
import type { SpanContext, TraceState } from '@opentelemetry/api';

export const RANDOM = 2;

/** A span context that carries the flag by what it is. */
class RandomTraceContext implements SpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  traceState: TraceState | undefined;

  constructor(traceId: string, spanId: string, traceFlags: number, traceState: TraceState | undefined) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.traceFlags = traceFlags;
    this.traceState = traceState;
  }
}

// Without it, what is printed of a context is what is printed of a plain object.
delete (RandomTraceContext.prototype as { constructor?: unknown }).constructor;

/** A span context of our own, with the flag out of sight. */
export function ownSpanContext(
  traceId: string,
  spanId: string,
  flags: number,
  traceState: TraceState | undefined,
): SpanContext {
  if ((flags & RANDOM) === 0) return { traceId, spanId, traceFlags: flags, traceState };
  return new RandomTraceContext(traceId, spanId, flags & ~RANDOM, traceState);
}

/** `RANDOM` or 0: the flag of a context of ours, or of one that came in a header. */
export function randomFlagOf(context: SpanContext): number {
  return context instanceof RandomTraceContext ? RANDOM : context.traceFlags & RANDOM;
}
