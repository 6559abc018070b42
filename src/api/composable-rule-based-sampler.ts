/** @module The sampler of the first rule that matches (Trace SDK specification, "ComposableRuleBased"). */

import { composableOrOff } from './composable-always-on-off-sampler.ts';
import { type ComposableSampler, NO_SAMPLING } from './composable-sampler.ts';
import { refusePromise } from './refuse-promise.ts';
import type { SamplingQuestion } from './sampling.ts';

/** Whether a rule is for this span. Must not throw, be asynchronous, or look at the trace id. */
export type SamplingPredicate = (...question: SamplingQuestion) => boolean;

/** A predicate, and the sampler for spans it is true of. */
export type SamplingRule = readonly [predicate: SamplingPredicate, sampler: ComposableSampler];

/**
 * A composable sampler that asks the sampler of the first rule whose predicate is true. A span that no rule is for is
 * not sampled.
 *
 * @param rules - in the order they are tried. Copied now.
 */
export function createComposableRuleBasedSampler(rules: readonly SamplingRule[]): ComposableSampler {
  const own = rules.map(
    ([predicate, sampler]) =>
      [predicate, composableOrOff(sampler, 'createComposableRuleBasedSampler')] as const,
  );
  return {
    getSamplingIntent(...question) {
      for (const [predicate, sampler] of own) {
        const matches = predicate(...question);
        refusePromise(matches, `predicate ${nameOf(predicate)}`);
        if (matches) return sampler.getSamplingIntent(...question);
      }
      return NO_SAMPLING;
    },
    toString() {
      const described = own.map(([predicate, sampler]) => `(${nameOf(predicate)}, ${sampler})`);
      return `ComposableRuleBasedSampler([${described.join(', ')}])`;
    },
  };
}

function nameOf(predicate: SamplingPredicate): string {
  return predicate.name || '(anonymous)';
}
