import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import type { BenchCase } from './corpus.ts';
import type { ExportResult, WarmResult } from './job.ts';
import { ROOT } from './repository.ts';
import type { Side } from './sdk.ts';
import { isRival } from './sides.ts';
import { median, pairedRatio, percentile } from './statistics.ts';

/** What the runs of one batch case measured, all sides and processes together. */
export interface BatchOutcome {
  benchCase: BenchCase;
  /** One entry a process; the sides inside it were interleaved. */
  runs: WarmResult[][];
  cold: Map<Side, { firstBatch: number; garbageBytes: number }>;
}

export interface ExportOutcome {
  benchCase: BenchCase;
  runs: ExportResult[][];
}

type Table = { head: string[]; rows: string[][] };

/** Nanoseconds a span, one row a case and side; ratios say how many times faster we were than that rival. */
export function batchTable(outcomes: BatchOutcome[]): Table {
  const head = ['case', 'side', 'engine', 'p50', 'p99', 'batch p99', 'cold', 'garbage B', 'wire B'];
  const hasBefore = outcomes.some(({ runs }) => sidesOf(runs).includes('before'));
  return {
    head: [...head, 'x upstream', 'x patched', 'x ts', ...(hasBefore ? ['x before'] : [])],
    rows: outcomes.flatMap((outcome) =>
      sidesOf(outcome.runs).map((side) => batchRow(outcome, side, hasBefore)),
    ),
  };
}

function batchRow({ benchCase, runs, cold }: BatchOutcome, side: Side, hasBefore: boolean): string[] {
  const own = runs.flat().filter((result) => result.side === side);
  const rounds = own.flatMap((result) => result.rounds);
  return [
    benchCase.name,
    side,
    own[0].engine,
    whole(median(rounds)),
    whole(percentile(rounds, 0.99)),
    whole(Math.max(...own.map((result) => result.batchP99))),
    whole(cold.get(side)?.firstBatch),
    whole(cold.get(side)?.garbageBytes),
    whole(own[0].wireBytes),
    times(ratiosTo('upstream', side, runs), side),
    times(ratiosTo('patched', side, runs), side),
    times(side === 'wasm' ? wasmOverTs(runs) : [], side),
    ...(hasBefore ? [times(side === 'wasm' ? ratiosTo('before', side, runs) : [], side)] : []),
  ];
}

/** Our ratio to another side of the same processes, one number a process; also the control's to upstream, what native strings alone give. */
export function ratiosTo(rival: Side, side: Side, runs: WarmResult[][]): number[] {
  if (side === rival || (isRival(side) && rival !== 'upstream')) return [];
  return runs.flatMap((run) => {
    const ours = run.find((result) => result.side === side);
    const theirs = run.find((result) => result.side === rival);
    return ours && theirs ? [pairedRatio(theirs.rounds, ours.rounds)] : [];
  });
}

/** The engines run in processes of their own, so upstream, which is in both, is the common measure if it ran. */
function wasmOverTs(runs: WarmResult[][]): number[] {
  const [wasm, ts] = [ratiosTo('upstream', 'wasm', runs), ratiosTo('upstream', 'ts', runs)];
  if (wasm.length > 0 && ts.length > 0) return [median(wasm) / median(ts)];
  const [wasmRounds, tsRounds] = (['wasm', 'ts'] as const).map((side) =>
    runs.flat().flatMap((result) => (result.side === side ? result.rounds : [])),
  );
  return wasmRounds.length > 0 && tsRounds.length > 0 ? [median(tsRounds) / median(wasmRounds)] : [];
}

/** Milliseconds of main-thread block; what counts is the part above the better control of the same process. */
export function exportTable(outcomes: ExportOutcome[]): Table {
  const head = [
    'case',
    'side',
    'engine',
    'block p50 ms',
    'block p99 ms',
    'above control p50',
    'above control p99',
  ];
  return {
    head: [...head, 'export p50 ms', 'requests', 'wire B/span'],
    rows: outcomes.flatMap(({ benchCase, runs }) =>
      runs.flatMap((run) => run.map((result) => exportRow(benchCase.name, result, run))),
    ),
  };
}

function exportRow(name: string, result: ExportResult, run: ExportResult[]): string[] {
  const controls = run.filter(({ side }) => side === 'control' || side === 'sliced control');
  const above = (share: number): string => {
    if (controls.includes(result)) return '-';
    const best = Math.min(...controls.map(({ blocks }) => percentile(blocks, share)));
    return milliseconds(percentile(result.blocks, share) - best);
  };
  return [
    name,
    result.side,
    result.engine,
    milliseconds(percentile(result.blocks, 0.5)),
    milliseconds(percentile(result.blocks, 0.99)),
    above(0.5),
    above(0.99),
    milliseconds(percentile(result.durations, 0.5)),
    result.requests.toFixed(result.requests % 1 === 0 ? 0 : 1),
    whole(result.wireBytes),
  ];
}

export function plainText({ head, rows }: Table): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ');
  return [line(head), ...rows.map(line)].join('\n');
}

function markdownTable({ head, rows }: Table): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column < 3 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** The whole of bench/results.md. */
export function markdown(
  batches: BatchOutcome[],
  exports: ExportOutcome[],
  about: string[],
  notes: string[],
): string {
  const cases = [...batches, ...exports].map(({ benchCase: { name, what } }) => `- \`${name}\`: ${what}`);
  const sections = [
    '# Bench results\n\nWritten by the bench; how it measures is in [README.md](README.md). Rows that lost stay in.',
    about.join('\n'),
    `Measured: ${versions(batches, exports).join('; ')}.`,
    ...notes.map((note) => `Not measured: ${note}.`),
  ];
  if (batches.length > 0) {
    sections.push(`## Nanoseconds a span\n\n${markdownTable(batchTable(batches))}`);
  }
  if (exports.length > 0) {
    sections.push(`## Main-thread block of an export\n\n${markdownTable(exportTable(exports))}`);
  }
  return `${[...sections, `## The cases\n\n${cases.join('\n')}`].join('\n\n')}\n`;
}

/** What a reader needs to repeat the run: the command, the machine, the runtime, the code. */
export function machine(command: string, build: string): string[] {
  return [
    `- command: \`${command}\``,
    `- machine: ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`,
    `- node ${process.version}, ${new Date().toISOString().slice(0, 10)}, commit ${commit()}, build ${build}`,
  ];
}

function versions(batches: BatchOutcome[], exports: ExportOutcome[]): string[] {
  const results = [...batches, ...exports].flatMap(({ runs }): { side: string; version: string }[] =>
    runs.flat(),
  );
  return [...new Set(results.map(({ side, version }) => `${side} = ${version}`))];
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const sidesOf = (runs: WarmResult[][]): Side[] => [...new Set(runs.flat().map(({ side }) => side))];

const whole = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : Math.round(value).toString();

const milliseconds = (value: number): string => value.toFixed(2);

/** The median over processes, then the lowest and the highest of them. */
function times(ratios: number[], side: Side): string {
  if (ratios.length === 0) return '-';
  const ratio = median(ratios);
  const range = ratios.length > 1 ? ` [${factor(Math.min(...ratios))} ${factor(Math.max(...ratios))}]` : '';
  return `${factor(ratio)}${range}${ratio < 1 && !isRival(side) ? ' lost' : ''}`;
}

const factor = (ratio: number): string => ratio.toFixed(ratio < 10 ? 2 : 1);
