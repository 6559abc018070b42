/** @module Following the parent's decision (Trace SDK specification, "ParentBased"). */

import { type Context, isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { AlwaysOffSampler, AlwaysOnSampler } from './always-on-off-sampler.ts';
import type { Sampler, SamplingQuestion, SamplingResult } from './sampling.ts';

export interface ParentBasedSamplerOptions {
  /** Decides for spans without a parent. Required; without it every root is sampled, and a warning says so. */
  root: Sampler;
  /** For a remote parent that was sampled. Default: always on. */
  remoteParentSampled?: Sampler;
  /** For a remote parent that was not sampled. Default: always off. */
  remoteParentNotSampled?: Sampler;
  /** For a local parent that was sampled. Default: always on. */
  localParentSampled?: Sampler;
  /** For a local parent that was not sampled. Default: always off. */
  localParentNotSampled?: Sampler;
}

/** Follows the parent's decision, and asks another sampler where there is no parent. */
export class ParentBasedSampler implements Sampler {
  private readonly root: Sampler;
  private readonly remoteParentSampled: Sampler;
  private readonly remoteParentNotSampled: Sampler;
  private readonly localParentSampled: Sampler;
  private readonly localParentNotSampled: Sampler;

  constructor(options: ParentBasedSamplerOptions) {
    if (!options?.root) {
      warnOnce(
        'parent-based-root',
        'ParentBasedSampler: expected a sampler as root, got none; spans without a parent are all sampled.',
      );
    }
    this.root = options?.root ?? new AlwaysOnSampler();
    this.remoteParentSampled = options?.remoteParentSampled ?? new AlwaysOnSampler();
    this.remoteParentNotSampled = options?.remoteParentNotSampled ?? new AlwaysOffSampler();
    this.localParentSampled = options?.localParentSampled ?? new AlwaysOnSampler();
    this.localParentNotSampled = options?.localParentNotSampled ?? new AlwaysOffSampler();
  }

  shouldSample(...question: SamplingQuestion): SamplingResult {
    return this.delegateFor(question[0]).shouldSample(...question);
  }

  toString(): string {
    return (
      `ParentBased{root=${this.root}, remoteParentSampled=${this.remoteParentSampled}, ` +
      `remoteParentNotSampled=${this.remoteParentNotSampled}, localParentSampled=${this.localParentSampled}, ` +
      `localParentNotSampled=${this.localParentNotSampled}}`
    );
  }

  private delegateFor(context: Context): Sampler {
    const parent = trace.getSpanContext(context);
    if (parent === undefined || !isSpanContextValid(parent)) return this.root;
    const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    if (parent.isRemote) return sampled ? this.remoteParentSampled : this.remoteParentNotSampled;
    return sampled ? this.localParentSampled : this.localParentNotSampled;
  }
}
