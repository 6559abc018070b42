/** The paired bootstrap: how far the mean of differences could be off. */
import { Random } from './random.ts';
import { meanOf, quantile } from './statistics.ts';

export const CONFIDENCE = 0.95;
/** Samples drawn, and the draws that all of them may take together: 0.3 s or so. */
const SAMPLES = 10_000;
const LEAST_SAMPLES = 1_000;
const MOST_DRAWS = 5e7;

/**
 * A percentile interval of the mean: that of samples drawn from `differences` with replacement, each as large as it
 * (Efron and Tibshirani 1993, 13.3). The same seed gives the same interval.
 */
export function bootstrapMean(differences: ArrayLike<number>, seed: number): { low: number; high: number } {
  const count = differences.length;
  if (count === 0) return { low: 0, high: 0 };
  const random = Random.of(seed);
  const samples = Math.max(LEAST_SAMPLES, Math.min(SAMPLES, Math.floor(MOST_DRAWS / count)));
  const means = new Float64Array(samples);
  const centre = meanOf(differences);
  for (let sample = 0; sample < samples; sample += 1) {
    let sum = 0;
    for (let draw = 0; draw < count; draw += 1) sum += differences[random.below(count)] - centre;
    means[sample] = centre + sum / count;
  }
  means.sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantile(means, tail), high: quantile(means, 1 - tail) };
}
