/** @module A share of traces, the way of opentelemetry-js (Trace SDK specification, "TraceIdRatioBased"). */

import { type Context, isSpanContextValid, trace } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { type Sampler, SamplingDecision, type SamplingResult } from './sampling.ts';

/**
 * Samples a share of all traces, by trace id, whatever the parent says: wrap it in a {@link ParentBasedSampler}.
 *
 * This is the original sampler of that name, whose algorithm the specification left open. It decides as
 * opentelemetry-js does, so that services on either SDK keep the same traces; SDKs of other languages keep
 * others, so use it for roots only, as the specification recommends; a warning says so when it is asked about a
 * child. The algorithm that all languages share, with the `th` and `rv` of the trace state, is
 * {@link createComposableProbabilitySampler}.
 */
export class TraceIdRatioBasedSampler implements Sampler {
  private readonly ratio: number;
  private readonly bound: number;

  /** @param ratio - from 0 to 1, default 0; what lies outside counts as the nearer end, what is no number as 0. */
  constructor(ratio = 0) {
    this.ratio = typeof ratio === 'number' && ratio > 0 ? Math.min(ratio, 1) : 0;
    this.bound = this.ratio === 1 ? 2 ** 32 : Math.floor(this.ratio * (2 ** 32 - 1));
  }

  shouldSample(context: Context, traceId: string): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent !== undefined && isSpanContextValid(parent)) {
      warnOnce(
        'trace-id-ratio-child',
        'TraceIdRatioBasedSampler: expected a span without a parent, got one with; SDKs of other languages may ' +
          'decide otherwise about the same trace. Use it as the root of a ParentBasedSampler, or use ' +
          'createComposableProbabilitySampler.',
      );
    }
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
