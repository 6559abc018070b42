/** Clients that record spans of their own: one call is one span, and it is ours. */
import { type Span, type Tracer, trace } from '@opentelemetry/api';
import { activeContext, spanOf } from '../../api/context.ts';

/** The span that the Anthropic client, from 1.x on, makes of the calls that are instrumented here. */
const OWN_NAME = 'anthropic.messages.create';

/**
 * Takes the client's own span of these calls out, by the tracer in its field `_tracer`. What stands for it records nothing
 * and has the identity of the active span, so that the client goes on sending trace context where it is told to.
 */
export function replaceOwnSpans(client: object): void {
  const { _tracer: own } = client as { _tracer?: Tracer };
  if (typeof own?.startSpan !== 'function') return;
  const tracer: Tracer = Object.create(own, {
    startSpan: {
      value: (name: string, ...rest: unknown[]): Span => {
        const active = spanOf(activeContext())?.spanContext();
        if (name === OWN_NAME && active !== undefined) return trace.wrapSpanContext(active);
        return Reflect.apply(own.startSpan, own, [name, ...rest]);
      },
    },
    startActiveSpan: { value: (...given: unknown[]) => Reflect.apply(own.startActiveSpan, own, given) },
  });
  Object.defineProperty(client, '_tracer', { value: tracer, configurable: true, writable: true });
}
