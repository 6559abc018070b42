/** How many items run at once, when, and how often they are tried. */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AutoLimit, FixedLimit } from '../../src/experiments/concurrency.ts';
import { isPassing, isRateLimit, retryAfterOf } from '../../src/experiments/errors.ts';
import { runPool } from '../../src/experiments/pool.ts';
import { itemsOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();
afterEach(() => {
  vi.useRealTimers();
});

/** When each of the jobs ends on so many slots, each free slot taking the next (Graham 1966, list scheduling). */
function greedySchedule(durations: readonly number[], slots: number): number[] {
  const free = new Array(slots).fill(0);
  return durations.map((duration) => {
    const slot = free.indexOf(Math.min(...free));
    free[slot] += duration;
    return free[slot];
  });
}

describe('the pool', () => {
  test('ends each item when the greedy list schedule does', async () => {
    vi.useFakeTimers();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (durations, slots) => {
          const start = Date.now();
          const ends: number[] = [];
          const running = runPool({
            source: durations.entries(),
            limit: new FixedLimit(slots),
            state: { running: 0 },
            run: async ([index, duration]) => {
              await new Promise((resolve) => setTimeout(resolve, duration));
              ends[index] = Date.now() - start;
            },
            isStopped: () => false,
          });
          await vi.runAllTimersAsync();
          await running;
          expect(ends).toEqual(greedySchedule(durations, slots));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('ends what is under way before it says that its source failed', async () => {
    let ended = 0;
    function* source() {
      yield 1;
      yield 2;
      throw new Error('broken');
    }
    const running = runPool({
      source: source(),
      limit: new FixedLimit(5),
      state: { running: 0 },
      run: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ended += 1;
      },
      isStopped: () => false,
    });
    await expect(running).rejects.toThrow('broken');
    expect(ended).toBe(2);
  });
});

/** Answers of a model that serves `capacity` requests at once in 100 ms, and more of them slower. */
function load(
  limit: AutoLimit,
  windows: number,
  latency: (concurrency: number) => number,
  errorRate = 0,
): number {
  for (let window = 0; window < windows; window += 1) {
    const count = Math.max(8, limit.current);
    for (let answer = 0; answer < count; answer += 1)
      limit.answered(latency(limit.current), answer < errorRate * count);
  }
  return limit.current;
}

describe("concurrency: 'auto'", () => {
  test('grows while answers stay quick, up to a bound', () => {
    expect(load(new AutoLimit(), 3, () => 100)).toBe(64);
    expect(load(new AutoLimit(), 100, () => 100)).toBe(256);
  });

  test('settles about where the model gets slower', () => {
    const capacity = 40;
    const limit = new AutoLimit();
    const latency = (concurrency: number) => 100 * Math.max(1, concurrency / capacity) ** 2;
    load(limit, 50, latency);
    const seen = Array.from({ length: 50 }, () => load(limit, 1, latency));
    expect(Math.min(...seen)).toBeGreaterThan(0.7 * capacity);
    expect(Math.max(...seen)).toBeLessThan(2 * capacity);
  });

  test('shrinks where many answers are errors', () => {
    expect(load(new AutoLimit(), 20, () => 100, 0.5)).toBe(1);
  });

  test('halves once for a burst of 429, and waits as long as the longest Retry-After', () => {
    const limit = new AutoLimit();
    load(limit, 2, () => 100);
    expect(limit.current).toBe(32);
    for (let answer = 0; answer < 32; answer += 1) limit.limited(1_000, answer === 5 ? 3_000 : undefined);
    expect([limit.current, limit.pausedUntil]).toEqual([16, 4_000]);
    limit.limited(4_001, undefined);
    expect(limit.current).toBe(8);
  });
});

const http = (status: number, headers: unknown = {}) =>
  Object.assign(new Error(`status ${status}`), { status, headers });

describe('an error', () => {
  test.each([
    [http(429), true],
    [http(500), true],
    [http(529), true],
    [http(408), true],
    [http(409), true],
    [http(400), false],
    [http(401), false],
    [{ statusCode: 503 }, true],
    [Object.assign(new Error(), { code: 'ECONNRESET' }), true],
    [new TypeError('fetch failed', { cause: { code: 'UND_ERR_SOCKET' } }), true],
    [new TypeError('x is not a function'), false],
    ['text', false],
    [undefined, false],
  ])('%o may pass: %s', (error, passes) => {
    expect(isPassing(error)).toBe(passes);
  });

  test('of a real client is known by its class', async () => {
    const { APIConnectionError, APIError } = await import('openai');
    expect(isPassing(new APIConnectionError({ message: 'no' }))).toBe(true);
    const limited = APIError.generate(429, {}, 'slow', new Headers({ 'retry-after': '2' }));
    expect([isPassing(limited), isRateLimit(limited), retryAfterOf(limited)]).toEqual([true, true, 2_000]);
  });

  test.each([
    [http(429, new Headers({ 'Retry-After': '7' })), 7_000],
    [http(429, { 'Retry-After': '7' }), 7_000],
    [http(429, { 'retry-after-ms': '1500', 'retry-after': '2' }), 1_500],
    [{ statusCode: 429, responseHeaders: { 'retry-after': '1' } }, 1_000],
    [
      http(503, { 'retry-after': 'Tue, 24 Nov 2026 10:00:05 GMT', date: 'Tue, 24 Nov 2026 10:00:00 GMT' }),
      5_000,
    ],
    [http(429, { 'retry-after': 'soon' }), undefined],
    [http(429), undefined],
  ])('%o asks to wait %s ms', (error, millis) => {
    expect(retryAfterOf(error)).toBe(millis);
  });
});

describe('retries', () => {
  /** Runs under a clock of its own; gives the times of the calls. */
  async function callsOf(errors: (unknown | null)[], options: object = {}, rows = 1) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    const start = performance.now();
    const times: number[] = [];
    const task = async () => {
      const error = errors[times.length] ?? null;
      times.push(performance.now() - start);
      if (error !== null) throw error;
      return 'done';
    };
    const running = quietly(bench, { task, data: Array(rows).fill(0), ...options });
    let isDone = false;
    void running.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(50);
    }
    vi.useRealTimers();
    return { times, result: await running };
  }

  test('come after an error that may pass, as often as was said, with jitter that doubles', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const { times, result } = await callsOf([http(500), http(500), http(500), http(500)], { retries: 3 });
    const waits = times.slice(1).map((time, index) => time - times[index]);
    expect(waits.map((wait) => Math.round(wait / 1_000))).toEqual([1, 2, 4]);
    expect(itemsOf(result.file)[0]).toMatchObject({ status: 'error', attempts: 4 });
  });

  test('stop at the first success, and do not follow an error that will not pass', async () => {
    const { result } = await callsOf([http(503), null]);
    expect(itemsOf(result.file)[0]).toMatchObject({ status: 'ok', attempts: 2, output: 'done' });
    const { result: other } = await callsOf([http(400), null]);
    expect(itemsOf(other.file)[0]).toMatchObject({ status: 'error', attempts: 1 });
    const { result: none } = await callsOf([http(503), null], { retries: 0 });
    expect(itemsOf(none.file)[0]).toMatchObject({ status: 'error', attempts: 1 });
  });

  test('come when the program says so', async () => {
    const retryable = (error: unknown) => error instanceof RangeError;
    const { result } = await callsOf([new RangeError('no'), null], { retryable });
    expect(itemsOf(result.file)[0]).toMatchObject({ status: 'ok', attempts: 2 });
  });

  test('do not count 429, which more than the retries can pass', async () => {
    const { result } = await callsOf(Array(5).fill(http(429, { 'retry-after': '1' })), { retries: 1 });
    expect(itemsOf(result.file)[0]).toMatchObject({ status: 'ok', attempts: 6 });
  });

  test('give 429 up after ten in a row', async () => {
    const { result } = await callsOf(Array(20).fill(http(429, { 'retry-after': '1' })), { retries: 1 });
    expect(itemsOf(result.file)[0]).toMatchObject({ status: 'error', attempts: 11 });
  });

  test.each([5, 'auto'])('wait for Retry-After in all items, with concurrency %s', async (concurrency) => {
    const { times } = await callsOf([http(429, { 'retry-after': '30' })], { concurrency }, 40);
    const first = times.filter((time) => time < 1_000);
    expect(first.length).toBeLessThanOrEqual(8);
    expect(times.filter((time) => time >= 1_000 && time < 30_000)).toEqual([]);
    expect(times).toHaveLength(41);
  });
});
