/** @module An OpenTelemetry tracer whose spans have a session. */

import type { Context, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { activeContext } from '../../api/context.ts';
import type { Member } from './destination.ts';
import { inMembership, membershipOf } from './membership.ts';
import { choose } from './traced-function.ts';

/** As the tracer of the destination; where the context has no session, spans get that of `member`. */
export function memberTracer(base: Tracer, member: Member): Tracer {
  const inSession = (context: Context): Context => {
    const chosen = choose(membershipOf(context), member.membership());
    return chosen === undefined ? context : inMembership(context, chosen);
  };
  return {
    startSpan: (name: string, options?: SpanOptions, context = activeContext()): Span =>
      base.startSpan(name, options, inSession(context)),
    startActiveSpan: (name: string, ...rest: unknown[]): never => {
      const fn = rest.pop() as (span: Span) => never;
      const [options = {}, context = activeContext()] = rest as [SpanOptions?, Context?];
      return base.startActiveSpan(name, options, inSession(context), fn);
    },
  };
}
