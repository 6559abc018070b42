/** A run against another one, over the items that both have. */
import { bootstrapMean, CONFIDENCE } from './bootstrap.ts';
import { keyOf } from './items.ts';
import { LOWER_IS_BETTER, metricsOf } from './metrics.ts';
import type { ItemResult, MetricComparison, MovedItem } from './result.ts';
import { meanOf } from './statistics.ts';

const MOST_MOVED = 10;

/** Pairs of one metric. */
class Pairs {
  readonly baselines: number[] = [];
  readonly values: number[] = [];
  wins = 0;
  ties = 0;
  losses = 0;
  private readonly sign: number;
  private moved: MovedItem[] = [];

  constructor(isLowerBetter: boolean) {
    this.sign = isLowerBetter ? -1 : 1;
  }

  add({ id, repetition }: ItemResult, baseline: number, value: number): void {
    this.baselines.push(baseline);
    this.values.push(value);
    const difference = value - baseline;
    if (difference === 0) {
      this.ties += 1;
      return;
    }
    if (this.sign * difference > 0) this.wins += 1;
    else this.losses += 1;
    this.moved.push({ id, repetition, baseline, value, difference });
    if (this.moved.length > 100 * MOST_MOVED) this.moved = this.mostMoved();
  }

  comparison(name: string, seed: number): MetricComparison {
    const differences = this.values.map((value, index) => value - this.baselines[index]);
    return {
      name,
      pairs: differences.length,
      baselineMean: meanOf(this.baselines),
      mean: meanOf(this.values),
      difference: meanOf(differences),
      interval: { ...bootstrapMean(differences, seed), confidence: CONFIDENCE },
      wins: this.wins,
      ties: this.ties,
      losses: this.losses,
      moved: this.mostMoved(),
    };
  }

  private mostMoved(): MovedItem[] {
    return this.moved
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (keyOf(a) < keyOf(b) ? -1 : 1))
      .slice(0, MOST_MOVED);
  }
}

/** The numbers of a baseline, by item: all that is held of it. */
export async function numbersOf(items: AsyncIterable<ItemResult>): Promise<Map<string, Map<string, number>>> {
  const numbers = new Map<string, Map<string, number>>();
  for await (const item of items) numbers.set(keyOf(item), new Map(metricsOf(item)));
  return numbers;
}

/** Compares every metric that at least one item has in both. */
export async function compareRuns(
  items: AsyncIterable<ItemResult>,
  baseline: ReadonlyMap<string, ReadonlyMap<string, number>>,
  { seed, lowerIsBetter }: { seed: number; lowerIsBetter: readonly string[] },
): Promise<MetricComparison[]> {
  const lower = new Set([...LOWER_IS_BETTER, ...lowerIsBetter]);
  const all = new Map<string, Pairs>();
  for await (const item of items) {
    const before = baseline.get(keyOf(item));
    for (const [name, value] of metricsOf(item)) {
      const other = before?.get(name);
      if (other === undefined) continue;
      const pairs = all.get(name) ?? new Pairs(lower.has(name));
      all.set(name, pairs);
      pairs.add(item, other, value);
    }
  }
  return [...all].map(([name, pairs]) => pairs.comparison(name, seed));
}
