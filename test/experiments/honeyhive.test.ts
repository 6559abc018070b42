/** `evaluate` and `evaluator` in the form of the `honeyhive` package. */
import { expect, test } from 'vitest';
import { evaluate, evaluator } from '../../src/honeyhive.ts';
import { useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();

/** The folder of rows is the one the program runs in. */
async function inFolder<Result>(run: () => Promise<Result>): Promise<Result> {
  const before = process.cwd;
  process.cwd = () => bench.folder;
  try {
    return await run();
  } finally {
    process.cwd = before;
  }
}

test('calls the function and the evaluators by position, in rows of the data set', async () => {
  const seen: unknown[] = [];
  const params = {
    function: async (inputs: { q: string }, truth: string) => {
      seen.push(truth);
      return inputs.q.toUpperCase();
    },
    dataset: [
      { inputs: { q: 'a' }, ground_truths: 'A' },
      { inputs: { q: 'b' }, ground_truth: 'x' },
      { q: 'c' },
    ],
    evaluators: [
      function exact(output: string, _: unknown, truth: string) {
        return output === truth;
      },
      evaluator((output: string, inputs: { q: string }) => output.length + inputs.q.length, {
        name: 'length',
        repeat: 2,
        weight: 1,
        checker: '',
        transform: 'text',
      }),
    ],
    runConcurrently: false,
    suite: 'letters',
  };
  const result = await inFolder(() => evaluate(params));
  expect(seen).toEqual(['A', 'x', undefined]);
  expect(result).toMatchObject({
    status: 'completed',
    suite: 'letters',
    data: {
      input: [{ q: 'a' }, { q: 'b' }, { q: 'c' }],
      output: ['A', 'B', 'C'],
      metrics: [
        { exact: true, length: 2 },
        { exact: false, length: 2 },
        { exact: false, length: 2 },
      ],
    },
    experiment: { metadata: { suite: 'letters' } },
  });
  expect(bench.lines.join('')).toContain('evaluator: transform: expected a function');
});

test('says what it has not got', async () => {
  const params = { function: () => 1, datasetId: 'd-1' } as never;
  await expect(evaluate(params)).rejects.toThrow('dataset: expected an array of rows, got undefined');
  await expect(evaluate({ dataset: [] } as never)).rejects.toThrow('function: expected a function');
});

test('fails when every row did', async () => {
  const broken = () => {
    throw new Error('down');
  };
  expect((await inFolder(() => evaluate({ function: broken, dataset: [{ q: 1 }] }))).status).toBe('failed');
});
