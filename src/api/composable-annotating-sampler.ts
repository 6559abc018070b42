/** @module Attributes for what is sampled (Trace SDK specification, "ComposableAnnotating"). */

import type { Attributes } from '@opentelemetry/api';
import { composableOrOff } from './composable-always-on-off-sampler.ts';
import type { ComposableSampler } from './composable-sampler.ts';

/**
 * A composable sampler that leaves the decision to another and gives sampled spans further attributes.
 *
 * @param delegate - decides. Without one nothing is sampled, and a warning says so.
 * @param attributes - beat those of the delegate. Copied now; what they hold is not.
 */
export function createComposableAnnotatingSampler(
  delegate: ComposableSampler,
  attributes: Attributes,
): ComposableSampler {
  const decider = composableOrOff(delegate, 'createComposableAnnotatingSampler');
  const own: Readonly<Attributes> = Object.freeze({ ...attributes });
  return {
    getSamplingIntent(...question) {
      const intent = decider.getSamplingIntent(...question);
      return { ...intent, attributes: intent.attributes ? { ...intent.attributes, ...own } : own };
    },
    toString: () => `ComposableAnnotatingSampler(${decider}, attributes)`,
  };
}
