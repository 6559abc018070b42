/** @module Following the parent's threshold (Trace SDK specification, "ComposableParentThreshold"). */

import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { composableOrOff } from './composable-always-on-off-sampler.ts';
import { type ComposableSampler, NO_SAMPLING, type SamplingIntent } from './composable-sampler.ts';
import { readOtTraceState, traceRandomness } from './ot-trace-state.ts';
import type { SamplingQuestion } from './sampling.ts';
import { isAtLeast, SAMPLE_ALL } from './sampling-threshold.ts';

class ComposableParentThresholdSampler implements ComposableSampler {
  private readonly root: ComposableSampler;

  constructor(root: ComposableSampler) {
    this.root = root;
  }

  getSamplingIntent(...question: SamplingQuestion): SamplingIntent {
    const parent = trace.getSpanContext(question[0]);
    if (parent === undefined || !isSpanContextValid(parent)) return this.root.getSamplingIntent(...question);
    return intentOf(parent);
  }

  toString(): string {
    return `ComposableParentThresholdSampler(rootSampler=${this.root})`;
  }
}

/**
 * The parent's threshold if its sampled flag is what that threshold made of its trace, else the flag alone (Trace
 * specification, "TraceState: Probability Sampling", "Parent-based threshold").
 */
function intentOf(parent: SpanContext): SamplingIntent {
  const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
  const state = readOtTraceState(parent.traceState);
  const { threshold } = state;
  const randomness = traceRandomness(state, parent.traceId);
  if (threshold >= 0n && randomness !== undefined && isAtLeast(randomness, threshold) === sampled) {
    return { threshold, thresholdReliable: true };
  }
  return sampled ? { threshold: SAMPLE_ALL, thresholdReliable: false } : NO_SAMPLING;
}

/**
 * A composable sampler that decides as the parent was decided about, and hands the parent's threshold on.
 *
 * A threshold that does not fit the parent's sampled flag is not handed on: the flag counts.
 *
 * @param rootSampler - asked about spans without a parent. Without one they are not sampled, and a warning says so.
 */
export function createComposableParentThresholdSampler(rootSampler: ComposableSampler): ComposableSampler {
  return new ComposableParentThresholdSampler(
    composableOrOff(rootSampler, 'createComposableParentThresholdSampler'),
  );
}
