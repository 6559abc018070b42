/** @module Gives every span what the server asks of it, and leaves out spans that are not for this server. */

import { type Context, trace } from '@opentelemetry/api';
import { PluginSpan } from '../../api/plugin-span.ts';
import { type Sampler, SamplingDecision, type SamplingResult } from '../../api/sampler.ts';
import type { SamplingQuestion } from '../../api/sampling.ts';
import { Span } from '../../api/span.ts';
import { eventAttributes } from '../dialects/honeyhive-session.ts';
import type { Destination } from './destination.ts';
import { membershipOf } from './membership.ts';
import { nameTest, type SpanNameFilters } from './span-name-filters.ts';

const SAMPLED = 1;

/**
 * Over the sampler of the variables: spans get the name and type of their event, and the session of the only tracer where
 * their context has none. Spans of another destination's session, and those whose names do not pass, are not sent.
 */
export class HoneyHiveSampler implements Sampler {
  private readonly inner: Sampler;
  private readonly destination: Destination;
  private readonly passes: ((name: string) => boolean) | null;

  constructor(inner: Sampler, destination: Destination, filters: SpanNameFilters | undefined) {
    this.inner = inner;
    this.destination = destination;
    this.passes = nameTest(filters);
  }

  shouldSample(...question: SamplingQuestion): SamplingResult {
    const [context, traceId, name, kind, attributes, links] = question;
    const result = this.inner.shouldSample(withoutRefusal(context), traceId, name, kind, attributes, links);
    if (result.decision !== SamplingDecision.RECORD_AND_SAMPLED) return result;
    const member = membershipOf(context);
    const isOurs = member === undefined || member.destination === this.destination;
    // Recorded, and not sent: so its children know it from a span of a trace that nobody samples.
    if (!isOurs || this.passes?.(name) === false) return { ...result, decision: SamplingDecision.RECORD };
    const session = member ?? this.destination.onlyMember();
    return {
      ...result,
      attributes: { ...result.attributes, ...session?.attributes, ...eventAttributes(name, attributes) },
    };
  }

  toString(): string {
    return `HoneyHiveSampler{${this.inner.toString()}}`;
  }
}

/** To the sampler below, a parent that only this one left out is sampled: its children are sent all the same. */
function withoutRefusal(context: Context): Context {
  const parent = trace.getSpan(context);
  if (!(parent instanceof Span || parent instanceof PluginSpan)) return context;
  const spanContext = parent.spanContext();
  if ((spanContext.traceFlags & SAMPLED) !== 0) return context;
  return trace.setSpanContext(context, { ...spanContext, traceFlags: spanContext.traceFlags | SAMPLED });
}
