/** @module Span limits (Trace SDK specification, "Span Limits"; Common specification, "Attribute Limits"). */

/**
 * How much one span may hold. Members left out come from the environment, then from the defaults. `Infinity` means no
 * limit; a member that is negative, fractional or not a number is named in a warning and ignored.
 */
export interface SpanLimits {
  /** Longest attribute value, in characters (code points). Longer text is cut. Default: no limit. */
  attributeValueLengthLimit?: number;
  /** Attributes of a span. Further keys are dropped and counted; a key already set can still be changed. Default 128. */
  attributeCountLimit?: number;
  /** Events of a span. For each one beyond, one is dropped and counted. Default 128. */
  eventCountLimit?: number;
  /** Links of a span. For each one beyond, one is dropped and counted. Default 128. */
  linkCountLimit?: number;
  /** Attributes of one event. Further ones are dropped and counted. Default 128. */
  attributePerEventCountLimit?: number;
  /** Attributes of one link. Further ones are dropped and counted. Default 128. */
  attributePerLinkCountLimit?: number;
}

/** The limits in force: every member is set; `Infinity` means no limit. */
export type ResolvedSpanLimits = Readonly<Required<SpanLimits>>;
