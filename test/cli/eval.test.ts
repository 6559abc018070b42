/** `spandrel eval`, as it is built, in processes of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandFolder, commandFolder, startCommand } from '../helpers/command.ts';
import { blocksOf } from '../helpers/guide-programs.ts';

let folder: CommandFolder;
beforeAll(() => {
  folder = commandFolder();
  folder.write(
    'lib/answer.ts',
    `
    export enum Factor { One = 1 }
    class Model {
      constructor(private readonly factor: Factor) {}
      answer(question: number): number { return question % 4 === 0 ? -1 : question * this.factor; }
    }
    export const model = new Model(Factor.One);
  `,
  );
  folder.write(
    'capitals.eval.ts',
    `
    import { evaluate } from 'spandrel/experiments';
    import { model } from './lib/answer';
    let running = 0;
    let most = 0;
    const result = await evaluate({
      name: 'capitals',
      data: Array.from({ length: 20 }, (_, place) => ({ id: 'row-' + place, inputs: place, expected: place })),
      task: async ({ inputs }: { inputs: number }): Promise<number> => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        return model.answer(inputs);
      },
      evaluators: { exact: ({ output, expected }: { output: number; expected?: unknown }) => output === expected },
      progress: 'none',
    });
    console.log('mean', result.metrics[0].mean, 'most', most);
  `,
  );
  folder.write(
    'nested/other.eval.ts',
    `
    export default { name: 'other', data: [1, 2, 3], task: async ({ inputs }: { inputs: number }) => inputs, print: false };
  `,
  );
});
afterAll(() => folder.remove());

describe('spandrel eval', () => {
  test('runs a file that imports others, with all of TypeScript', async () => {
    const { code, stdout, stderr } = await folder.run(['eval', 'capitals.eval.ts', '--concurrency', '3']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'mean 0.75 most 3\n', stderr: '' });
  });

  test('runs the options that a file exports, of every file in a folder or under a glob', async () => {
    const inFolder = await folder.run(['eval', 'nested']);
    expect(inFolder).toMatchObject({ code: 0, stdout: '' });
    expect(inFolder.stderr).toContain('other: 100 % · 3/3');
    const matched = await folder.run(['eval', '**/*.eval.ts']);
    expect(matched.code).toBe(0);
    expect(matched.stdout).toContain('mean 0.75');
    expect(matched.stderr).toContain('other: 100 % · 3/3');
  });

  test('has one state with the file, by import, by require and with decorators', async () => {
    folder.write(
      'state.ts',
      `
      import { init, span, stats, trace } from 'spandrel';
      import * as testing from 'spandrel/testing';
      import { evaluate } from 'spandrel/experiments';
      const viaRequire = require('spandrel');
      init({ exporters: [] });
      const { spans } = await testing.captureTraces(async () => {
        class Bot { @trace() answer(question: unknown) { return span('inner', () => question); } }
        const bot = new Bot();
        await evaluate({ name: 'state', data: [7], task: ({ inputs }) => bot.answer(inputs), progress: 'none', directory: null });
      });
      console.log(spans.map(({ name }) => name).sort().join(), viaRequire.stats === stats);
    `,
    );
    const { code, stdout, stderr } = await folder.run(['eval', 'state.ts']);
    expect(stderr).toBe('');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'answer,evaluate state,inner,task true\n' });
  });

  test('ends with 1 where a rule does not hold, and says which', async () => {
    const { code, stdout, stderr } = await folder.run([
      'eval',
      'capitals.eval.ts',
      '--fail-on',
      'exact>=0.8',
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe('mean 0.75 most 10\n');
    expect(
      (
        await folder.run([
          'eval',
          'capitals.eval.ts',
          '--fail-on',
          'exact>=0.7',
          '--fail-on',
          'error_rate<=0',
        ])
      ).code,
    ).toBe(0);
  });

  test('writes a page, JUnit XML and a step summary, of each experiment its own', async () => {
    const summary = join(folder.path, 'summary.md');
    const { code, stderr } = await folder.run(
      ['eval', '.', '--filter', 'a', '--report', 'out/report.html', '--junit=out/junit.xml'],
      { GITHUB_STEP_SUMMARY: summary },
    );
    expect(code).toBe(0);
    expect(readdirSync(join(folder.path, 'out')).sort()).toEqual(['junit.xml', 'report.html']);
    expect(stderr).toContain('spandrel: wrote out/report.html\n');
    expect(readFileSync(join(folder.path, 'out/report.html'), 'utf8')).toContain('"id":"row-19"');
    expect(readFileSync(join(folder.path, 'out/junit.xml'), 'utf8')).toContain(
      'name="exact" package="capitals"',
    );
    expect(readFileSync(summary, 'utf8')).toContain('### capitals');
    await folder.run(['eval', '.', '--report', 'both/report.html']);
    expect(readdirSync(join(folder.path, 'both')).sort()).toEqual([
      'report-capitals.html',
      'report-other.html',
    ]);
  });

  test('goes on with a run that was begun', async () => {
    folder.write(
      'slow.ts',
      `
      import { appendFileSync } from 'node:fs';
      export default {
        name: 'slow', data: [0, 1, 2, 3, 4, 5], concurrency: 1, progress: 'none',
        task: async ({ inputs }: { inputs: number }) => {
          if (inputs === 3 && process.env.KILLED) process.kill(process.pid, 'SIGKILL');
          appendFileSync('calls.txt', inputs + '\\n');
        },
      };
    `,
    );
    expect((await folder.run(['eval', 'slow.ts'], { KILLED: '1' })).code).toBeNull();
    expect((await folder.run(['eval', 'slow.ts', '--resume'])).code).toBe(0);
    expect(readFileSync(join(folder.path, 'calls.txt'), 'utf8').trim().split('\n')).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  test('says where a file failed, in its own lines', async () => {
    folder.write(
      'lib/fails.ts',
      'interface A { a: number }\n\n\nexport function fail(): never {\n  throw new RangeError("no model");\n}\n',
    );
    folder.write('throws.ts', "import { fail } from './lib/fails';\n\ntype B = 1;\nfail();\n");
    const { code, stderr } = await folder.run(['eval', 'throws.ts']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/RangeError: no model\n {4}at fail .*lib\/fails\.ts:5:9\)\n.*throws\.ts:4:/);
  });

  test('says once what an experiment failed with, and runs the others', async () => {
    folder.write(
      'wrong.ts',
      "import { evaluate } from 'spandrel/experiments';\nawait evaluate({ name: 'wrong', data: 'rows.xyz', task: () => 1, progress: 'none' });\n",
    );
    const { code, stderr, stdout } = await folder.run(['eval', 'wrong.ts', 'capitals.eval.ts']);
    expect(code).toBe(1);
    expect(stderr.split('rows.xyz')).toHaveLength(2);
    expect(stdout).toContain('mean 0.75');
  });
});

describe('spandrel eval, where it cannot', () => {
  test.each([
    [['eval'], 2, 'expected a file, a folder or a glob to evaluate, got none.'],
    [['eval', 'none.ts'], 2, 'none.ts: expected an evaluation file, found no such file.'],
    [['eval', 'none/*.ts'], 2, 'none/*.ts: expected at least one file to match, found none in'],
    [['eval', 'lib'], 2, 'lib: expected evaluation files in this folder, such as a.eval.ts, found none.'],
    [
      ['eval', 'nested', '--filter', 'cap'],
      2,
      '--filter cap: expected part of the name of an experiment, of other.',
    ],
    [
      ['eval', 'nested', '--concurrency', '0'],
      2,
      '--concurrency: expected a whole number from 1, or auto, got 0.',
    ],
    [['eval', 'nested', '--fail-on', 'exact'], 2, '--fail-on exact: expected <metric>>=<number>'],
    [['eval', 'nested', '--colour'], 2, "Unknown option '--colour'"],
    [['evil'], 2, 'expected the command eval, got evil.'],
    [[], 2, 'expected a command: eval.'],
  ])('%j ends with %i: %s', async (words, code, message) => {
    const result = await folder.run(words);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
    expect(result.stderr).toContain(`spandrel: ${message}`);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  test.each([
    ['syntax.ts', 'const a = 1;\nconst b = (;\n', 'syntax.ts:2:11: syntax error: Unexpected token'],
    [
      'missing.ts',
      "import { a } from './nowhere';\nconsole.log(a);\n",
      "missing.ts: Cannot find module './nowhere'",
    ],
    [
      'empty.ts',
      'export const a = 1;\n',
      'empty.ts: expected a call of evaluate() of spandrel/experiments, or its options as default export, found neither.',
    ],
  ])('%s is one line', async (name, text, message) => {
    folder.write(name, text);
    const { code, stdout, stderr } = await folder.run(['eval', name]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.startsWith(`spandrel: ${message}`)).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a report that may not be written is named, and the numbers are printed all the same', async () => {
    const { code, stdout, stderr } = await folder.run(['eval', 'capitals.eval.ts', '--report', 'lib']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'mean 0.75 most 10\n' });
    expect(stderr).toContain('spandrel: lib: could not be written: ');
  });

  test('ends although a file leaves something open', async () => {
    folder.write(
      'open.ts',
      "setInterval(() => {}, 1000);\nexport default { data: [1], task: () => 1, progress: 'none' };\n",
    );
    const { code, stderr } = await folder.run(['eval', 'open.ts']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'spandrel: something that a file opened is still open; ended all the same.\n',
    });
  });
});

test('spandrel --help and --version say what they say', async () => {
  expect((await folder.run(['--help'])).stdout).toMatch(/^Usage: spandrel eval/);
  expect((await folder.run(['eval', '--help'])).code).toBe(0);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect((await folder.run(['--version'])).stdout).toBe(`${version}\n`);
});

test('--watch runs again when a file that was loaded changes, and only then', async () => {
  folder.write('watched/value.ts', 'export const value: number = 1;\n');
  folder.write(
    'watched/watched.eval.ts',
    `
    import { evaluate } from 'spandrel/experiments';
    import { value } from './value';
    await evaluate({ name: 'watched', data: [1], task: () => value, progress: 'none', directory: null });
    console.log('value is', value);
  `,
  );
  const command = startCommand(folder.path, ['eval', 'watched', '--watch']);
  try {
    expect(await command.until('waiting for a change')).toContain('value is 1\n');
    folder.write('watched/unrelated.ts', 'export const value = 3;\n');
    folder.write('watched/value.ts', 'export const value: number = 2;\n');
    const second = await command.until('waiting for a change');
    expect(second).toContain('value is 2\n');
    folder.write('watched/value.ts', 'export const value: number = (;\n');
    expect(await command.until('waiting for a change')).toContain('value.ts:1:30: syntax error');
    folder.write('watched/value.ts', 'export const value: number = 4;\n');
    expect(await command.until('waiting for a change')).toContain('value is 4\n');
  } finally {
    await command.interrupt();
  }
});

test('--watch stops a run that a change has made stale, and begins again', async () => {
  const stale = (value: number) => `
    import { evaluate } from 'spandrel/experiments';
    const task = (_: unknown, { signal }: { signal: AbortSignal }) =>
      ${value} === 2 ? 2 : new Promise((_, reject) => {
        const timer = setTimeout(reject, 60_000);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
        console.log('waits');
      });
    const { interrupted } = await evaluate({ name: 'stale', data: [1], task, progress: 'none', directory: null });
    console.log('ended ${value}', interrupted === true);
  `;
  folder.write('stale/stale.eval.ts', stale(1));
  const command = startCommand(folder.path, ['eval', 'stale', '--watch']);
  try {
    await command.until('waits');
    folder.write('stale/stale.eval.ts', stale(2));
    expect(await command.until('waiting for a change')).toMatch(/ended 1 true\n[\s\S]*ended 2 false\n/);
  } finally {
    await command.interrupt();
  }
});

test('the guide gives progress, a table, a page and JUnit XML from one command', async () => {
  const [code] = blocksOf('docs/guides/evaluation-files.md', 'ts');
  folder.write('guide/capitals.eval.ts', code);
  const {
    code: exitCode,
    stdout,
    stderr,
  } = await folder.run([
    'eval',
    'guide/capitals.eval.ts',
    '--report',
    'guide/report.html',
    '--junit',
    'guide/junit.xml',
    '--fail-on',
    'exact>=0.8',
  ]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^capitals: 100 % · 3\/3/m);
  expect(stdout).toMatch(/^exact +\| +0\.6667 /m);
  expect(stdout).toContain('gate failed: exact: mean of exact: expected at least 0.8, got 0.6667.');
  expect(readdirSync(join(folder.path, 'guide')).sort()).toEqual([
    'capitals.eval.ts',
    'junit.xml',
    'report.html',
  ]);
});
