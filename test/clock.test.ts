import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Anchor, readTimeInput, type Time } from '../src/api/clock.ts';
import { openArena } from '../src/engine/select.ts';

const MIBI = 1_048_576;
const time = (): Time => ({ seconds: -1, nanos: -1 });
const nanosOf = ({ seconds, nanos }: Time): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

/** The exact value of a double as a fraction of 2^80, so that sums and products of them are exact too. */
const SCALE = 80n;
function exact(value: number): bigint {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0];
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponent === 0n ? fraction : fraction | (1n << 52n);
  const shift = (exponent === 0n ? 1n : exponent) - 1075n + SCALE;
  const scaled = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return bits >> 63n ? -scaled : scaled;
}

const wallMillis = fc.integer({ min: 0, max: 4_000_000_000_000 });
// performance.now() has a resolution of microseconds or better, and a process runs for a month.
const monotonicMillis = fc.double({ min: 0, max: 3e9, noNaN: true });

describe('an anchor', () => {
  test('is the exact sum of its wall clock and the time since, within three nanoseconds', () => {
    fc.assert(
      fc.property(
        wallMillis,
        monotonicMillis,
        fc.double({ min: 0, max: 1e8, noNaN: true }),
        (wall, at, later) => {
          const written = time();
          const now = at + later;
          new Anchor(wall, at).at(now, written);
          const expected = (((BigInt(wall) << SCALE) + exact(now) - exact(at)) * 1_000_000n) >> SCALE;
          expect(written.nanos).toBeGreaterThanOrEqual(0);
          expect(written.nanos).toBeLessThan(1_000_000_000);
          // Truncated, and one unit in the last place of a month of milliseconds is half a nanosecond.
          expect(Number(expected - nanosOf(written))).toBeGreaterThanOrEqual(-2);
          expect(Number(expected - nanosOf(written))).toBeLessThanOrEqual(3);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('never goes back while its clock goes on, whatever it was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 30 }), (asked) => {
        const anchor = new Anchor(1_700_000_000_123, 1e6);
        const written = time();
        for (const moment of asked) anchor.at(moment, written);
        let last = -1n;
        for (const moment of [...asked].sort((a, b) => a - b)) {
          anchor.at(moment, written);
          expect(nanosOf(written) >= last - 1n).toBe(true);
          last = nanosOf(written);
        }
      }),
    );
  });

  test('tells nanoseconds apart: epoch milliseconds in one double would step by 256', () => {
    const anchor = new Anchor(1_700_000_000_123, 5_000);
    const written = time();
    let last = 1_700_000_000_123_000_000n;
    for (let step = 1; step <= 1000; step += 1) {
      anchor.at(5_000 + step * 1e-6, written);
      expect(nanosOf(written) - last).toBeGreaterThanOrEqual(0n);
      expect(nanosOf(written) - last).toBeLessThanOrEqual(2n);
      last = nanosOf(written);
    }
    expect(Number(last - 1_700_000_000_123_000_000n)).toBeGreaterThanOrEqual(999);
  });

  test('does not drift: a million seconds asked one by one end where one question does', () => {
    const [walked, asked] = [new Anchor(1_700_000_000_500, 250.125), new Anchor(1_700_000_000_500, 250.125)];
    const [a, b] = [time(), time()];
    for (let second = 0; second <= 1_000_000; second += 1) walked.at(250.125 + second * 1000.25, a);
    asked.at(250.125 + 1_000_000 * 1000.25, b);
    expect(Number(nanosOf(a) - nanosOf(b))).toBeLessThanOrEqual(1);
    expect(Number(nanosOf(b) - nanosOf(a))).toBeLessThanOrEqual(1);
  });
});

describe('the anchor in force', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    vi.resetModules();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  // Fresh for each test: the anchor lives as long as the module.
  const load = () => import('../src/api/clock.ts');

  test('stays while the wall clock agrees, and is asked at most once a second', async () => {
    const { currentAnchor } = await load();
    const first = currentAnchor(performance.now());
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(999);
    expect(currentAnchor(performance.now())).toBe(first);
    vi.advanceTimersByTime(2);
    expect(currentAnchor(performance.now())).not.toBe(first);
  });

  test.each([
    ['5 ms', 5, true],
    ['-5 ms', -5, true],
    ['6 ms', 6, false],
    ['-6 ms', -6, false],
    ['an hour', 3_600_000, false],
  ])('a wall clock %s off keeps it: %s', async (_, difference, kept) => {
    const { currentAnchor } = await load();
    const first = currentAnchor(performance.now());
    vi.advanceTimersByTime(1500);
    vi.setSystemTime(Date.now() + difference);
    const second = currentAnchor(performance.now());
    expect(second === first).toBe(kept);
    const written = time();
    second.at(performance.now(), written);
    expect(Math.abs(Number(nanosOf(written) / 1_000_000n) - Date.now())).toBeLessThanOrEqual(5);
  });
});

