import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../src/experiments/result.ts';
import { openViews } from '../../src/experiments/views/open-views.ts';
import { barLine } from '../../src/experiments/views/progress-bar.ts';
import { progressLines } from '../../src/experiments/views/progress-lines.ts';
import { Rate } from '../../src/experiments/views/progress-text.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { experiment, progress } from '../helpers/experiment-result.ts';
import { probeTerminal, runOnTerminal } from '../helpers/terminal.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '漢字'.repeat(40),
    '👩‍👩‍👧‍👦',
    'a\r\nb',
    '\u202eabc',
    '\u009b31m',
  ),
);

/** A program that reports 100 items, and writes a line of its own after every twentieth. */
const program = (end: string) => `
  import { openViews } from './src/experiments/views/open-views.ts';
  import { setTimeout as wait } from 'node:timers/promises';
  const view = openViews({ progress: 'auto', print: false, name: 'capitals\\u001b[31m\\nof' });
  const started = Date.now();
  for (let done = 1; done <= 100; done++) {
    view.update({ done, total: 100, running: 5, concurrency: 5, errors: done >= 50 ? 2 : 0, cached: 0, cost: done / 1000, elapsedMs: done * 90 });
    if (done % 20 === 0) console.log('own line ' + done);
    if (done % 10 === 0) await wait(1);
  }
  view.end(${end});
  console.log('after');
`;

requireCounterpart('a terminal', probeTerminal)('progress on a terminal', () => {
  test.each([30, 60, 120])('is one line of %i columns, below what the program writes', async (columns) => {
    const { code, lines, restored, bytes } = await runOnTerminal(await bundle(program('{}')), { columns });
    expect({ code, restored }).toEqual({ code: 0, restored: true });
    const own = [20, 40, 60, 80, 100].map((done) => `own line ${done}`);
    expect([...lines.slice(0, 5), ...lines.slice(6)]).toEqual([...own, 'after']);
    expect(lines[5]).toMatch(/^capita\S*( of)? (█+ )?100 % 100\/100/);
    // Drawn many times, and shown once.
    expect(bytes.split('100/100').length).toBeGreaterThan(1);
    expect(bytes.split(' % ').length).toBeGreaterThan(20);
    expect(bytes).not.toContain('\u001b[31m');
  });

  test('does not break into a line that the program has not ended', async () => {
    const source = program('{}').replace(
      'if (done % 10 === 0)',
      "if (done === 31) process.stdout.write('began ');\n    if (done === 59) console.log('and ended');\n    if (done % 10 === 0)",
    );
    const { lines } = await runOnTerminal(await bundle(source));
    // A line of its own comes between them, and stands where the program put it.
    expect(lines.filter((line) => !line.startsWith('capitals'))).toEqual([
      'own line 20',
      'began own line 40',
      'and ended',
      'own line 60',
      'own line 80',
      'own line 100',
      'after',
    ]);
  });

  test('says that it was stopped', async () => {
    const { lines } = await runOnTerminal(await bundle(program('null')));
    expect(lines.slice(-3)).toEqual([expect.stringContaining('100 %'), 'stopped', 'after']);
  });

  test('is lines where the terminal cannot move its cursor', async () => {
    const { bytes, lines } = await runOnTerminal(await bundle(program('{}')), {
      environment: { TERM: 'dumb' },
    });
    expect(bytes).not.toContain('\u001b');
    expect(lines.filter((line) => line.startsWith('capitals of: '))).toHaveLength(10);
  });
});

describe('progress in a pipe', () => {
  test('is ten lines on stderr, and nothing on stdout', async () => {
    const { code, stdout, stderr } = await run(await bundle(program('{}')));
    expect(code).toBe(0);
    expect(stdout).toBe(`${[20, 40, 60, 80, 100].map((done) => `own line ${done}`).join('\n')}\nafter\n`);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[4]).toBe(
      'capitals of: 50 % · 50/100 · 2 errors · 4.5 s left · 11/s · $0.05 · 5 running · 4.5 s',
    );
    expect(stderr).not.toContain('\u001b');
  });

  test('is few lines, however long it takes and whether or not an end is known', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 400, size: 'max' }),
        fc.boolean(),
        (steps, isKnown) => {
          const lines: string[] = [];
          const view = progressLines('x', (text) => lines.push(text));
          let elapsedMs = 0;
          steps.forEach((step, done) => {
            elapsedMs += step;
            view.update(progress({ done: done + 1, total: isKnown ? steps.length : null, elapsedMs }));
          });
          view.end(experiment());
          const quiet = Math.min(elapsedMs / 5_000, 20 + 21 * Math.log(1 + elapsedMs / 100_000));
          expect(lines.length).toBeLessThanOrEqual(11 + quiet);
          expect(lines.at(-1)).toContain(isKnown ? '100 %' : String(steps.length));
        },
      ),
    );
  });

  test('of a run that is quiet says nothing again', () => {
    const lines: string[] = [];
    const view = progressLines('x', (text) => lines.push(text));
    for (let second = 0; second < 600; second++)
      view.update(progress({ elapsedMs: second * 1_000, done: 3 }));
    expect(lines).toHaveLength(1);
  });
});

describe('a line of progress', () => {
  test('fits any terminal, and holds no command for it', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.nat(300),
        fc.nat(1e6),
        fc.option(fc.nat(1e6), { nil: null }),
        (name, columns, done, total) => {
          const line = barLine(
            name,
            progress({ done, total, errors: 3, cost: 1.5, running: 4 }),
            12.3,
            columns,
          );
          expect(stringWidth(line)).toBeLessThan(Math.max(2, columns));
          expect(line).not.toMatch(CONTROLS);
        },
      ),
    );
  });

  test('has a rate of the last seconds, of items that were computed', () => {
    const rate = new Rate();
    const events = Array.from({ length: 61 }, (_, second) => {
      const slow = Math.min(second, 30);
      return progress({
        elapsedMs: second * 1_000,
        done: 1_000 + slow + (second - slow) * 10,
        cached: 1_000,
      });
    });
    const rates = events.map((event) => {
      rate.add(event);
      return rate.perSecond(event);
    });
    expect(rates[20]).toBeCloseTo(1, 5);
    expect(rates[60]).toBeCloseTo(10, 5);
  });
});

test('a function gets the numbers, and nothing is shown', () => {
  const given: ProgressEvent[] = [];
  const written: unknown[] = [];
  const stream = { write: (text: unknown) => written.push(text) } as unknown as NodeJS.WriteStream;
  const streams = { stdout: stream, stderr: stream };
  const view = openViews({ progress: (event) => given.push(event), print: false, name: 'x', streams });
  view.update(progress({ done: 7 }));
  view.end(experiment());
  expect({ given, written }).toEqual({ given: [progress({ done: 7 })], written: [] });
});
