/** @module The span limits in force. */

import type { ResolvedSpanLimits, SpanLimits } from '../api/limits.ts';
import { resolveNumber } from './resolve.ts';

/** Limits for every signal, as `@opentelemetry/sdk-trace-base` 2.x accepts them beside the span limits. */
export interface GeneralLimits {
  /** Longest attribute value, in characters, where the span limits leave it out. */
  attributeValueLengthLimit?: number;
  /** Attributes of a span, where the span limits leave it out. */
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
    attributeValueLengthLimit: resolveNumber(
      'spanLimits.attributeValueLengthLimit',
      explicit.attributeValueLengthLimit ?? general?.attributeValueLengthLimit,
    ),
    attributeCountLimit: resolveNumber(
      'spanLimits.attributeCountLimit',
      explicit.attributeCountLimit ?? general?.attributeCountLimit,
    ),
    eventCountLimit: resolveNumber('spanLimits.eventCountLimit', explicit.eventCountLimit),
    linkCountLimit: resolveNumber('spanLimits.linkCountLimit', explicit.linkCountLimit),
    attributePerEventCountLimit: resolveNumber(
      'spanLimits.attributePerEventCountLimit',
      explicit.attributePerEventCountLimit,
    ),
    attributePerLinkCountLimit: resolveNumber(
      'spanLimits.attributePerLinkCountLimit',
      explicit.attributePerLinkCountLimit,
    ),
  };
}