describe('a time given by a user', () => {
  test('is exact as HrTime', () => {
    fc.assert(
      fc.property(fc.nat(4_000_000_000), fc.nat(4_000_000_000), (seconds, nanos) => {
        const written = time();
        expect(readTimeInput([seconds, nanos], written)).toBe(true);
        expect(nanosOf(written)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
        expect(written.nanos).toBeLessThan(1_000_000_000);
      }),
    );
  });

  test('is the exact milliseconds as a Date, and the nearest nanosecond as a number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e12, max: 4e12 }), fc.integer({ min: 0, max: 4095 }), (millis, part) => {
        const written = time();
        expect(readTimeInput(new Date(millis), written)).toBe(true);
        expect(nanosOf(written)).toBe(BigInt(millis) * 1_000_000n);
        const fraction = millis + part / 4096;
        expect(readTimeInput(fraction, written)).toBe(true);
        const expected = exact(fraction) * 1_000_000n;
        const error = expected - (nanosOf(written) << SCALE);
        expect(error <= 1n << SCALE && error >= -(1n << SCALE)).toBe(true);
      }),
    );
  });

  test('leaves the record unchanged when it is none', () => {
    const written = time();
    for (const input of [undefined, null, Number.NaN, -1, new Date(Number.NaN), [1], ['1', 2], 'now', {}]) {
      expect(readTimeInput(input as never, written)).toBe(false);
    }
    expect(written).toEqual({ seconds: -1, nanos: -1 });
  });

  test('never gives what 64 bits do not hold', () => {
    const number = fc.oneof(
      fc.double(),
      fc.double({ min: 0, max: 2e13 }),
      fc.nat(),
      fc.constant(18_446_744_073.5),
    );
    fc.assert(
      fc.property(fc.oneof(number, fc.tuple(number, number), fc.date({ noInvalidDate: false })), (input) => {
        const written = time();
        if (!readTimeInput(input, written)) return;
        expect(Number.isInteger(written.nanos) && written.nanos >= 0 && written.nanos < 1e9).toBe(true);
        expect(nanosOf(written) >= 0n && nanosOf(written) < 2n ** 64n).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test.each(['wasm', 'ts'] as const)(
  'the two halves on the wire are the 64-bit nanoseconds (%s engine)',
  (engine) => {
    const { writer, engine: host } = openArena({ engine, arenaBytes: 4 * MIBI });
    const halves = new DataView(new ArrayBuffer(8));
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(4_000_000_000), fc.integer({ min: 0, max: 18_446_744_072 })),
        fc.array(fc.nat(999_999_999), { minLength: 1, maxLength: 3 }),
        (seconds, parts) => {
          for (const nanos of parts) {
            writer.writeTime(0, seconds, nanos);
            halves.setInt32(0, host.words[0], true);
            halves.setInt32(4, host.words[1], true);
            expect(halves.getBigUint64(0, true)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
          }
        },
      ),
      { numRuns: 1000 },
    );
  },
);
