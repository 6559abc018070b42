/** @module The span limits in force. */

import type { ResolvedSpanLimits, SpanLimits } from '../api/limits.ts';
import { resolveNumber } from './resolve.ts';

/** Limits for every signal, as `@opentelemetry/sdk-trace-base` 2.x accepts them beside the span limits. */
export interface GeneralLimits {
  /** Longest attribute value, in characters, where the span limits leave it out; Infinity for no limit. */
  attributeValueLengthLimit?: number;
  /** Attributes of a span, where the span limits leave it out; Infinity for no limit. */
  attributeCountLimit?: number;
}

/**
 * The limits of a provider's spans: explicit span limits, then explicit general limits, then the span
 * variables, then the general variables, then the defaults. The general count does not apply to the attributes
 * of events and links, which have limits of their own (Trace SDK specification, "Span Limits").
 */
export function resolveSpanLimits(limits: SpanLimits = {}, general: GeneralLimits = {}): ResolvedSpanLimits {
  const explicit = limits ?? {};
  return {
    attributeValueLengthLimit: resolveLimit(
      'attributeValueLengthLimit',
      explicit.attributeValueLengthLimit ?? general?.attributeValueLengthLimit,
    ),
    attributeCountLimit: resolveLimit(
      'attributeCountLimit',
      explicit.attributeCountLimit ?? general?.attributeCountLimit,
    ),
    eventCountLimit: resolveLimit('eventCountLimit', explicit.eventCountLimit),
    linkCountLimit: resolveLimit('linkCountLimit', explicit.linkCountLimit),
    attributePerEventCountLimit: resolveLimit(
      'attributePerEventCountLimit',
      explicit.attributePerEventCountLimit,
    ),
    attributePerLinkCountLimit: resolveLimit(
      'attributePerLinkCountLimit',
      explicit.attributePerLinkCountLimit,
    ),
  };
}

/** As opentelemetry-js, an option takes Infinity for no limit; a variable has no text for it. */
function resolveLimit(name: keyof SpanLimits, explicit: number | undefined): number {
  if (explicit === Number.POSITIVE_INFINITY) return explicit;
  return resolveNumber(`spanLimits.${name}`, explicit);
}
