/** Numbers, against implementations that are not ours. */
import fc from 'fast-check';
import * as independent from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import { bootstrapMean } from '../../src/experiments/bootstrap.ts';
import { compareRuns, numbersOf } from '../../src/experiments/compare.ts';
import { gateFailures } from '../../src/experiments/gate.ts';
import { Random } from '../../src/experiments/random.ts';
import type { ExperimentResult, ItemResult } from '../../src/experiments/result.ts';
import { meanOf, summarise, Values } from '../../src/experiments/statistics.ts';
import { quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();
const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

/** Definition 7 of Hyndman and Fan 1996, by its formula: simple-statistics has another definition. */
function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const h = 1 + (sorted.length - 1) * part;
  const at = (rank: number) => sorted[Math.min(sorted.length, rank) - 1];
  return at(Math.floor(h)) * (1 - (h % 1)) + at(Math.floor(h) + 1) * (h % 1);
}

describe('a summary', () => {
  test('agrees with simple-statistics', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const kept = new Values();
        for (const value of values) kept.add(value);
        const summary = kept.summary('m');
        const close = (a: number, b: number) => expect(a).toBeCloseTo(b, 5);
        close(summary.mean, independent.mean(values));
        close(summary.min, independent.min(values));
        close(summary.max, independent.max(values));
        close(summary.p50, independent.median(values));
        close(summary.standardDeviation, values.length < 2 ? 0 : independent.sampleStandardDeviation(values));
        for (const part of [90, 95, 99] as const) close(summary[`p${part}`], percentile(values, part / 100));
        expect(summary.count).toBe(values.length);
      }),
    );
  });

  test('loses nothing to rounding', () => {
    expect(meanOf(Array(1_000_000).fill(0.1))).toBe(0.1);
    expect(meanOf([1e16, 1, -1e16])).toBe(1 / 3);
  });

  test('of nothing is nothing', () => {
    expect(summarise([])).toMatchObject({ count: 0, mean: 0, p99: 0 });
  });
});

