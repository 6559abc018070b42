/** Numbers about numbers. */
import type { MetricSummary } from './result.ts';

/** Values of one metric, eight bytes each, since percentiles need all of them. */
export class Values {
  private values = new Float64Array(64);
  private count = 0;
  errors = 0;

  add(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count] = value;
    this.count += 1;
  }

  summary(name: string): MetricSummary {
    return { name, errors: this.errors, ...summarise(this.values.subarray(0, this.count)) };
  }
}

/** All numbers but the count are 0 where there are no values. */
export function summarise(values: ArrayLike<number>): Omit<MetricSummary, 'name' | 'errors'> {
  const sorted = Float64Array.from(values).sort();
  const count = sorted.length;
  if (count === 0)
    return { count, mean: 0, standardDeviation: 0, min: 0, max: 0, p50: 0, p90: 0, p95: 0, p99: 0 };
  const mean = meanOf(sorted);
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  return {
    count,
    mean,
    standardDeviation: count === 1 ? 0 : Math.sqrt(squares / (count - 1)),
    min: sorted[0],
    max: sorted[count - 1],
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
  };
}

/** With the rounding errors of the sum kept and added (Neumaier 1974): a million scores of 0.1 have the mean 0.1. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  let lost = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return (sum + lost) / values.length;
}

/** Hyndman and Fan 1996, definition 7: linear between the closest ranks. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const rank = (sorted.length - 1) * part;
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}
