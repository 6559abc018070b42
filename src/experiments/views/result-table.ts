/** @module The numbers of an experiment as tables for a terminal of any width. */
import { markdownTable } from 'markdown-table';
import type { ExperimentResult, MetricComparison, MetricSummary } from '../result.ts';
import {
  formatAmount,
  formatCost,
  formatCount,
  formatDifference,
  formatDuration,
  formatNumber,
} from './numbers.ts';
import { fitted, oneLine, widthOf } from './one-line.ts';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'green' | 'red' | 'dim', text: string) => string;

/** A column: its title, its text for a row, and how much it matters when not all fit; the first is never left out. */
interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** The higher, the earlier it is left out. */
  readonly rank: number;
  readonly paint?: (row: Row) => Parameters<Paint>[0] | undefined;
}

/** Columns of what stands between two cells. */
const GAP = 3;
/** A column of the library is never narrower. */
const NARROWEST = 2;
const LONGEST_NAME = 40;
const SHORTEST_NAME = 6;

const METRIC_COLUMNS: readonly Column<MetricSummary>[] = [
  { title: 'metric', cell: ({ name }) => oneLine(name, LONGEST_NAME), rank: 0 },
  { title: 'mean', cell: ({ name, mean }) => inUnit(name, mean), rank: 0 },
  { title: '± sd', cell: ({ name, standardDeviation }) => inUnit(name, standardDeviation), rank: 3 },
  { title: 'p50', cell: ({ name, p50 }) => inUnit(name, p50), rank: 2 },
  { title: 'p95', cell: ({ name, p95 }) => inUnit(name, p95), rank: 2 },
  { title: 'min', cell: ({ name, min }) => inUnit(name, min), rank: 5 },
  { title: 'max', cell: ({ name, max }) => inUnit(name, max), rank: 5 },
  { title: 'n', cell: ({ count }) => formatCount(count), rank: 1 },
  {
    title: 'errors',
    cell: ({ errors }) => formatCount(errors),
    rank: 4,
    paint: ({ errors }) => (errors > 0 ? 'red' : undefined),
  },
];

const COMPARISON_COLUMNS: readonly Column<MetricComparison>[] = [
  { title: 'against baseline', cell: ({ name }) => oneLine(name, LONGEST_NAME), rank: 0 },
  { title: 'baseline', cell: ({ name, baselineMean }) => inUnit(name, baselineMean), rank: 3 },
  { title: 'mean', cell: ({ name, mean }) => inUnit(name, mean), rank: 2 },
  { title: 'change', cell: ({ difference }) => formatDifference(difference), rank: 0, paint: direction },
  {
    title: 'interval',
    cell: ({ interval: { low, high } }) => `${formatDifference(low)} … ${formatDifference(high)}`,
    rank: 1,
  },
  {
    title: 'win/tie/loss',
    cell: ({ wins, ties, losses }) => [wins, ties, losses].map(formatCount).join('/'),
    rank: 4,
  },
];

/** A metric whose name says that it is a time is shown as one. */
function inUnit(name: string, value: number): string {
  return name.endsWith('_ms') ? formatDuration(value) : formatNumber(value);
}

/** A colour only where the interval leaves no doubt that there is a change, and wins and losses say its direction. */
function direction({ interval, wins, losses }: MetricComparison): 'green' | 'red' | undefined {
  if (interval.low <= 0 && interval.high >= 0) return undefined;
  return wins === losses ? undefined : wins > losses ? 'green' : 'red';
}

/** What a run came to, in lines of at most `columns` columns, with `\n` at the end. */
export function resultText(result: ExperimentResult, columns: number, paint: Paint): string {
  const { metrics, runScores, baseline, gate } = result;
  const blocks = [headline(result, columns, paint)];
  if (metrics.length > 0) blocks.push(tableOf(METRIC_COLUMNS, metrics, columns, paint));
  if (runScores.length > 0) {
    const lines = runScores.map(({ name, value, label, error }) => {
      const said = error === undefined ? (label ?? shownValue(value)) : `failed: ${error.message}`;
      return oneLine(`${name}: ${said}`, columns);
    });
    blocks.push(`${lines.join('\n')}\n`);
  }
  if (baseline !== undefined) {
    const title = oneLine(`baseline: ${baseline.name} (${baseline.runId})`, columns);
    blocks.push(`${title}\n${tableOf(COMPARISON_COLUMNS, baseline.metrics, columns, paint)}`);
  }
  if (gate !== undefined) {
    const lines = gate.passed
      ? [paint('green', fitted('gate passed', columns))]
      : gate.failures.map(({ metric, message }) =>
          paint('red', oneLine(`gate failed: ${metric}: ${message}`, columns)),
        );
    blocks.push(`${lines.join('\n')}\n`);
  }
  return `\n${blocks.join('\n')}`;
}

function headline(
  { name, counts, durationMs, metrics, file }: ExperimentResult,
  columns: number,
  paint: Paint,
) {
  const failed = counts.error + counts.timeout;
  const parts = [`${formatAmount(counts.total, 'item')} in ${formatDuration(durationMs)}`];
  if (failed > 0) parts.push(formatAmount(failed, 'error'));
  if (counts.aborted > 0) parts.push(`${formatCount(counts.aborted)} stopped`);
  if (counts.cached > 0) parts.push(`${formatCount(counts.cached)} cached`);
  const cost = metrics.find((metric) => metric.name === 'cost');
  if (cost !== undefined) parts.push(formatCost(cost.mean * cost.count));
  const title = paint('bold', oneLine(name, columns));
  const lines = [title, fitted(parts.join(' · '), columns)];
  if (file !== null) lines.push(paint('dim', oneLine(`rows: ${file}`, columns)));
  return `${lines.join('\n')}\n`;
}

function shownValue(value: number | boolean | string | null): string {
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

/** A table that fits: columns that matter least go first, then the names are cut. */
function tableOf<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  available: number,
  paint: Paint,
): string {
  if (rows.length === 0) return '';
  let columns = all;
  const widths = () =>
    columns.map(({ title, cell }) =>
      Math.max(NARROWEST, widthOf(title), ...rows.map((row) => widthOf(cell(row)))),
    );
  const rest = () =>
    widths()
      .slice(1)
      .reduce((sum, width) => sum + GAP + width, 0);
  while (rest() + SHORTEST_NAME > available && columns.length > 2) {
    const last = Math.max(...columns.slice(1).map(({ rank }) => rank));
    const leave = columns.findLastIndex(({ rank }, place) => place > 0 && rank === last);
    columns = columns.filter((_, place) => place !== leave);
  }
  const first = Math.max(NARROWEST, Math.min(widths()[0], available - rest()));
  const cells = rows.map((row) =>
    columns.map(({ cell, paint: style }, place) => {
      const text = place === 0 ? fitted(cell(row), first) : cell(row);
      const name = style?.(row);
      return name === undefined ? text : paint(name, text);
    }),
  );
  const titles = columns.map(({ title }, place) => paint('bold', place === 0 ? fitted(title, first) : title));
  const text = markdownTable([titles, ...cells], {
    align: columns.map((_, place) => (place === 0 ? 'left' : 'right')),
    delimiterStart: false,
    delimiterEnd: false,
    stringLength: widthOf,
  });
  const [head, marks, ...body] = text.split('\n');
  return `${[head, marks.replaceAll(':', '-'), ...body].join('\n')}\n`;
}
