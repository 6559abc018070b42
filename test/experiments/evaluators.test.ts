/** What evaluators may give, and what becomes of it. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../src/experiments/evaluator.ts';
import type { Evaluators } from '../../src/experiments/evaluator-types.ts';
import { gate, itemsOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();

/** The scores of one item with the output 4. */
async function scoresOf(evaluators: Evaluators, options: object = {}) {
  const data = [{ id: 'r', inputs: 2, expected: 4, metadata: { from: 'here' } }];
  const result = await quietly(bench, { task: ({ inputs }) => 2 * inputs, data, evaluators, ...options });
  return {
    result,
    scores: itemsOf(result.file)[0].scores.map(({ durationMs: _, spanId: __, ...score }) => score),
  };
}

describe('an evaluator', () => {
  test.each([
    [0.5, [{ name: 'it', value: 0.5 }]],
    [true, [{ name: 'it', value: true }]],
    ['good', [{ name: 'it', value: 'good', label: 'good' }]],
    [null, [{ name: 'it', value: null }]],
    [{ score: 1, explanation: 'exact' }, [{ name: 'it', value: 1, explanation: 'exact' }]],
    [{ value: 1, label: 'A', passed: true }, [{ name: 'it', value: 1, label: 'A', passed: true }]],
    [{ passed: false }, [{ name: 'it', value: false, passed: false }]],
    [{ label: 'toxic' }, [{ name: 'it', value: 'toxic', label: 'toxic' }]],
    [
      { score: 1, tokens: 7, metadata: { by: 'x' } },
      [{ name: 'it', value: 1, metadata: { by: 'x', tokens: 7 } }],
    ],
    [{ score: null, error: 'x' }, [{ name: 'it', value: null }]],
    [
      { a: 1, b: { score: 0, reason: 'no' } },
      [
        { name: 'it.a', value: 1 },
        { name: 'it.b', value: 0, explanation: 'no' },
      ],
    ],
    [
      [1, { name: 'own', score: 0 }],
      [
        { name: 'it.0', value: 1 },
        { name: 'own', value: 0 },
      ],
    ],
    [{ score: 1, name: 'other' }, [{ name: 'it', value: 1 }]],
  ])('may give %j', async (given, expected) => {
    expect((await scoresOf({ it: async () => given })).scores).toEqual(expected);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, () => 1, { score: Number.NaN }])(
    'that gives %s is an error of its score, and harms no other',
    async (given) => {
      const { scores, result } = await scoresOf({ bad: () => given, good: () => 1 });
      expect(scores).toMatchObject([
        {
          name: 'bad',
          value: null,
          error: { name: 'TypeError', message: expect.stringMatching(/^bad: expected /) },
        },
        { name: 'good', value: 1 },
      ]);
      expect(result.counts.ok).toBe(1);
      expect(result.metrics.slice(0, 2)).toMatchObject([
        { name: 'good', count: 1, errors: 0 },
        { name: 'bad', count: 0, errors: 1 },
      ]);
    },
  );

  test('that throws, or takes too long, is an error of its score', async () => {
    const never = gate();
    const { scores } = await scoresOf(
      {
        throws: () => {
          throw new RangeError('no');
        },
        hangs: () => never.opened,
      },
      { timeoutMs: 20 },
    );
    expect(scores).toMatchObject([
      { name: 'throws', error: { name: 'RangeError', message: 'no' } },
      {
        name: 'hangs',
        error: { name: 'TimeoutError', message: 'row r: the evaluator hangs took longer than 20 ms.' },
      },
    ]);
  });

  test('runs beside the others, and gets all of the row', async () => {
    const [first, second] = [gate(), gate()];
    const seen: unknown[] = [];
    const { scores } = await scoresOf([
      // Each waits for the other: one after the other they would never end.
      async function one({ id, inputs, input, output, expected, metadata }) {
        seen.push(id, inputs, input, output, expected, metadata);
        first.open();
        await second.opened;
        return 1;
      },
      async function two() {
        second.open();
        await first.opened;
        return 2;
      },
    ]);
    expect(seen).toEqual(['r', 2, 2, 4, 4, { from: 'here' }]);
    expect(scores.map(({ name, value }) => [name, value])).toEqual([
      ['one', 1],
      ['two', 2],
    ]);
  });

  test('of a list is called by its function, the same name once', async () => {
    const same = () => 1;
    const { scores } = await scoresOf([same, same, () => ({ name: 'given', score: 2 })]);
    expect(scores.map(({ name }) => name)).toEqual(['same', 'same 2', 'given']);
  });
});

describe('evaluator()', () => {
  test('repeats, transforms, aggregates, checks and weighs', async () => {
    let calls = 0;
    const judge = () => {
      calls += 1;
      return calls;
    };
    const settings = {
      name: 'judged',
      repeat: 3,
      weight: 2,
      transform: (value: number) => value * 10,
      aggregate: (values: number[]) => Math.max(...values),
      target: 25,
      checker: (value: number, target: number) => value > target,
    };
    const { scores } = await scoresOf([evaluator(judge, settings)]);
    expect([calls, scores]).toEqual([3, [{ name: 'judged', value: 30, weight: 2, passed: true }]]);
  });

  test('makes the mean of numbers, and reaches or equals a target', async () => {
    const values = [0, 1];
    const { scores } = await scoresOf([
      evaluator(() => values.shift() as number, { name: 'mean', repeat: 2, target: 0.5 }),
      evaluator(() => 0.4, { name: 'under', target: 0.5 }),
      evaluator(() => 'a', { name: 'label', target: 'a' }),
      evaluator(({ output }) => ({ score: output, explanation: 'why' }), { name: 'object', target: 5 }),
    ]);
    expect(scores).toEqual([
      { name: 'mean', value: 0.5, passed: true },
      { name: 'under', value: 0.4, passed: false },
      { name: 'label', value: 'a', label: 'a', passed: true },
      { name: 'object', value: 4, explanation: 'why', passed: false },
    ]);
  });

  test('asserts', async () => {
    const { scores } = await scoresOf([
      evaluator(() => 0.4, { name: 'low', target: 0.5, asserts: true }),
      evaluator(() => false, { name: 'false', asserts: true }),
      evaluator(() => 1, { name: 'fine', asserts: true }),
    ]);
    expect(scores).toMatchObject([
      { value: null, error: { name: 'AssertionError', message: 'low: expected at least 0.5, got 0.4.' } },
      { value: null, error: { message: 'false: expected a value that is true, got false.' } },
      { value: 1 },
    ]);
  });

  test('says what it cannot do', async () => {
    expect(() => evaluator(() => 1, { repeat: 0 })).toThrow(
      /evaluator fn: repeat|evaluator : repeat|repeat: expected/,
    );
    const { scores } = await scoresOf([evaluator(() => 'a', { name: 'labels', repeat: 2 })]);
    expect(scores[0].error?.message).toContain('evaluator labels: expected numbers of its 2 calls');
  });
});
