/** A run goes on where it was stopped, whatever stopped it. */
import { spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ItemLog } from '../../src/experiments/item-log.ts';
import { keyOf } from '../../src/experiments/items.ts';
import { causeOf, Journal } from '../../src/experiments/journal.ts';
import { readExperiment } from '../../src/experiments/read-experiment.ts';
import type { ItemResult } from '../../src/experiments/result.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { itemsOf, listOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();
const KILLS = 20;
const data = Array.from({ length: 6 }, (_, index) => ({ id: `r${index}`, inputs: index }));

/** A run of the first rows, which then stops. */
async function stopped(done: number) {
  const controller = new AbortController();
  const task = async ({ inputs }: { inputs: number }) => {
    if (inputs === done) controller.abort();
    return inputs;
  };
  return quietly(bench, { name: 'stopped', task, data, concurrency: 1, signal: controller.signal });
}

describe('resume', () => {
  test.each([
    ['true', () => true],
    ['the run id', ({ runId }: { runId: string }) => runId],
    ['the path', ({ file }: { file: string | null }) => file as string],
  ])('by %s does what is not done, and counts what is', async (_, named) => {
    const first = await stopped(3);
    expect(first.counts).toMatchObject({ ok: 3, aborted: 1 });
    const called: number[] = [];
    const task = async ({ inputs }: { inputs: number }) => called.push(inputs);
    const run = quietly(bench, { name: 'stopped', task, data, resume: named(first) });
    const seen = await listOf(run);
    const result = await run;
    expect(called).toEqual([3, 4, 5]);
    expect(result).toMatchObject({
      runId: first.runId,
      file: first.file,
      counts: { total: 6, ok: 6, cached: 3 },
    });
    expect(seen.map(({ id, cached }) => [id, cached])).toEqual(data.map(({ id }, index) => [id, index < 3]));
    expect(result.interrupted).toBeUndefined();
    const read = await readExperiment(first.runId, bench.folder);
    expect([read.counts.ok, read.interrupted, (await listOf(read.items())).length]).toEqual([6, false, 6]);
  });

  test('begins anew, and says so, where there is no run of that name', async () => {
    const { counts } = await quietly(bench, { name: 'new', task: () => 1, data, resume: true });
    expect([counts.ok, bench.lines.join('')]).toEqual([6, expect.stringContaining('found no run of new')]);
  });

  test('begins anew after a run that is complete, unless that is named', async () => {
    const first = await quietly(bench, { name: 'whole', task: () => 1, data });
    const second = await quietly(bench, { name: 'whole', task: () => 1, data, resume: true });
    expect([second.runId === first.runId, second.counts.cached]).toEqual([false, 0]);
    const more = [...data, { id: 'more', inputs: 7 }];
    const third = await quietly(bench, { name: 'whole', task: () => 1, data: more, resume: first.runId });
    expect([third.runId, third.counts.cached, third.counts.total]).toEqual([first.runId, 6, 7]);
  });

  test('takes the file up wherever it was cut off', async () => {
    const whole = await quietly(bench, { name: 'cut', task: ({ inputs }) => `é${inputs}`, data });
    const bytes = readFileSync(whole.file as string);
    const firstLine = bytes.indexOf(0x0a) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: firstLine, max: bytes.length }), async (length) => {
        const path = join(bench.folder, 'cut.jsonl');
        writeFileSync(path, bytes.subarray(0, length));
        const before = itemsOf(path).map(keyOf);
        const called: string[] = [];
        const task = ({ id }: { id: string }) => called.push(id);
        const { counts } = await quietly(bench, { name: 'cut', task, data, resume: path });
        const after = itemsOf(path).map(keyOf);
        expect(counts).toMatchObject({ ok: 6, cached: before.length });
        expect(called).toHaveLength(6 - before.length);
        expect([after.slice(0, before.length), new Set(after).size, after.length]).toEqual([before, 6, 6]);
      }),
      { numRuns: 40 },
    );
  });

  test.each(['not json', '{"kind":"item"}', '[]', '{"kind":"other"}'])(
    'names file and line of a line that is %s',
    async (line) => {
      const { file } = await stopped(3);
      const lines = readFileSync(file as string, 'utf8').split('\n');
      writeFileSync(file as string, [...lines.slice(0, 2), line, ...lines.slice(2)].join('\n'));
      const run = quietly(bench, { name: 'stopped', task: () => 1, data, resume: true });
      await expect(run).rejects.toThrow(`${file}, line 3: expected a line of an experiment`);
      expect(readFileSync(file as string, 'utf8').split('\n')).toHaveLength(lines.length + 1);
    },
  );
});

