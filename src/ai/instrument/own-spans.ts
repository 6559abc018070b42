/** Clients that record spans of their own: one call is one span, and it is ours. */
import { INVALID_SPAN_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';
import { activeContext, spanOf } from '../../api/context.ts';

/** The span that the Anthropic client, from 1.x on, makes of the calls that are instrumented here. */
const OWN_NAME = 'anthropic.messages.create';

/** Spans of calls that are instrumented here. */
const ours = new WeakSet<Span>();

export function noteOurSpan(span: Span): void {
  ours.add(span);
}

/**
 * Takes the client's own span of these calls out, by the tracer in its field `_tracer`. What stands for it records nothing
 * and has the identity of ours, so that the client goes on sending trace context where it is told to. A helper asks before
 * there is ours: what it gets has no identity, and the call that follows asks again.
 */
export function replaceOwnSpans(client: object): void {
  const { _tracer: own } = client as { _tracer?: Tracer };
  if (typeof own?.startSpan !== 'function') return;
  const tracer: Tracer = Object.create(own, {
    startSpan: {
      value: (name: string, ...rest: unknown[]): Span => {
        if (name !== OWN_NAME) return Reflect.apply(own.startSpan, own, [name, ...rest]);
        const active = spanOf(activeContext());
        const isOurs = active !== undefined && ours.has(active);
        return trace.wrapSpanContext(isOurs ? active.spanContext() : INVALID_SPAN_CONTEXT);
      },
    },
    startActiveSpan: { value: (...given: unknown[]) => Reflect.apply(own.startActiveSpan, own, given) },
  });
  Object.defineProperty(client, '_tracer', { value: tracer, configurable: true, writable: true });
}
