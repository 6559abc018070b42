/** @module Samplers (Trace SDK specification, "Sampling"). */

export { AlwaysOffSampler, AlwaysOnSampler } from './always-on-off-sampler.ts';
export { createAlwaysRecordSampler } from './always-record-sampler.ts';
export { ParentBasedSampler, type ParentBasedSamplerOptions } from './parent-based-sampler.ts';
export { type Sampler, SamplingDecision, type SamplingResult } from './sampling.ts';
export { type SamplingShortcut, samplingShortcut } from './sampling-shortcut.ts';
export { TraceIdRatioBasedSampler } from './trace-id-ratio-based-sampler.ts';
