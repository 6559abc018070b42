/** Scorers of `autoevals`, as they are. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Evaluator } from '../../src/experiments/evaluator-types.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { itemsOf, quietly, useExperiments } from '../helpers/experiments.ts';

const MODULE = new URL('libraries/node_modules/autoevals/jsdist/index.mjs', import.meta.url);
const describeInstalled = requireCounterpart('autoevals', () =>
  existsSync(MODULE) ? undefined : 'Run `npm ci --prefix test/experiments/libraries`.',
);
const bench = useExperiments();

describeInstalled('autoevals', () => {
  test('scores what does without a model', async () => {
    const { ExactMatch, JSONDiff, Levenshtein, NumericDiff } = (await import(MODULE.href)) as Record<
      string,
      Evaluator
    >;
    const data = [
      { inputs: 'kitten', expected: 'sitting' },
      { inputs: 'same', expected: 'same' },
    ];
    const words = await quietly(bench, {
      task: ({ inputs }) => inputs,
      data,
      evaluators: [ExactMatch, Levenshtein],
    });
    const scores = itemsOf(words.file).map((item) => item.scores.map(({ name, value }) => [name, value]));
    // Three edits of the seven letters.
    expect(scores).toEqual([
      [
        ['ExactMatch', 0],
        ['Levenshtein', 1 - 3 / 7],
      ],
      [
        ['ExactMatch', 1],
        ['Levenshtein', 1],
      ],
    ]);
    const numbers = await quietly(bench, {
      task: () => 9,
      data: [{ inputs: 1, expected: 10 }, { inputs: 1 }],
      evaluators: { close: NumericDiff, json: JSONDiff },
    });
    const [whole, without] = itemsOf(numbers.file);
    expect(whole.scores).toMatchObject([{ name: 'close' }, { name: 'json' }]);
    expect(Number(whole.scores[0].value)).toBeCloseTo(1 - 1 / 19, 10);
    expect(without.scores[0]).toMatchObject({
      name: 'close',
      value: null,
      error: { message: expect.stringContaining('expected') },
    });
  });
});
