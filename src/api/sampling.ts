/** @module What a sampler is asked and what it answers (Trace SDK specification, "Sampler"). */

import type { Attributes, Context, Link, SpanKind, TraceState } from '@opentelemetry/api';

/** What becomes of a span. The numbers are those of opentelemetry-js. */
export const SamplingDecision = {
  /** Not recording: attributes and events are dropped, and nothing is exported. */
  NOT_RECORD: 0,
  /** Recording, visible to span processors, but not exported: the sampled flag stays off. */
  RECORD: 1,
  /** Recording and exported: the sampled flag is on. */
  RECORD_AND_SAMPLED: 2,
} as const;
export type SamplingDecision = (typeof SamplingDecision)[keyof typeof SamplingDecision];

/** What a sampler answers. */
export interface SamplingResult {
  decision: SamplingDecision;
  /** Attributes for the span; they beat those it was started with. Default: none. */
  attributes?: Readonly<Attributes>;
  /** The span's trace state. Default: that of the parent. */
  traceState?: TraceState;
}

/** Decides, before a span is made, whether it is recorded and exported. Must not throw or block. */
export interface Sampler {
  /**
   * @param context - parent context; holds the parent span, if there is one.
   * @param traceId - of the span to be made, 32 lowercase hex digits.
   * @param attributes - those the span starts with.
   */
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
  /** The sampler's description, with its settings. */
  toString(): string;
}

/** What a sampler is asked. */
export type SamplingQuestion = Parameters<Sampler['shouldSample']>;