describe('a file', () => {
  test('on a full disk leaves the run to go on, and loses nothing', async () => {
    const journal = Journal.over('full.jsonl', openSync('/dev/full', 'a'));
    const log = new ItemLog(journal);
    expect(journal.append({ kind: 'end', durationMs: 1 })).toBe(false);
    expect(bench.lines.join('')).toMatch(/cannot write .*full.jsonl: the disk is full \(ENOSPC\)/);
    const item = {
      id: 'a',
      repetition: 0,
      status: 'ok',
      row: { inputs: 1 },
      scores: [],
    } as unknown as ItemResult;
    log.append(item);
    expect([await listOf(log.read()), log.unwritten]).toEqual([[item], 1]);
  });

  test('that takes no more leaves the run to go on, and whole lines to resume from', async () => {
    const program = await bundle(`
      import { evaluate } from './src/experiments/evaluate.ts';
      const data = Array.from({ length: 200 }, (_, inputs) => ({ inputs }));
      const run = evaluate({ name: 'limited', task: ({ inputs }) => 'é'.repeat(inputs), data, directory: process.argv[2], progress: 'none' });
      const seen = [];
      for await (const { id } of run) seen.push(id);
      const { counts, unwritten, file } = await run;
      console.log(JSON.stringify({ ok: counts.ok, unwritten, file, seen: new Set(seen).size }));
    `);
    const limited = ['bash', '-c', 'ulimit -f 16; exec "$@"', 'limited'];
    const { stdout, stderr, code } = await run(program, { arguments: [bench.folder], via: limited });
    const said = JSON.parse(stdout);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/cannot write .*: it has the largest size .* \(EFBIG\). The run goes on/),
    ]);
    expect(said).toMatchObject({ ok: 200, seen: 200 });
    const kept = itemsOf(said.file);
    expect([kept.length + said.unwritten, kept.length > 10]).toEqual([200, true]);
    expect(readFileSync(said.file, 'utf8').endsWith('}\n')).toBe(true);
    const rows = Array.from({ length: 200 }, (_, inputs) => ({ inputs }));
    const { counts } = await quietly(bench, { name: 'limited', task: () => 1, data: rows, resume: true });
    expect(counts).toMatchObject({ ok: 200, cached: kept.length });
  });

  test('whose folder cannot be made is said, and the rows are in memory', async () => {
    writeFileSync(join(bench.folder, 'file'), '');
    const result = await quietly(bench, { task: () => 1, data, directory: join(bench.folder, 'file') });
    expect([result.counts.ok, result.file, (await listOf(result.items())).length]).toEqual([6, null, 6]);
    expect(bench.lines.join('')).toMatch(/cannot make .*file.*The run goes on in memory/);
  });

  test.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the quota is used up'],
    ['EACCES', 'it may not be written'],
    ['EROFS', 'it may not be written'],
  ])('says %s in words', (code, words) => {
    expect(causeOf(Object.assign(new Error('no'), { code }))).toBe(`${words} (${code})`);
  });
});

describe('the cache', () => {
  const outcome = async (options: object): Promise<number> => {
    let calls = 0;
    const task = ({ inputs }: { inputs: number }) => {
      calls += 1;
      return inputs;
    };
    const { counts } = await quietly(bench, { task, data, cache: true, version: 'v1', ...options });
    expect([counts.ok, counts.cached]).toEqual([counts.total, counts.total - calls]);
    return calls;
  };

  test('spares the task where version, configuration and inputs are unchanged', async () => {
    expect(await outcome({ config: { model: 'a', t: 0 } })).toBe(6);
    expect(await outcome({ config: { t: 0, model: 'a' } })).toBe(0);
    expect(await outcome({ config: { model: 'b', t: 0 } })).toBe(6);
    expect(await outcome({ config: { model: 'a', t: 0 }, version: 'v2' })).toBe(6);
    expect(await outcome({ config: { model: 'a', t: 0 }, data: [...data, { inputs: 'new' }] })).toBe(1);
    expect(await outcome({ config: { model: 'a', t: 0 }, repetitions: 2 })).toBe(6);
    expect(await outcome({ config: { model: 'a', t: 0 }, cache: false })).toBe(6);
  });

  test('calls the evaluators all the same, and does without a file that is damaged', async () => {
    await outcome({});
    const files = readdirSync(join(bench.folder, 'cache'), { recursive: true, encoding: 'utf8' });
    const [file] = files.filter((name) => name.endsWith('.json'));
    writeFileSync(join(bench.folder, 'cache', file), '{"outp');
    let judged = 0;
    const evaluators = [() => (judged += 1)];
    expect(await outcome({ evaluators })).toBe(1);
    expect(judged).toBe(6);
  });
});

