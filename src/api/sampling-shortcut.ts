/** @module What a tracer need not ask, because the answer is known. */

import { AlwaysOffSampler, AlwaysOnSampler } from './always-on-off-sampler.ts';
import { ParentBasedSampler } from './parent-based-sampler.ts';
import type { Sampler } from './sampling.ts';

/** How a tracer can decide without making the arguments of `shouldSample`; `ask` when it cannot. */
export type SamplingShortcut = 'ask' | 'on' | 'off' | 'parent';

/**
 * The shortcut for a sampler as we made it: always on, always off, or `ParentBased(AlwaysOn)`, the default, whose
 * decision is the parent's sampled flag, and yes for a root.
 */
export function samplingShortcut(sampler: Sampler): SamplingShortcut {
  if (isExactly(sampler, AlwaysOnSampler)) return 'on';
  if (isExactly(sampler, AlwaysOffSampler)) return 'off';
  return followsParent(sampler) ? 'parent' : 'ask';
}

function followsParent(sampler: Sampler): boolean {
  if (Object.getPrototypeOf(sampler) !== ParentBasedSampler.prototype) return false;
  if (sampler.shouldSample !== ParentBasedSampler.prototype.shouldSample) return false;
  const slots = sampler as unknown as Record<string, Sampler>;
  return (
    isExactly(slots.root, AlwaysOnSampler) &&
    isExactly(slots.remoteParentSampled, AlwaysOnSampler) &&
    isExactly(slots.localParentSampled, AlwaysOnSampler) &&
    isExactly(slots.remoteParentNotSampled, AlwaysOffSampler) &&
    isExactly(slots.localParentNotSampled, AlwaysOffSampler)
  );
}

function isExactly(sampler: Sampler, type: new () => Sampler): boolean {
  return (
    Object.getPrototypeOf(sampler) === type.prototype &&
    sampler.shouldSample === (type.prototype as Sampler).shouldSample
  );
}
