import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRetryAfterMillis, retryDelayMillis } from '../src/export/retry.ts';

const ALMOST_ONE = 1 - Number.EPSILON;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('retryDelayMillis', () => {
  test.each([
    [0, 1_000],
    [1, 2_000],
    [2, 4_000],
    [4, 16_000],
    [5, 30_000],
    [60, 30_000],
    [100_000, 30_000],
  ])('after %i failures the longest pause is %i ms', (failures, ceiling) => {
    expect(retryDelayMillis(failures, () => ALMOST_ONE)).toBeCloseTo(ceiling, 3);
    expect(retryDelayMillis(failures, () => 0)).toBe(500);
  });

  test('pauses are spread over the whole range, so that clients do not come back together', () => {
    const seed = mulberry32(1);
    const delays = Array.from({ length: 2_000 }, () => retryDelayMillis(5, seed));
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(mean).toBeGreaterThan(14_000);
    expect(mean).toBeLessThan(16_000);
    expect(Math.min(...delays)).toBeLessThan(1_000);
    expect(Math.max(...delays)).toBeGreaterThan(29_000);
  });

  test('what the server asked for is a floor, spread upwards by at most a fifth', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
        fc.integer({ min: 0, max: 300_000 }),
        (failures, value, retryAfterMs) => {
          const delay = retryDelayMillis(failures, () => value, retryAfterMs);
          expect(delay).toBeGreaterThanOrEqual(Math.max(500, retryAfterMs));
          expect(delay).toBeLessThanOrEqual(Math.max(30_000, retryAfterMs * 1.2));
        },
      ),
    );
  });

  test.each([1_000, 30_000, 120_000])(
    'the first try after Retry-After of %i ms is within 20 %% of it',
    (ms) => {
      for (const value of [0, 0.3, ALMOST_ONE]) {
        const delay = retryDelayMillis(0, () => value, ms);
        expect(delay).toBeGreaterThanOrEqual(ms);
        expect(delay).toBeLessThanOrEqual(ms * 1.2);
      }
    },
  );
});

describe('parseRetryAfterMillis', () => {
  test.each([
    ['1', 1_000],
    [' 120 ', 120_000],
    ['300', 300_000],
    ['301', 300_000],
    ['1000000000', 300_000],
    ['9'.repeat(400), 300_000],
    [httpDate(NOW + 30_000), 30_000],
    [httpDate(NOW + 3_600_000), 300_000],
    // The two obsolete forms of RFC 9110 §5.6.7, 30 s after NOW.
    ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['Fri Jan  2 03:04:35 2026', 30_000],
  ])('%s is read', (value, expected) => {
    expect(parseRetryAfterMillis(value, undefined, NOW)).toBe(expected);
  });

  test.each([
    undefined,
    '',
    '0',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    'soon 2099',
    '2099-01-01',
    'NaN',
    'Infinity',
    '١٢',
    httpDate(NOW - 1),
    httpDate(0),
    'Fri, 99 Foo 2099 99:99:99 GMT',
    `${httpDate(NOW + 30_000)} or later`,
  ])('%s asks for no pause', (value) => {
    expect(parseRetryAfterMillis(value, undefined, NOW)).toBeUndefined();
  });

  test('a date is read against the clock of the server that wrote it', () => {
    const serverNow = NOW + 3_600_000;
    expect(parseRetryAfterMillis(httpDate(serverNow + 30_000), httpDate(serverNow), NOW)).toBe(30_000);
    expect(parseRetryAfterMillis(httpDate(NOW + 30_000), 'nonsense', NOW)).toBe(30_000);
  });

  test('no text makes it throw or leave its range', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, date) => {
        const millis = parseRetryAfterMillis(value, date, NOW);
        expect(millis === undefined || (millis > 0 && millis <= 300_000)).toBe(true);
      }),
    );
  });
});

function httpDate(millis: number): string {
  return new Date(millis).toUTCString();
}

/** A small seeded generator: the statistics above must not depend on the day. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
