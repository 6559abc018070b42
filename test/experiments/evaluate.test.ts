/** What a run gives, whatever its tasks, evaluators and rows do. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../src/experiments/evaluate.ts';
import type { ProgressEvent } from '../../src/experiments/result.ts';
import { gate, itemsOf, listOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();
const double = async ({ inputs }: { inputs: number }): Promise<number> => 2 * inputs;
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ inputs: index, expected: 2 * index }));

describe('a run', () => {
  test('gives every row as it finishes, then the numbers, and keeps both in a file of its owner', async () => {
    const exact = ({ output, expected }: { output: number; expected: number }) => output === expected;
    const run = quietly(bench, {
      name: 'doubles',
      task: double,
      data: rows(7),
      evaluators: { exact },
      repetitions: 2,
    });
    const seen = await listOf(run);
    const result = await run;
    expect(seen.map(({ id, repetition }) => `${id}.${repetition}`)).toHaveLength(14);
    expect(seen.map(({ output }) => output).sort()).toEqual(
      rows(7)
        .flatMap(({ expected }) => [expected, expected])
        .sort(),
    );
    expect(result.counts).toEqual({ total: 14, ok: 14, error: 0, timeout: 0, aborted: 0, cached: 0 });
    expect(result.metrics.map(({ name, count, mean }) => [name, count, mean])).toEqual([
      ['exact', 14, 1],
      ['duration_ms', 14, expect.any(Number)],
    ]);
    expect(itemsOf(result.file)).toEqual(seen);
    expect(await listOf(result.items())).toEqual(seen);
    expect(statSync(result.file as string).mode & 0o777).toBe(0o600);
    expect(result.file).toContain(`doubles-${result.runId}.jsonl`);
  });

  test('makes the folder for its owner alone', async () => {
    const directory = `${bench.folder}/a/b`;
    const { file } = await quietly(bench, { task: double, data: rows(1), directory });
    expect(statSync(dirname(file as string)).mode & 0o777).toBe(0o700);
  });

  test('keeps rows in memory where there is no folder', async () => {
    const result = await quietly(bench, { task: double, data: rows(3), directory: null });
    expect(result.file).toBeNull();
    expect((await listOf(result.items())).map(({ output }) => output)).toEqual([0, 2, 4]);
  });

  test('takes a row from an async iterable when a slot is free for it, never before', async () => {
    let taken = 0;
    let ended = 0;
    async function* source() {
      for (let index = 0; index < 50; index += 1) {
        taken += 1;
        expect(taken - ended).toBeLessThanOrEqual(4);
        yield index;
      }
    }
    const task = async () => {
      await Promise.resolve();
      ended += 1;
    };
    const { counts } = await quietly(bench, { task, data: source(), concurrency: 4 });
    expect([counts.ok, taken]).toEqual([50, 50]);
  });

  test('tells a function of its progress', async () => {
    const events: ProgressEvent[] = [];
    await quietly(bench, {
      task: double,
      data: rows(3),
      progress: (event) => events.push(event),
      print: false,
    });
    expect(events.map(({ done, total }) => [done, total])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(events.map(({ item }) => item?.output)).toEqual([undefined, 0, 2, 4]);
  });

  test('is not harmed by a view that throws', async () => {
    const progress = () => {
      throw new Error('no terminal');
    };
    const { counts } = await quietly(bench, { task: double, data: rows(3), progress, print: false });
    expect([counts.ok, bench.lines.join('')]).toEqual([3, expect.stringContaining('no terminal')]);
  });

  test('judges itself when its rows are done', async () => {
    const { runScores } = await quietly(bench, {
      task: double,
      data: rows(4),
      runEvaluators: {
        sum: async ({ items }) =>
          (await listOf(items())).reduce((sum, { output }) => sum + (output as number), 0),
        broken: () => {
          throw new Error('no sum');
        },
      },
    });
    expect(runScores).toMatchObject([
      { name: 'sum', value: 12 },
      { name: 'broken', value: null, error: { message: 'no sum' } },
    ]);
  });
});

describe('a task', () => {
  test('that throws is a row that failed, and ends nothing', async () => {
    const task = async ({ inputs }: { inputs: number }) => {
      if (inputs === 1) throw new RangeError('one is too few');
      return inputs;
    };
    const result = await quietly(bench, { task, data: rows(3) });
    expect(result.counts).toMatchObject({ ok: 2, error: 1 });
    expect(itemsOf(result.file)[1]).toMatchObject({
      status: 'error',
      attempts: 1,
      error: { name: 'RangeError', message: 'one is too few' },
    });
  });

  test('is ended by its time, whether it heeds its signal or not', async () => {
    const reasons: unknown[] = [];
    const task = ({ inputs }: { inputs: string }, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          if (inputs === 'heeds') reject(signal.reason);
        });
      });
    const data = [{ inputs: 'heeds' }, { inputs: 'ignores' }];
    const result = await quietly(bench, { task, data, timeoutMs: 20, retries: 3 });
    expect(result.counts.timeout).toBe(2);
    expect(reasons).toHaveLength(2);
    expect(itemsOf(result.file)[1]).toMatchObject({
      status: 'timeout',
      attempts: 1,
      error: {
        name: 'TimeoutError',
        message: expect.stringMatching(/row 1: the task took longer than 20 ms/),
      },
    });
  });

  test('may give what JSON has no form for', async () => {
    const cycle: Record<string, unknown> = { name: 'cycle' };
    cycle.self = cycle;
    const unreadable = {
      get text() {
        throw new Error('closed');
      },
    };
    const outputs: unknown[] = [10n, new Map([['a', 1]]), cycle, undefined, () => 1, Number.NaN, unreadable];
    const data = outputs.map((_, index) => ({ inputs: index }));
    const result = await quietly(bench, { task: ({ inputs }) => outputs[inputs], data });
    const read = itemsOf(result.file).map(({ output }) => output);
    expect([read[0], read[1], read[3], read[4], read[5]]).toEqual([
      '10',
      { a: 1 },
      undefined,
      undefined,
      'NaN',
    ]);
    expect(JSON.stringify(read[2])).toContain('[Circular]');
    expect(JSON.stringify(read[6])).toContain('closed');
  });
});

describe('stopping', () => {
  test('by a signal ends with what was done, and says what was not', async () => {
    const controller = new AbortController();
    const held = gate();
    const task = async ({ inputs }: { inputs: number }) => {
      if (inputs === 2) controller.abort();
      if (inputs >= 2) await held.opened;
      return inputs;
    };
    const { signal } = controller;
    const result = await quietly(bench, { task, data: rows(100), concurrency: 2, signal });
    expect(result).toMatchObject({ interrupted: true, counts: { ok: 2 } });
    expect(result.counts.aborted).toBeGreaterThan(0);
    expect(result.counts.total).toBeLessThan(100);
  });

  test('leaves no listener behind', async () => {
    const before = process.listenerCount('SIGINT');
    const seen: number[] = [];
    const task = async () => seen.push(process.listenerCount('SIGINT'));
    await quietly(bench, { task, data: [1] });
    expect([seen, process.listenerCount('SIGINT')]).toEqual([[before + 1], before]);
  });
});

describe('bad input', () => {
  test('of no rows is said, with where they should have come from', async () => {
    const { counts } = await quietly(bench, { name: 'none', task: double, data: [] });
    expect(counts.total).toBe(0);
    expect(bench.lines.join('')).toContain('none: expected at least one row, got none from the array');
  });

  test.each([
    ['null', null, /row 1: expected an object with inputs, or a value to take as inputs, got null/],
    ['undefined', undefined, /row 1: expected .* got undefined/],
    ['a function', () => 1, /row 1: expected /],
    ['an id of another type', { id: {}, inputs: 1 }, /row 1: expected an id that is text or a number/],
    [
      'an id that another has',
      { id: 'a', inputs: 1 },
      /row 1: expected an id of its own, got "a", the id of row 0/,
    ],
  ])('%s names its row and harms no other', async (_, bad, message) => {
    const called: unknown[] = [];
    const task = ({ inputs }: { inputs: unknown }) => called.push(inputs);
    const data = [{ id: 'a', inputs: 'first' }, bad, { id: 'c', inputs: 'last' }] as never[];
    const result = await quietly(bench, { task: task as never, data, concurrency: 1 });
    expect(called).toEqual(['first', 'last']);
    expect(itemsOf(result.file)[1]).toMatchObject({
      index: 1,
      status: 'error',
      attempts: 0,
      error: { message: expect.stringMatching(message) },
    });
  });

  test.each<string | number>(['1', 1])('finds an id that is the place of a row without one', async (id) => {
    const data = [{ inputs: 0 }, { inputs: 1 }, { id, inputs: 2 }];
    const { counts } = await quietly(bench, { task: ({ inputs }) => inputs, data });
    expect(counts).toMatchObject({ ok: 2, error: 1 });
  });

  test('of rows that are values takes them as inputs', async () => {
    const result = await quietly(bench, {
      task: ({ inputs }) => inputs,
      data: ['text', 5, ['list'], { question: 'why', expected: 'so', id: 'q' }] as unknown[],
    });
    expect(itemsOf(result.file).map(({ id, output, row }) => [id, output, row.expected])).toEqual([
      ['0', 'text', undefined],
      ['1', 5, undefined],
      ['2', ['list'], undefined],
      ['q', { question: 'why' }, 'so'],
    ]);
  });

  test.each([
    [{ concurrency: 0 }, /concurrency: expected a whole number, at least 1, got 0/],
    [{ timeoutMs: -1 }, /timeoutMs: expected/],
    [{ task: 'no' }, /task: expected a function/],
    [{ data: 5 }, /data: expected an array, an iterable or the path of a file, got 5/],
    [{ data: 'rows.txt' }, /data: expected a file that ends in .jsonl/],
    [{ data: 'no/such.jsonl' }, /no\/such.jsonl/],
    [{ evaluators: [5] }, /evaluators: expected functions, got 5 as number 0/],
    [{ evaluatorz: [] }, /evaluatorz: expected one of baseline/],
    [{ resume: 'nothing' }, /resume: expected a run id or the path of a run's file, found no nothing/],
    [{ progress: 'loud' }, /progress: expected auto/],
  ])('in options %j rejects and says which', async (options, message) => {
    await expect(quietly(bench, { task: double, data: rows(1), ...options } as never)).rejects.toThrow(
      message,
    );
    const failing = quietly(bench, { task: double, data: rows(1), ...options } as never);
    await expect(listOf(failing)).rejects.toThrow(message);
  });

  test('of a source that fails midway keeps what was done, and says how to go on', async () => {
    async function* source() {
      yield { inputs: 1 };
      yield { inputs: 2 };
      throw new Error('connection lost');
    }
    const run = evaluate({
      name: 'mid',
      task: double,
      data: source(),
      directory: bench.folder,
      progress: 'none',
    });
    await expect(run).rejects.toThrow(
      /mid: the run ended early: connection lost; 2 items are done and kept in .*; resume: '/,
    );
  });
});
