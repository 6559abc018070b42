import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { ExperimentResult } from '../../src/experiments/result.ts';
import { formatCost, formatDuration, formatNumber } from '../../src/experiments/views/numbers.ts';
import { resultText } from '../../src/experiments/views/result-table.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { comparison, experiment, metric } from '../helpers/experiment-result.ts';
import { probeTerminal, runOnTerminal } from '../helpers/terminal.ts';

const plain = (_: string, text: string) => text;
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u001b[31mred', 'two\nlines', '漢字'.repeat(30), '\u009b2J', 'e\u0301'.repeat(90), '🏳️‍🌈'),
);
const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e-9, 123456.789, -1e20));

const anyResult: fc.Arbitrary<ExperimentResult> = fc
  .record({
    name: hostile,
    file: fc.option(hostile, { nil: null }),
    metrics: fc.array(
      fc.record({ name: hostile, mean: number, p50: number, max: number, errors: fc.nat() }),
      {
        maxLength: 5,
      },
    ),
    compared: fc.array(fc.record({ name: hostile, mean: number, difference: number }), { maxLength: 3 }),
    label: hostile,
    message: hostile,
  })
  .map(({ name, file, metrics, compared, label, message }) =>
    experiment({
      name,
      file,
      metrics: metrics.map(metric),
      baseline: { name, runId: label, metrics: compared.map(comparison) },
      runScores: [{ name, value: null, label, durationMs: 1, spanId: null }],
      gate: { passed: false, failures: [{ metric: name, rule: 'min', message }] },
    }),
  );

const full = experiment({
  file: '.spandrel/experiments/run-1.jsonl',
  counts: { total: 1_200, ok: 1_197, error: 2, timeout: 1, aborted: 0, cached: 40 },
  metrics: [
    metric({ count: 1_197, errors: 3 }),
    metric({ name: 'duration_ms', mean: 412.3, standardDeviation: 61, p50: 400, p95: 5_100 }),
    metric({ name: 'cost', mean: 0.001, count: 1_200 }),
  ],
  runScores: [{ name: 'f1', value: 0.91234, durationMs: 1, spanId: null }],
  baseline: { name: 'capitals', runId: 'run-0', metrics: [comparison()] },
  gate: { passed: false, failures: [{ metric: 'exact', rule: 'min 0.8', message: 'expected 0.8, got 0.5' }] },
});

describe('the table of a result', () => {
  test('says what came out, with the units of each metric', () => {
    const lines = resultText(full, 100, plain).split('\n');
    expect(lines.slice(1, 4)).toEqual([
      'capitals',
      '1,200 items in 8.2 s · 3 errors · 40 cached · $1.20',
      'rows: .spandrel/experiments/run-1.jsonl',
    ]);
    const cells = lines.map((line) => line.split(/ *\| +/));
    expect(cells).toContainEqual(['metric', 'mean', '± sd', 'p50', 'p95', 'min', 'max', 'n', 'errors']);
    expect(cells).toContainEqual(['exact', '0.5', '0.25', '0.5', '0.95', '0', '1', '1,197', '3']);
    expect(cells.find(([name]) => name === 'duration_ms')?.slice(1, 5)).toEqual([
      '412 ms',
      '61 ms',
      '400 ms',
      '5.1 s',
    ]);
    expect(cells).toContainEqual(['exact', '0.4', '0.5', '+0.1', '+0.05 … +0.15', '2/1/0']);
    expect(lines).toContain('baseline: capitals (run-0)');
    expect(lines).toContain('f1: 0.9123');
    expect(lines).toContain('gate failed: exact: expected 0.8, got 0.5');
  });

  test('leaves out what matters least where the terminal is narrow', () => {
    const titles = (columns: number) =>
      resultText(full, columns, plain)
        .split('\n')
        .find((line) => line.startsWith('metric'))
        ?.split(/ *\| +/);
    expect(titles(48)).toEqual(['metric', 'mean', '± sd', 'p50', 'p95', 'n']);
    expect(titles(28)).toEqual(['metric', 'mean', 'n']);
    expect(titles(16)).toEqual(['metri…', 'mean'].map((title) => expect.stringContaining(title.slice(0, 4))));
  });

  test('fits and stays itself, whatever the data holds', () => {
    fc.assert(
      fc.property(anyResult, fc.integer({ min: 40, max: 200 }), (result, columns) => {
        for (const line of resultText(result, columns, plain).split('\n')) {
          expect(stringWidth(line)).toBeLessThanOrEqual(columns);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
        }
      }),
    );
  });

  test('aligns its columns under characters of any width', () => {
    const names = ['exact', '正確さ', 'é́x', '👩‍👩‍👧‍👦 team'];
    const text = resultText(experiment({ metrics: names.map((name) => metric({ name })) }), 100, plain);
    const ends = text
      .split('\n')
      .filter((line) => / 0\.25 \|/.test(line))
      .map((line) => stringWidth(line.slice(0, line.indexOf(' 0.25 |'))));
    expect(ends).toHaveLength(4);
    expect(new Set(ends).size).toBe(1);
  });
});

const program = `
  import { openViews } from './src/experiments/views/open-views.ts';
  openViews({ progress: 'none', print: true, name: 'x' }).end(${JSON.stringify(full)});
`;

test('a pipe gets no colours, and nothing on stderr', async () => {
  const { stdout, stderr } = await run(await bundle(program), { environment: { FORCE_COLOR: '3' } });
  expect(stdout).toBe(resultText(full, 100, plain));
  expect(stderr).toBe('');
});

requireCounterpart('a terminal', probeTerminal)('a table on a terminal', () => {
  test('has colours, unless NO_COLOR is set', async () => {
    const file = await bundle(program);
    const coloured = await runOnTerminal(file, { columns: 60 });
    const plainOne = await runOnTerminal(file, { columns: 60, environment: { NO_COLOR: '1' } });
    expect(coloured.bytes).toContain('\u001b[1mcapitals');
    expect(plainOne.bytes).not.toContain('\u001b');
    expect(stripVTControlCharacters(coloured.bytes)).toBe(plainOne.bytes);
    expect(plainOne.lines.join('\n')).toBe(resultText(full, 60, plain).replace(/ +$/gm, '').trimEnd());
  });
});

describe('numbers', () => {
  test.each([
    [0.83333333, '0.8333'],
    [12_345.6, '12,346'],
    [-1_234_567, '-1,234,567'],
    [999.96, '1000'],
    [0.00001234, '1.23e-5'],
    [Number.NaN, '–'],
  ])('%d reads %s', (value, text) => expect(formatNumber(value)).toBe(text));
  test.each([
    [0.5, '0.5 ms'],
    [999.6, '1 s'],
    [8_249, '8.2 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_900, '1 h'],
    [3_900_000, '1 h 5 min'],
  ])('%d ms is %s', (value, text) => expect(formatDuration(value)).toBe(text));
  test.each([
    [0, '$0.00'],
    [12.345, '$12.35'],
    [0.00123, '$0.0012'],
  ])('$ %d is %s', (value, text) => expect(formatCost(value)).toBe(text));
});
