/** @module The sampler of a provider. */

import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '../api/sampler.ts';
import { readEnvironment } from './environment.ts';
import { type Choice, OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';
import { resolveChoice, resolveNumber } from './resolve.ts';

export interface SamplerOptions {
  /** A sampler, or the name of one. Default: `OTEL_TRACES_SAMPLER`, else `parentbased_always_on`. */
  sampler?: Sampler | Choice<'sampler'>;
  /** Share of traces for the `traceidratio` samplers, 0 to 1. Default: `OTEL_TRACES_SAMPLER_ARG`, else 1. */
  samplerArg?: number;
}

/** Samplers that the specification names and that ask a remote service, which nothing here does. */
const REMOTE_SAMPLERS = ['jaeger_remote', 'parentbased_jaeger_remote', 'xray'];

/** The sampler in force (Environment Variable Specification, "General SDK Configuration"). */
export function resolveSampler(options: SamplerOptions = {}): Sampler {
  const explicit = options?.sampler;
  if (typeof explicit === 'object' && explicit !== null) {
    if (typeof explicit.shouldSample === 'function') return explicit;
    warnInvalid('option sampler', 'a sampler or the name of one', 'an object without shouldSample');
    return createSampler(resolveName(undefined), options.samplerArg);
  }
  return createSampler(resolveName(explicit), options?.samplerArg);
}

function resolveName(explicit: Choice<'sampler'> | undefined): Choice<'sampler'> {
  const [variable] = OPTIONS.sampler.environment;
  if (explicit === undefined) warnRemote(variable, readEnvironment(variable));
  else warnRemote('option sampler', explicit);
  return resolveChoice('sampler', explicit);
}

/** Said before the name is looked up, and instead of what is said then: a subject is warned about once. */
function warnRemote(subject: string, name: string | undefined): void {
  if (typeof name !== 'string' || !REMOTE_SAMPLERS.includes(name.toLowerCase())) return;
  const expected = `a sampler that asks no remote service (${OPTIONS.sampler.choices.join(', ')})`;
  warnInvalid(subject, expected, `${name}, which is not supported`);
}

function createSampler(name: Choice<'sampler'>, ratio: number | undefined): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    // The specification's `traceidratio` is the original TraceIdRatioBased; it has no name for the sampler with `th`.
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
