/** @module The composable samplers of one answer (Trace SDK specification, "ComposableAlwaysOn", "…Off"). */

import { warnOnce } from '../diagnostics.ts';
import { describe } from './attributes.ts';
import { type ComposableSampler, NO_SAMPLING, type SamplingIntent } from './composable-sampler.ts';
import { SAMPLE_ALL } from './sampling-threshold.ts';

const SAMPLING: Readonly<SamplingIntent> = Object.freeze({ threshold: SAMPLE_ALL, thresholdReliable: true });

const ALWAYS_ON: ComposableSampler = {
  getSamplingIntent: () => SAMPLING,
  toString: () => 'ComposableAlwaysOnSampler',
};

const ALWAYS_OFF: ComposableSampler = {
  getSamplingIntent: () => NO_SAMPLING,
  toString: () => 'ComposableAlwaysOffSampler',
};

/** A composable sampler that samples every span, with `th:0`. */
export function createComposableAlwaysOnSampler(): ComposableSampler {
  return ALWAYS_ON;
}

/** A composable sampler that samples no span. */
export function createComposableAlwaysOffSampler(): ComposableSampler {
  return ALWAYS_OFF;
}

/** `given`; if that is no composable sampler, one that samples nothing, and a warning about `subject`. */
export function composableOrOff(given: ComposableSampler, subject: string): ComposableSampler {
  if (typeof given?.getSamplingIntent === 'function') return given;
  warnOnce(
    `composable:${subject}`,
    `${subject}: expected a composable sampler, got ${describe(given)}; it samples nothing.`,
  );
  return ALWAYS_OFF;
}
