/** @module A share of traces, the same in every language (Trace SDK specification, "ComposableProbability"). */

import { type Context, isSpanContextValid, trace } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { describe } from './attributes.ts';
import { type ComposableSampler, NO_SAMPLING, type SamplingIntent } from './composable-sampler.ts';
import { readOtTraceState } from './ot-trace-state.ts';
import { randomFlagOf } from './random-flag.ts';
import { formatThreshold, MAXIMUM_PRECISION, thresholdOf } from './sampling-threshold.ts';

/** Of `precision`, in hex digits: what the specification recommends to SDKs. */
const DEFAULT_PRECISION = 4;

export interface ComposableProbabilitySamplerOptions {
  /**
   * Hex digits of the threshold that count, after its leading `f`s, from 1 to 14. Default: 4, which is off by at most
   * 1 part in 8,192 of the probability, and keeps `th` short. 14 is all there are, as opentelemetry-js has it.
   */
  precision?: number;
}

class ComposableProbabilitySampler implements ComposableSampler {
  private readonly ratio: number;
  private readonly intent: Readonly<SamplingIntent>;

  constructor(ratio: number, precision: number) {
    this.ratio = ratio;
    const threshold = thresholdOf(ratio, precision);
    this.intent = threshold < 0n ? NO_SAMPLING : Object.freeze({ threshold, thresholdReliable: true });
  }

  getSamplingIntent(context: Context): SamplingIntent {
    warnUnlessRandom(context);
    return this.intent;
  }

  toString(): string {
    const { threshold } = this.intent;
    const digits = threshold < 0n ? 'max' : formatThreshold(threshold);
    return `ComposableProbabilitySampler(threshold=${digits}, ratio=${this.ratio})`;
  }
}

/**
 * A composable sampler that samples a share of all traces, whatever the parent says: make it the root of
 * {@link createComposableParentThresholdSampler}.
 *
 * A span is sampled when the randomness of its trace, the `rv` of the trace state or else the last 56 bits of the
 * trace id, is at least the threshold `(1 - ratio) * 2^56`, which sampled spans carry on as `th`. So services in every
 * language that use this algorithm keep the same traces, and of two ratios the greater keeps all that the smaller
 * keeps. The original algorithm of opentelemetry-js, which has neither, is {@link TraceIdRatioBasedSampler}.
 *
 * @param ratio - from 2^-56 to 1, or 0 for nothing; what lies outside counts as the nearer end, what is no number as 0,
 * and a warning says so.
 */
export function createComposableProbabilitySampler(
  ratio: number,
  options: ComposableProbabilitySamplerOptions = {},
): ComposableSampler {
  return new ComposableProbabilitySampler(checkRatio(ratio), checkPrecision(options?.precision));
}

function checkRatio(ratio: number): number {
  if (typeof ratio === 'number' && ratio >= 0 && ratio <= 1) return ratio;
  const used = typeof ratio === 'number' && ratio > 1 ? 1 : 0;
  warnOnce(
    'composable-probability-ratio',
    `createComposableProbabilitySampler: expected a ratio from 0 to 1, got ${describe(ratio)}; ${used} is used.`,
  );
  return used;
}

function checkPrecision(precision: number | undefined): number {
  if (precision === undefined) return DEFAULT_PRECISION;
  if (Number.isInteger(precision) && precision >= 1 && precision <= MAXIMUM_PRECISION) return precision;
  warnOnce(
    'composable-probability-precision',
    `createComposableProbabilitySampler: expected a precision from 1 to 14, got ${describe(precision)}; 4 is used.`,
  );
  return DEFAULT_PRECISION;
}

/** That the id is random is presumed all the same (Trace SDK specification, "ProbabilitySampler", "Presumption …"). */
function warnUnlessRandom(context: Context): void {
  const parent = trace.getSpanContext(context);
  if (parent === undefined || randomFlagOf(parent) !== 0 || !isSpanContextValid(parent)) return;
  if (readOtTraceState(parent.traceState).randomness !== undefined) return;
  warnOnce(
    'composable-probability-random',
    'createComposableProbabilitySampler: expected a parent whose trace flags say that its trace id is random (W3C ' +
      'Trace Context Level 2), got one whose do not; it is taken for random. Make the sampler the root of ' +
      'createComposableParentThresholdSampler, or upgrade the caller.',
  );
}