describe('killing a run', () => {
  test(`at random ${KILLS} times and resuming it loses no row that was done, and repeats none`, {
    timeout: 120_000,
  }, async () => {
    const rows = 400;
    const called = join(bench.folder, 'called');
    const finished = join(bench.folder, 'finished');
    const program = await bundle(`
      import { appendFileSync } from 'node:fs';
      import { evaluate } from './src/experiments/evaluate.ts';
      const data = Array.from({ length: ${rows} }, (_, index) => ({ id: 'row ' + index, inputs: 'x'.repeat(index * 20) }));
      const task = async ({ id, inputs }) => {
        appendFileSync(process.argv[3], id + '\\n');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return inputs;
      };
      const run = evaluate({ name: 'killed', task, data, directory: process.argv[2], resume: true, progress: 'none', concurrency: 7 });
      for await (const { id, cached } of run) if (!cached) appendFileSync(process.argv[4], id + '\\n');
      console.log(JSON.stringify((await run).counts));
    `);
    const start = () =>
      spawn(process.execPath, [program, bench.folder, called, finished], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const linesOf = (file: string) =>
      existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    const journalItems = () => {
      const [file] = readdirSync(bench.folder).filter((name) => name.startsWith('killed-'));
      return file === undefined ? [] : itemsOf(join(bench.folder, file)).map(({ id }) => id);
    };
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = journalItems();
      writeFileSync(called, '');
      const child = start();
      const closed = new Promise((resolve) => child.on('close', resolve));
      // From before its first row to well into the run: the test waits for work, not for the clock.
      const enough = Math.floor(Math.random() * 12);
      while (linesOf(called).length < enough && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      await closed;
      const after = journalItems();
      expect(after.slice(0, before.length)).toEqual(before);
      expect(linesOf(finished).filter((id) => !after.includes(id))).toEqual([]);
      expect(linesOf(called).filter((id) => before.includes(id))).toEqual([]);
    }
    const done = journalItems();
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(rows);
    writeFileSync(called, '');
    const last = start();
    let said = '';
    last.stdout.on('data', (text) => {
      said += text;
    });
    await new Promise((resolve) => last.on('close', resolve));
    expect(JSON.parse(said)).toMatchObject({ total: rows, ok: rows, cached: done.length });
    expect(linesOf(called)).toHaveLength(rows - done.length);
    expect(journalItems().sort()).toEqual(Array.from({ length: rows }, (_, index) => `row ${index}`).sort());
  });

  test('with SIGINT ends it with what was done, a second one at once', async () => {
    const program = await bundle(`
      import { evaluate } from './src/experiments/evaluate.ts';
      const task = async ({ inputs }, { signal }) => {
        if (inputs === 2) process.kill(process.pid, 'SIGINT');
        const timer = inputs >= 2 ? setTimeout(() => {}, 60_000) : undefined;
        signal.addEventListener('abort', () => clearTimeout(timer));
        if (inputs >= 2) await new Promise(() => {});
        return inputs;
      };
      const result = await evaluate({ task, data: [0, 1, 2, 3], concurrency: 1, directory: process.argv[2], progress: 'none' });
      console.log(JSON.stringify(result.counts));
      if (process.argv[3] === 'again') setTimeout(() => {}, 60_000).ref(), process.kill(process.pid, 'SIGINT');
    `);
    const start = (parameters: string[]) => {
      const child = spawn(process.execPath, [program, bench.folder, ...parameters]);
      let out = '';
      child.stdout.on('data', (text) => {
        out += text;
      });
      let error = '';
      child.stderr.on('data', (text) => {
        error += text;
      });
      return new Promise<{ code: unknown; signal: unknown; out: string; error: string }>((resolve) =>
        child.on('close', (code, signal) => resolve({ code, signal, out, error })),
      );
    };
    const { code, out, error } = await start([]);
    expect([JSON.parse(out), code]).toEqual([expect.objectContaining({ ok: 2, aborted: 1 }), 130]);
    expect(error).toMatch(/stopping; 2 items are done. resume: '.*' goes on/);
    expect((await start(['again'])).signal).toBe('SIGINT');
  });
});
