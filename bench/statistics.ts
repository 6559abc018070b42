/** The value below which the given share (0 to 1) of the samples lies, nearest rank; NaN for no samples. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/**
 * How many times faster `ours` is than `theirs`: the median over rounds of the ratio inside one round, so that a
 * slow minute of the machine falls on both sides.
 */
export function pairedRatio(theirs: readonly number[], ours: readonly number[]): number {
  if (theirs.length !== ours.length) {
    throw new RangeError(`expected as many rounds on both sides, got ${theirs.length} and ${ours.length}`);
  }
  return median(theirs.map((value, round) => value / ours[round]));
}
