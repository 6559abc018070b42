/** The numbers of an item by the names of the metrics. */
import type { PageItem, PageScore } from './page-data.ts';

/** A score as a number: a boolean is 1 or 0. */
export function numberOf({ value }: PageScore): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The value of a metric for an item, if it has one. */
export function metricValue(item: PageItem, metric: string): number | undefined {
  const score = item.scores.find(({ name }) => name === metric);
  if (score !== undefined) return numberOf(score);
  if (metric === 'duration_ms') return item.status === 'ok' ? item.durationMs : undefined;
  if (metric === 'cost') return item.usage?.cost;
  if (metric === 'input_tokens') return item.usage?.inputTokens;
  if (metric === 'output_tokens') return item.usage?.outputTokens;
  return undefined;
}

/** How far an item is from the baseline. */
export function differenceOf(item: PageItem, metric: string): number | undefined {
  const value = metricValue(item, metric);
  const before = item.baseline?.[metric];
  return value === undefined || before === undefined ? undefined : value - before;
}

/** What finds an item by its link. Half a surrogate pair has no form in an address. */
export function keyOf({ id, repetition }: { id: string; repetition: number }): string {
  return `#item=${encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))}&repetition=${repetition}`;
}
