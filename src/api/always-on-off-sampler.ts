/** @module The samplers that always give one answer (Trace SDK specification, "AlwaysOn", "AlwaysOff"). */

import { type Sampler, SamplingDecision, type SamplingResult } from './sampling.ts';

/** Samples every span. */
export class AlwaysOnSampler implements Sampler {
  shouldSample(): SamplingResult {
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return 'AlwaysOnSampler';
  }
}

/** Samples no span. */
export class AlwaysOffSampler implements Sampler {
  shouldSample(): SamplingResult {
    return { decision: SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return 'AlwaysOffSampler';
  }
}
