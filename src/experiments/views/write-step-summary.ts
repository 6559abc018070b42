/** @module An experiment as a summary of a GitHub Actions step: Markdown, appended to the file that GitHub names. */
import { appendFile, stat } from 'node:fs/promises';
import { markdownTable } from 'markdown-table';
import { toPrintable } from '../../diagnostics.ts';
import type { ExperimentResult, ItemResult } from '../result.ts';
import { formatAmount, formatCount, formatDifference, formatDuration, formatNumber } from './numbers.ts';

/** GitHub Actions, "Adding a job summary": a step may have 1 MiB; with more, all of it is refused. */
const LIMIT_BYTES = 1_048_576;
/** Most rows of a table. */
const MAXIMUM_ROWS = 200;
/** Most items that failed. */
const MAXIMUM_FAILED = 20;
const CELL_UNITS = 300;

/**
 * Appends the numbers of a run, its comparison, its gate and the first items that failed to `path`.
 *
 * @param path - default: `GITHUB_STEP_SUMMARY`. Without either nothing is written.
 * @returns whether it was written; `false` as well when what is there leaves no room for it.
 * @throws Error when the file cannot be written, or the rows cannot be read.
 */
export async function writeStepSummary(
  result: ExperimentResult,
  path: string | undefined = process.env.GITHUB_STEP_SUMMARY,
): Promise<boolean> {
  if (path === undefined || path === '') return false;
  const there = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const parts = [...summaryParts(result), await failedPart(result)];
  // The parts that matter least are last.
  while (parts.length > 0 && there + Buffer.byteLength(textOf(parts)) > LIMIT_BYTES) parts.pop();
  if (parts.length === 0) return false;
  await appendFile(path, textOf(parts));
  return true;
}

function textOf(parts: readonly string[]): string {
  return `\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/**
 * Any text as one line of Markdown that says just that: punctuation is written as character references, which are never
 * taken for structure (CommonMark 0.31.2, 2.5).
 */
export function escapeMarkdown(text: string): string {
  const line = toPrintable(text.slice(0, CELL_UNITS)).replace(/\s+/g, ' ').trim();
  const shown = text.length > CELL_UNITS ? `${line}…` : line;
  return (
    shown
      .replace(/[!-/:-@[-`{-~]/g, (one) => (/[,;.%+=-]/.test(one) ? one : `&#${one.charCodeAt(0)};`))
      // An address without a scheme becomes a link too (GitHub Flavored Markdown 0.29, 6.9).
      .replace(/www\./gi, (one) => `${one.slice(0, 3)}&#46;`)
  );
}

function summaryParts({ name, counts, durationMs, metrics, baseline, gate }: ExperimentResult): string[] {
  const failed = counts.error + counts.timeout;
  const facts = [
    `${formatAmount(counts.total, 'item')} in ${formatDuration(durationMs)}`,
    ...(failed > 0 ? [formatAmount(failed, 'error')] : []),
    ...(counts.aborted > 0 ? [`${formatCount(counts.aborted)} stopped`] : []),
    ...(counts.cached > 0 ? [`${formatCount(counts.cached)} cached`] : []),
  ];
  const rules = (gate?.failures ?? []).map((one) => [one.metric, one.message]);
  const numbers = metrics.map(({ name, mean, standardDeviation, p50, p95, count, errors }) => [
    name,
    ...[mean, standardDeviation, p50, p95].map(formatNumber),
    formatCount(count),
    formatCount(errors),
  ]);
  const changes = (baseline?.metrics ?? []).map((one) => [
    one.name,
    formatNumber(one.baselineMean),
    formatNumber(one.mean),
    formatDifference(one.difference),
    `${formatDifference(one.interval.low)} … ${formatDifference(one.interval.high)}`,
    [one.wins, one.ties, one.losses].map(formatCount).join('/'),
  ]);
  return [
    `### ${escapeMarkdown(name) || 'experiment'}`,
    facts.join(' · '),
    gate === undefined ? '' : gate.passed ? '✅ gate passed' : '❌ gate failed',
    table(['gate', 'expected'], rules),
    table(['metric', 'mean', '± sd', 'p50', 'p95', 'n', 'errors'], numbers),
    table(['against baseline', 'baseline', 'mean', 'change', 'interval', 'win/tie/loss'], changes),
  ];
}

async function failedPart(result: ExperimentResult): Promise<string> {
  if (result.counts.total === result.counts.ok) return '';
  const rows: string[][] = [];
  for await (const { id, status, error } of result.items() as AsyncIterable<ItemResult>) {
    if (status === 'ok') continue;
    if (rows.length === MAXIMUM_FAILED) break;
    rows.push([id, status, error === undefined ? '' : `${error.name}: ${error.message}`]);
  }
  return table(['failed item', 'status', 'error'], rows);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const cells = rows.slice(0, MAXIMUM_ROWS).map((row) => row.map(escapeMarkdown));
  // Not aligned: nobody reads the source, and spaces count against the limit.
  const text = markdownTable([titles, ...cells], { alignDelimiters: false });
  return rows.length > MAXIMUM_ROWS ? `${text}\n\n${formatCount(rows.length - MAXIMUM_ROWS)} more.` : text;
}