describe('random numbers', () => {
  test('are those of the reference', () => {
    // What the authors' C gives for the state 1, 2, 3, 4; rand_xoshiro of Rust tests against the same.
    const random = new Random(1, 2, 3, 4);
    expect(Array.from({ length: 10 }, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test('are uniform below a count, and others for another seed', () => {
    const counts = new Array(10).fill(0);
    const random = Random.of(7);
    for (let draw = 0; draw < 100_000; draw += 1) counts[random.below(10)] += 1;
    // Chi squared with 9 degrees of freedom exceeds 33.7 once in 10,000; the seed is fixed.
    expect(independent.sum(counts.map((count) => (count - 10_000) ** 2 / 10_000))).toBeLessThan(33.7);
    const firsts = Array.from({ length: 1_000 }, (_, seed) => Random.of(seed).next());
    expect(new Set(firsts).size).toBe(1_000);
  });
});

describe('the interval', () => {
  test('agrees with the normal one where that holds', () => {
    const random = Random.of(3);
    const uniform = () => random.next() / 2 ** 32;
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const values = Array.from({ length: 2_000 }, () => 0.1 + normal());
    const half = (1.96 * independent.sampleStandardDeviation(values)) / Math.sqrt(values.length);
    const { low, high } = bootstrapMean(values, 1);
    expect(low).toBeCloseTo(independent.mean(values) - half, 2);
    expect(high).toBeCloseTo(independent.mean(values) + half, 2);
  });

  test('covers the truth as often as it says', () => {
    const random = Random.of(11);
    let covered = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      const values = Array.from({ length: 60 }, () => random.next() / 2 ** 32 - 0.5);
      const { low, high } = bootstrapMean(values, trial);
      if (low <= 0 && high >= 0) covered += 1;
    }
    // 95 % of 200 is 190; three standard errors are 9.
    expect(covered).toBeGreaterThan(180);
    expect(covered).toBeLessThan(200);
  });

  test('is the same for the same seed, and a point where nothing varies', () => {
    const values = [1, 2, 3, 5, 8];
    expect(bootstrapMean(values, 5)).toEqual(bootstrapMean(values, 5));
    expect(bootstrapMean(values, 5)).not.toEqual(bootstrapMean([1, 2, 3, 5, 9], 5));
    expect(bootstrapMean([0.3, 0.3, 0.3], 1)).toEqual({ low: 0.3, high: 0.3 });
  });
});

async function* items(scores: Record<string, number>): AsyncGenerator<ItemResult> {
  for (const [id, value] of Object.entries(scores))
    yield { id, repetition: 0, status: 'error', scores: [{ name: 'm', value }] } as unknown as ItemResult;
}

async function compared(before: Record<string, number>, after: Record<string, number>, lower: string[] = []) {
  const baseline = await numbersOf(items(before));
  return (await compareRuns(items(after), baseline, { seed: 1, lowerIsBetter: lower }))[0];
}

describe('a comparison', () => {
  test('pairs the items that both have', async () => {
    const comparison = await compared({ a: 0, b: 1, c: 0.5, gone: 9 }, { a: 1, b: 1, c: 0.25, new: 9 });
    expect(comparison).toMatchObject({
      pairs: 3,
      baselineMean: 0.5,
      mean: 0.75,
      difference: 0.25,
      wins: 1,
      ties: 1,
      losses: 1,
    });
    expect(comparison.moved.map(({ id, difference }) => [id, difference])).toEqual([
      ['a', 1],
      ['c', -0.25],
    ]);
    expect(await compared({ a: 0 }, { a: 1 }, ['m'])).toMatchObject({ wins: 0, losses: 1 });
  });

  test('keeps the ten that moved most, of however many', async () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => `i${(index * 2_719) % 5_000}`);
    const before = Object.fromEntries(ids.map((id) => [id, 0]));
    const after = Object.fromEntries(ids.map((id) => [id, Number(id.slice(1)) + 1]));
    const { moved } = await compared(before, after);
    expect(moved.map(({ difference }) => difference)).toEqual([
      5000, 4999, 4998, 4997, 4996, 4995, 4994, 4993, 4992, 4991,
    ]);
  });

  test.each(['result', 'runId', 'file'] as const)('takes a baseline by its %s', async (by) => {
    const data = [1, 2, 3, 4];
    const evaluators = { size: ({ output }: { output: number }) => output };
    const first = await quietly(bench, { name: 'b', task: ({ inputs }) => inputs, data, evaluators });
    const baseline = by === 'result' ? first : (first[by] as string);
    const second = await quietly(bench, {
      name: 'b',
      task: ({ inputs }) => inputs + 1,
      data,
      evaluators,
      baseline,
    });
    expect(second.baseline).toMatchObject({ runId: first.runId, name: 'b' });
    expect(second.baseline?.metrics[0]).toMatchObject({
      name: 'size',
      pairs: 4,
      difference: 1,
      interval: { low: 1, high: 1, confidence: 0.95 },
      wins: 4,
    });
  });
});

describe('the gate', () => {
  const result = {
    counts: { total: 4, ok: 3 },
    metrics: [
      { name: 'm', count: 4, mean: 0.7, p95: 0.9 },
      { name: 'none', count: 0, mean: 0 },
    ],
    baseline: {
      metrics: [
        { name: 'm', baselineMean: 0.8, mean: 0.7, difference: -0.1, interval: { low: -0.2, high: -0.02 } },
      ],
    },
  } as unknown as ExperimentResult;

  test.each([
    [{ m: { min: 0.7, max: 0.7 } }, []],
    [{ m: { min: 0.71 } }, ['mean of m: expected at least 0.71, got 0.7.']],
    [{ m: { max: 0.6 } }, ['mean of m: expected at most 0.6, got 0.7.']],
    [{ m: { of: 'p95', max: 0.8 } }, ['p95 of m: expected at most 0.8, got 0.9.']],
    [{ error_rate: { max: 0.25 } }, []],
    [{ error_rate: { max: 0.2 } }, ['error_rate: expected at most 0.2, got 0.25.']],
    [{ none: { min: 0 } }, ['mean of none: expected at least 0, got no item with a number for it.']],
    [{ other: { max: 1 } }, ['mean of other: expected at most 1, got no item with a number for it.']],
    [{ m: { regression: 0.11 } }, []],
    [
      { m: { regression: 0.05 } },
      [expect.stringMatching(/mean of m: expected at most 0.05 worse than the baseline, 0.8, got 0.7/)],
    ],
    [{ m: { regression: true } }, [expect.stringContaining('expected no worse than the baseline')]],
    [
      { other: { regression: true } },
      [expect.stringContaining('other: expected a baseline with this metric')],
    ],
  ] as const)('of %j', (failOn, messages) => {
    expect(gateFailures(failOn, result, []).map(({ message }) => message)).toEqual(messages);
  });

  test('knows where less is better, and that a run that was stopped has not passed', () => {
    expect(gateFailures({ m: { regression: true } }, result, ['m'])).toEqual([]);
    expect(gateFailures({}, { ...result, interrupted: true }, [])).toMatchObject([{ rule: 'complete' }]);
  });

  test('sets the exit code', async () => {
    const evaluators = { m: () => 0.5 };
    const before = process.exitCode;
    try {
      process.exitCode = undefined;
      const passed = await quietly(bench, {
        task: () => 1,
        data: [1],
        evaluators,
        failOn: { m: { min: 0.5 } },
      });
      expect([passed.gate, process.exitCode]).toEqual([{ passed: true, failures: [] }, undefined]);
      const failed = await quietly(bench, {
        task: () => 1,
        data: [1],
        evaluators,
        failOn: { m: { min: 0.6 } },
      });
      expect([failed.gate?.passed, process.exitCode]).toEqual([false, 1]);
    } finally {
      process.exitCode = before;
    }
  });
});
