/** The numbers of a run, added up item by item. */
import type { ExperimentResult, ItemResult, MetricSummary, Score } from './result.ts';
import { Values } from './statistics.ts';

/** Metrics that the runner measures, in the order they are shown in, after those of the evaluators. */
const MEASURED = ['duration_ms', 'input_tokens', 'output_tokens', 'cost'] as const;
/** Of all of them less is better. */
export const LOWER_IS_BETTER: readonly string[] = MEASURED;

/** What an item counts for each metric that it has. */
export function* metricsOf({ scores, status, durationMs, usage }: ItemResult): Generator<[string, number]> {
  for (const { name, value } of scores) {
    if (typeof value === 'number') yield [name, value];
    else if (typeof value === 'boolean') yield [name, value ? 1 : 0];
  }
  if (status === 'ok') yield ['duration_ms', durationMs];
  if (usage === undefined) return;
  yield ['input_tokens', usage.inputTokens];
  yield ['output_tokens', usage.outputTokens];
  if (usage.cost > 0) yield ['cost', usage.cost];
}

export class Metrics {
  readonly counts: ExperimentResult['counts'] = {
    total: 0,
    ok: 0,
    error: 0,
    timeout: 0,
    aborted: 0,
    cached: 0,
  };
  cost = 0;
  private readonly evaluated = new Map<string, Values>();
  private readonly measured = new Map<string, Values>(MEASURED.map((name) => [name, new Values()]));

  add(item: ItemResult): void {
    this.counts.total += 1;
    this.counts[item.status] += 1;
    if (item.cached) this.counts.cached += 1;
    this.cost += item.usage?.cost ?? 0;
    for (const [name, value] of metricsOf(item)) this.valuesOf(name).add(value);
    for (const score of item.scores) this.countError(score);
  }

  /** Items that ended other than well. */
  get errors(): number {
    return this.counts.total - this.counts.ok;
  }

  summaries(): MetricSummary[] {
    const measured = [...this.measured].map(([name, values]) => values.summary(name));
    return [
      ...[...this.evaluated].map(([name, values]) => values.summary(name)),
      ...measured.filter(({ count }) => count > 0),
    ];
  }

  private countError({ name, error }: Score): void {
    if (error !== undefined) this.valuesOf(name).errors += 1;
  }

  private valuesOf(name: string): Values {
    const known = this.measured.get(name) ?? this.evaluated.get(name);
    if (known !== undefined) return known;
    const values = new Values();
    this.evaluated.set(name, values);
    return values;
  }
}
