/**
 * Rejection thresholds and randomness, both numbers of 56 bits: a span is sampled when its trace's randomness is at
 * least its threshold. Randomness is kept as the 14 lowercase hex digits it comes in, which sort as their numbers do.
 * Trace specification, "TraceState: Probability Sampling"; W3C Trace Context Level 2, §3.2.2.3.2.
 */
import { isValidTraceId } from '@opentelemetry/api';
import { randomLane, spanIdOf } from './ids.ts';

/** Hex digits of 56 bits. */
export const MAXIMUM_PRECISION = 14;
const RANGE = 2 ** 56;

/** Rejects nothing: a probability of 1. */
export const SAMPLE_ALL = 0n;
/** No threshold, as every negative one: nothing is sampled. */
export const SAMPLE_NONE = -1n;

/**
 * The threshold of a probability, rounded to `precision` hex digits after its leading `f`s, so that a small
 * probability is as precise as a great one (there, "Converting floating-point probability to threshold value").
 *
 * @param probability - from 0 to 1; under 2^-57 it counts as 0.
 * @param precision - from 1 to 14.
 */
export function thresholdOf(probability: number, precision: number): bigint {
  const sampled = Math.round(probability * RANGE);
  if (sampled === 0) return SAMPLE_NONE;
  const exact = BigInt(RANGE) - BigInt(sampled);
  const leading = toHex(exact).search(/[^f]|$/);
  const dropped = BigInt(4 * Math.max(0, MAXIMUM_PRECISION - leading - precision));
  // The digit after the leading fs is at most e, so rounding up never reaches 2^56.
  return ((exact + ((1n << dropped) >> 1n)) >> dropped) << dropped;
}

/** Whether a trace of this randomness is sampled. */
export function isAtLeast(randomness: string, threshold: bigint): boolean {
  return threshold >= 0n && threshold < RANGE && randomness >= toHex(threshold);
}

/** A threshold as the `th` sub-key holds it: hex without trailing zeros. */
export function formatThreshold(threshold: bigint): string {
  return toHex(threshold).replace(/0+$/, '') || '0';
}

/** The threshold that 1 to 14 hex digits say. */
export function parseThreshold(digits: string): bigint {
  const hex = digits.padEnd(MAXIMUM_PRECISION, '0');
  if (hex !== lastHex) {
    lastThreshold = BigInt(`0x${hex}`);
    lastHex = hex;
  }
  return lastThreshold;
}

/** The randomness of a trace id, its last 56 bits, presumed random; `undefined` if it is not valid. */
export function randomnessOf(traceId: string): string | undefined {
  return isValidTraceId(traceId) ? traceId.slice(-MAXIMUM_PRECISION).toLowerCase() : undefined;
}

/** 56 new random bits. */
export function newRandomness(): string {
  return spanIdOf(randomLane(), randomLane()).slice(-MAXIMUM_PRECISION);
}

// The last threshold converted: a process has few, and a conversion takes 0.5 µs, a fifth of a decision.
let lastThreshold = SAMPLE_ALL;
let lastHex = '0'.repeat(MAXIMUM_PRECISION);

function toHex(threshold: bigint): string {
  if (threshold !== lastThreshold) {
    lastHex = threshold.toString(16).padStart(MAXIMUM_PRECISION, '0');
    lastThreshold = threshold;
  }
  return lastHex;
}
