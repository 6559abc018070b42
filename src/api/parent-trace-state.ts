/** The trace states of parents, where a span's own is another. */
import type { TraceState } from '@opentelemetry/api';
import type { Span } from './span.ts';

/** Of spans whose trace state a sampler replaced, that of their parent: too few for a field of every span. */
const parentTraceStates = new WeakMap<Span, TraceState | undefined>();

/** Remembers the trace state of a span's parent where the span's own is another. */
export function keepParentTraceState(span: Span, traceState: TraceState | undefined): void {
  parentTraceStates.set(span, traceState);
}

/** The trace state that a span's parent has. */
export function parentTraceStateOf(span: Span): TraceState | undefined {
  return parentTraceStates.has(span) ? parentTraceStates.get(span) : span._traceState;
}
