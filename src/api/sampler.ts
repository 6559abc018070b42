/** @module Samplers (Trace SDK specification, "Sampling"). */

import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  type SpanKind,
  TraceFlags,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';

/** What becomes of a span. The numbers are those of opentelemetry-js. */
export const SamplingDecision = {
  /** Not recording: attributes and events are dropped, and nothing is exported. */
  NOT_RECORD: 0,
  /** Recording, visible to span processors, but not exported: the sampled flag stays off. */
  RECORD: 1,
  /** Recording and exported: the sampled flag is on. */
  RECORD_AND_SAMPLED: 2,
} as const;
export type SamplingDecision = (typeof SamplingDecision)[keyof typeof SamplingDecision];

/** What a sampler answers. */
export interface SamplingResult {
  decision: SamplingDecision;
  /** Attributes for the span; they beat those it was started with. Default: none. */
  attributes?: Readonly<Attributes>;
  /** The span's trace state. Default: that of the parent. */
  traceState?: TraceState;
}

/** Decides, before a span is made, whether it is recorded and exported. Must not throw or block. */
export interface Sampler {
  /**
   * @param context - parent context; holds the parent span, if there is one.
   * @param traceId - of the span to be made, 32 lowercase hex digits.
   * @param attributes - those the span starts with.
   */
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
  /** The sampler's description, with its settings. */
  toString(): string;
}

/** Samples every span. */
export class AlwaysOnSampler implements Sampler {
  shouldSample(): SamplingResult {
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return 'AlwaysOnSampler';
  }
}

/** Samples no span. */
export class AlwaysOffSampler implements Sampler {
  shouldSample(): SamplingResult {
    return { decision: SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return 'AlwaysOffSampler';
  }
}

/**
 * Samples a share of all traces, by trace id, whatever the parent says: wrap it in a {@link ParentBasedSampler}.
 * Decides as opentelemetry-js does, so that services on either SDK keep the same traces.
 */
export class TraceIdRatioBasedSampler implements Sampler {
  private readonly ratio: number;
  private readonly bound: number;

  /** @param ratio - from 0 to 1, default 0; what lies outside counts as the nearer end, what is no number as 0. */
  constructor(ratio = 0) {
    this.ratio = typeof ratio === 'number' && ratio > 0 ? Math.min(ratio, 1) : 0;
    this.bound = this.ratio === 1 ? 2 ** 32 : Math.floor(this.ratio * (2 ** 32 - 1));
  }

  shouldSample(_context: unknown, traceId: string): SamplingResult {
    const sampled = foldTraceId(traceId) < this.bound;
    return { decision: sampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `TraceIdRatioBased{${this.ratio}}`;
  }
}

/** Exclusive-or of the four 32-bit words of a trace id; `Infinity`, which no bound exceeds, if it is not valid. */
function foldTraceId(traceId: string): number {
  if (typeof traceId !== 'string' || traceId.length !== 32) return Number.POSITIVE_INFINITY;
  let folded = 0;
  let anyBit = 0;
  for (let start = 0; start < 32; start += 8) {
    let word = 0;
    for (let index = start; index < start + 8; index++) {
      const code = traceId.charCodeAt(index);
      const letter = code | 0x20;
      const isHex = (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x66);
      if (!isHex) return Number.POSITIVE_INFINITY;
      // Bit 6 tells letters from digits in ASCII, and 'a' & 15 is 1.
      word = (word << 4) | ((code & 15) + 9 * (code >> 6));
    }
    folded ^= word;
    anyBit |= word;
  }
  return anyBit === 0 ? Number.POSITIVE_INFINITY : folded >>> 0;
}

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

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const delegate = this.delegateFor(context);
    return delegate.shouldSample(context, traceId, spanName, spanKind, attributes, links);
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
