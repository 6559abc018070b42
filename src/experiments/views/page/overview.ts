/** What stands above the rows: the run, its gate, its numbers, and the comparison with the baseline. */
import type { MetricComparison, MetricSummary } from '../../result.ts';
import { formatAmount, formatCount, formatDifference, formatDuration, formatNumber } from '../numbers.ts';
import { byId, element, tableOf } from './dom.ts';
import { binsOf, histogram, labelBins } from './histogram.ts';
import type { PageHead, PageItem, PageScore } from './page-data.ts';
import { keyOf, metricValue } from './values.ts';

export function showOverview(head: PageHead, items: readonly PageItem[]): void {
  const { name, runId, startTime, durationMs, counts, gate } = head;
  byId('name').append(name);
  const failed = counts.error + counts.timeout;
  const facts = [
    `run ${runId}`,
    startTime,
    `${formatAmount(counts.total, 'item')} in ${formatDuration(durationMs)}`,
    ...(failed > 0 ? [formatAmount(failed, 'error')] : []),
    ...(counts.aborted > 0 ? [`${formatCount(counts.aborted)} stopped`] : []),
    ...(counts.cached > 0 ? [`${formatCount(counts.cached)} cached`] : []),
  ];
  byId('facts').append(facts.join(' · '));
  if (gate !== undefined) showGate(gate);
  showMetrics(head, items);
  if (head.baseline !== undefined) showBaseline(head.baseline);
  if (head.metadata === undefined) return;
  const text = element('pre', {}, head.metadata);
  byId('overview').append(element('details', {}, element('summary', {}, 'metadata'), text));
}

function showGate({ passed, failures }: Exclude<PageHead['gate'], undefined>): void {
  const list = failures.map(({ metric, message }) => element('li', {}, `${metric}: ${message}`));
  byId('gate').append(
    element('p', { class: passed ? 'good' : 'bad' }, passed ? '✓ gate passed' : '✗ gate failed'),
    ...(list.length === 0 ? [] : [element('ul', {}, ...list)]),
  );
}

function showMetrics({ metrics, runScores }: PageHead, items: readonly PageItem[]): void {
  const titles = ['metric', 'mean', '± sd', 'p50', 'p90', 'p95', 'p99', 'min', 'max', 'n', 'errors'];
  const numbers = (one: MetricSummary) => {
    const { mean, standardDeviation, p50, p90, p95, p99, min, max } = one;
    return [mean, standardDeviation, p50, p90, p95, p99, min, max].map(formatNumber);
  };
  const rows = metrics.map((one) => [
    one.name,
    ...numbers(one),
    formatCount(one.count),
    formatCount(one.errors),
  ]);
  if (rows.length > 0) byId('metrics').append(tableOf(titles, rows));
  if (runScores.length > 0) byId('metrics').append(scoresTable('score of the run', runScores));
  for (const { name } of metrics) {
    const values = items.flatMap((item) => metricValue(item, name) ?? []);
    const labels = values.length > 0 ? [] : textsOf(items, name);
    const bins = values.length > 0 ? binsOf(values) : labelBins(labels);
    if (bins.length > 0) byId('charts').append(histogram(name, bins));
  }
}

function textsOf(items: readonly PageItem[], metric: string): string[] {
  return items.flatMap(({ scores }) =>
    scores.flatMap(({ name, value, label }) => {
      if (name !== metric) return [];
      return typeof value === 'string' ? [value] : (label ?? []);
    }),
  );
}

/** Scores one below the other, with what was said of each. */
export function scoresTable(title: string, scores: readonly PageScore[]): HTMLElement {
  const rows = scores.map((score) => [
    score.name,
    score.value === null
      ? '–'
      : typeof score.value === 'number'
        ? formatNumber(score.value)
        : String(score.value),
    score.label ?? '',
    score.passed === undefined ? '' : score.passed ? '✓ passed' : '✗ failed',
    score.error ?? score.explanation ?? '',
    formatDuration(score.durationMs),
  ]);
  return tableOf([title, 'value', 'label', 'check', 'explanation or error', 'time'], rows);
}

function showBaseline({ name, runId, metrics }: Exclude<PageHead['baseline'], undefined>): void {
  const section = byId('baseline');
  section.hidden = false;
  const rows = metrics.map((one) => [
    one.name,
    formatNumber(one.baselineMean),
    formatNumber(one.mean),
    formatDifference(one.difference),
    `${formatDifference(one.interval.low)} … ${formatDifference(one.interval.high)}`,
    `${formatCount(one.wins)} / ${formatCount(one.ties)} / ${formatCount(one.losses)}`,
    formatCount(one.pairs),
  ]);
  const confidence = metrics[0]?.interval.confidence ?? 0.95;
  const titles = ['metric', 'baseline', 'now', 'change', `${formatNumber(confidence * 100)} % interval`];
  section.append(
    element('p', {}, `${name} (run ${runId})`),
    tableOf([...titles, 'win / tie / loss', 'pairs'], rows),
    ...metrics.filter(({ moved }) => moved.length > 0).map(movedTable),
  );
}

function movedTable({ name, moved }: MetricComparison): HTMLElement {
  const rows = moved.map((one) => [
    element('a', { href: keyOf(one) }, one.repetition > 0 ? `${one.id} (${one.repetition})` : one.id),
    formatNumber(one.baseline),
    formatNumber(one.value),
    formatDifference(one.difference),
  ]);
  return element(
    'details',
    { open: true },
    element('summary', {}, `moved most: ${name}`),
    tableOf(['item', 'baseline', 'now', 'change'], rows),
  );
}
