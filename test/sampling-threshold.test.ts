import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatThreshold,
  isAtLeast,
  newRandomness,
  parseThreshold,
  randomnessOf,
  thresholdOf,
} from '../src/api/sampling-threshold.ts';

/** One in N: the digits for precision 3, 4 and 5 (Trace specification, "TraceState: Probability Sampling"). */
const TABLE: readonly (readonly [number, string, string, string])[] = [
  [1, '0', '0', '0'],
  [2, '8', '8', '8'],
  [3, 'aab', 'aaab', 'aaaab'],
  [4, 'c', 'c', 'c'],
  [5, 'ccd', 'cccd', 'ccccd'],
  [8, 'e', 'e', 'e'],
  [10, 'e66', 'e666', 'e6666'],
  [16, 'f', 'f', 'f'],
  [100, 'fd71', 'fd70a', 'fd70a4'],
  [1_000, 'ffbe7', 'ffbe77', 'ffbe76d'],
  [10_000, 'fff972', 'fff9724', 'fff97247'],
  [100_000, 'ffff584', 'ffff583a', 'ffff583a5'],
  [1_000_000, 'ffffef4', 'ffffef39', 'ffffef391'],
];

test.each(TABLE)('one in %i has the thresholds of the specification', (count, ...digits) => {
  expect([3, 4, 5].map((precision) => formatThreshold(thresholdOf(1 / count, precision)))).toEqual(digits);
});

const probabilities = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc
    .tuple(fc.double({ min: 0.5, max: 1, noNaN: true }), fc.integer({ min: 0, max: 56 }))
    .map(([m, e]) => m * 2 ** -e),
  fc.constantFrom(2 ** -56, 2 ** -57, 2 ** -55, 1 - 2 ** -53, 1 - 2 ** -9, 2 ** -4, 2 ** -8, 15 / 16),
);
const precisions = fc.integer({ min: 1, max: 14 });

test('a rounded threshold is a 56-bit number, and as near as its precision says', () => {
  fc.assert(
    fc.property(probabilities, precisions, (probability, precision) => {
      const threshold = thresholdOf(probability, precision);
      const sampled = Math.round(probability * 2 ** 56);
      if (sampled === 0) {
        expect(threshold).toBe(-1n);
        return;
      }
      expect(threshold).toBeGreaterThanOrEqual(0n);
      expect(threshold).toBeLessThan(1n << 56n);
      const difference = Number(threshold - ((1n << 56n) - BigInt(sampled)));
      // Half of the last digit; the first digit that counts stands for at most 16 times the probability.
      expect(Math.abs(difference)).toBeLessThanOrEqual((sampled * 16 * 16 ** -precision) / 2);
    }),
    { numRuns: 5_000 },
  );
});

test('a greater probability has no greater threshold', () => {
  fc.assert(
    fc.property(probabilities, probabilities, precisions, (a, b, precision) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      const [high, low] = [thresholdOf(less, precision), thresholdOf(more, precision)];
      expect(high < 0n || (low >= 0n && low <= high)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test('the digits are hex without trailing zeros, and say the threshold', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 56n) - 1n }), (threshold) => {
      const digits = formatThreshold(threshold);
      expect(digits).toMatch(/^(0|[0-9a-f]{0,13}[1-9a-f])$/);
      expect(BigInt(`0x${digits.padEnd(14, '0')}`)).toBe(threshold);
      expect(parseThreshold(digits)).toBe(threshold);
    }),
  );
});

test('conversions remember the last threshold, and mix none up', () => {
  const few = fc.constantFrom(0n, 1n, 1n << 55n, (1n << 55n) + 1n, 3n << 54n, (1n << 56n) - 1n);
  fc.assert(
    fc.property(fc.array(fc.tuple(few, fc.nat(2)), { maxLength: 30 }), (steps) => {
      for (const [threshold, step] of steps) {
        const hex = threshold.toString(16).padStart(14, '0');
        if (step === 0) expect(formatThreshold(threshold).padEnd(14, '0')).toBe(hex);
        else if (step === 1) expect(parseThreshold(hex)).toBe(threshold);
        else expect(isAtLeast(hex, threshold)).toBe(true);
      }
    }),
  );
});

test('randomness is compared with a threshold as a number of 56 bits', () => {
  const bits = fc.bigInt({ min: 0n, max: (1n << 56n) - 1n });
  fc.assert(
    fc.property(
      bits,
      fc.oneof(bits, fc.bigInt({ min: -(1n << 60n), max: 1n << 60n })),
      (randomness, threshold) => {
        const hex = (value: bigint) => value.toString(16).padStart(14, '0');
        expect(isAtLeast(hex(randomness), threshold)).toBe(threshold >= 0n && randomness >= threshold);
        expect(isAtLeast(hex(randomness), randomness)).toBe(true);
        expect(isAtLeast(hex(randomness), randomness + 1n)).toBe(false);
      },
    ),
  );
});

test('the randomness of a trace id is its last 56 bits, and a bad id has none', () => {
  expect(randomnessOf('ffffffffffffffffff6e6d1a75832a2f')).toBe('6e6d1a75832a2f');
  expect(randomnessOf('FFFFFFFFFFFFFFFFFF6E6D1A75832A2F')).toBe('6e6d1a75832a2f');
  for (const bad of ['', 'f'.repeat(31), `${'f'.repeat(31)}g`, '0'.repeat(32), undefined as never]) {
    expect(randomnessOf(bad)).toBe(undefined);
  }
});

test('new randomness has 56 bits, every one of them now on, now off', () => {
  let ever = 0n;
  let always = (1n << 56n) - 1n;
  for (let draw = 0; draw < 200; draw += 1) {
    const randomness = BigInt(`0x${newRandomness()}`);
    ever |= randomness;
    always &= randomness;
  }
  expect(ever).toBe((1n << 56n) - 1n);
  expect(always).toBe(0n);
});
