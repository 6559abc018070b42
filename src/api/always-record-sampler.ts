/** @module Recording what is not exported (Trace SDK specification, "AlwaysRecord"). */

import { warnOnce } from '../diagnostics.ts';
import { AlwaysOffSampler } from './always-on-off-sampler.ts';
import { type Sampler, SamplingDecision } from './sampling.ts';

/**
 * A sampler that records what `delegate` would drop, without exporting it, so that span processors see every
 * span while the share of exported ones stays the same (Trace SDK specification, "AlwaysRecord").
 */
export function createAlwaysRecordSampler(delegate: Sampler): Sampler {
  if (!delegate) {
    warnOnce(
      'always-record-delegate',
      'createAlwaysRecordSampler: expected a sampler, got none; nothing is exported.',
    );
  }
  const decider = delegate ?? new AlwaysOffSampler();
  return {
    shouldSample(context, traceId, spanName, spanKind, attributes, links) {
      const result = decider.shouldSample(context, traceId, spanName, spanKind, attributes, links);
      if (result.decision !== SamplingDecision.NOT_RECORD) return result;
      return { ...result, decision: SamplingDecision.RECORD };
    },
    toString: () => `AlwaysRecordSampler{${decider}}`,
  };
}
