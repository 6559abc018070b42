/** @module What samplers that compose are asked and answer (Trace SDK specification, "ComposableSampler"). */

import type { Attributes, TraceState } from '@opentelemetry/api';
import type { SamplingQuestion } from './sampling.ts';

/** What a composable sampler would have; the composite sampler decides. */
export interface SamplingIntent {
  /**
   * Rejection threshold, from 0n, which samples everything, to 2n ** 56n, which samples nothing; the span is sampled
   * when its randomness is at least that. A negative one is no threshold: the span is not sampled.
   */
  threshold: bigint;
  /**
   * Whether the threshold tells how many spans a sampled one stands for. If so it is written to the trace state, as
   * `th`, and compared with the randomness of the trace; if not, with new randomness.
   */
  thresholdReliable: boolean;
  /** Attributes for the span if it is sampled; they beat those it was started with. Default: none. */
  attributes?: Readonly<Attributes>;
  /**
   * The span's trace state, given that of its parent, for a root an empty one. Whatever it does to the `ot` entry is
   * undone. Default: that of the parent.
   */
  updateTraceState?: (traceState: TraceState | undefined) => TraceState | undefined;
}

/** Says what it would have of a span, so that several samplers make one decision. Must not throw or block. */
export interface ComposableSampler {
  /**
   * Asked as a sampler is; what it is given must not be changed, and the answer must not depend on the trace id,
   * whose randomness the threshold is compared with.
   */
  getSamplingIntent(...question: SamplingQuestion): SamplingIntent;
  /** The sampler's description, with its settings. */
  toString(): string;
}

/** The intent not to sample. */
export const NO_SAMPLING: Readonly<SamplingIntent> = Object.freeze({
  threshold: -1n,
  thresholdReliable: false,
});
