/** @module The equation of `stats()`, apart from all else: programs in processes of their own check it too. */

/** The numbers that the equation takes, of a provider or of `stats()`. */
export interface Counts {
  readonly started: number;
  readonly live: number;
  readonly abandoned: number;
  readonly waiting: number;
  readonly exported: number;
  readonly rejected: number;
  readonly failed: number;
  readonly delegated: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** What the numbers do not account for: 0, or a span is lost without a count. */
export function balance(stats: Counts): number {
  const { started, live, waiting, exported, rejected, failed, dropped, delegated, abandoned } = stats;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return started - (live + waiting + exported + rejected + failed + lost + delegated + abandoned);
}
