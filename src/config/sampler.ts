/** @module The sampler of a provider. */

import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '../api/sampler.ts';
import type { Choice } from './options.ts';
import { warnInvalid } from './readers.ts';
import { resolveChoice, resolveNumber } from './resolve.ts';

export interface SamplerOptions {
  /** A sampler, or the name of one. Default: `OTEL_TRACES_SAMPLER`, else `parentbased_always_on`. */
  sampler?: Sampler | Choice<'sampler'>;
  /** Share of traces for the `traceidratio` samplers, 0 to 1. Default: `OTEL_TRACES_SAMPLER_ARG`, else 1. */
  samplerArg?: number;
}

/** The sampler in force (Environment Variable Specification, "General SDK Configuration"). */
export function resolveSampler(options: SamplerOptions = {}): Sampler {
  const explicit = options?.sampler;
  if (typeof explicit === 'object' && explicit !== null) {
    if (typeof explicit.shouldSample === 'function') return explicit;
    warnInvalid('option sampler', 'a sampler or the name of one', 'an object without shouldSample');
    return createSampler(resolveChoice('sampler', undefined), options.samplerArg);
  }
  return createSampler(resolveChoice('sampler', explicit), options?.samplerArg);
}

function createSampler(name: Choice<'sampler'>, ratio: number | undefined): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(resolveNumber('samplerArg', ratio));
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({
        root: new TraceIdRatioBasedSampler(resolveNumber('samplerArg', ratio)),
      });
  }
}
