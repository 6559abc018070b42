/** @module Samplers (Trace SDK specification, "Sampling"). */

export { AlwaysOffSampler, AlwaysOnSampler } from './always-on-off-sampler.ts';
export { createAlwaysRecordSampler } from './always-record-sampler.ts';
export {
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
} from './composable-always-on-off-sampler.ts';
export { createComposableAnnotatingSampler } from './composable-annotating-sampler.ts';
export { createComposableParentThresholdSampler } from './composable-parent-threshold-sampler.ts';
export {
  type ComposableProbabilitySamplerOptions,
  createComposableProbabilitySampler,
} from './composable-probability-sampler.ts';
export {
  createComposableRuleBasedSampler,
  type SamplingPredicate,
  type SamplingRule,
} from './composable-rule-based-sampler.ts';
export type { ComposableSampler, SamplingIntent } from './composable-sampler.ts';
export { createCompositeSampler } from './composite-sampler.ts';
export { ParentBasedSampler, type ParentBasedSamplerOptions } from './parent-based-sampler.ts';
export { type Sampler, SamplingDecision, type SamplingResult } from './sampling.ts';
export { type SamplingShortcut, samplingShortcut } from './sampling-shortcut.ts';
export { TraceIdRatioBasedSampler } from './trace-id-ratio-based-sampler.ts';
