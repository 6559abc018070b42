/** The ledger of a provider beside what a receiver counted. */
import { expect } from 'vitest';
import type { Stats } from '../../../src/init.ts';

type Ledger = Omit<Stats, 'engine' | 'memo'>;

/** Every span that was started is in exactly one place. */
export function expectBalance(stats: Ledger): void {
  const { started, live, abandoned, waiting, exported, rejected, failed, delegated, dropped } = stats;
  const lost = Object.values(dropped).reduce((sum, count) => sum + (count ?? 0), 0);
  expect(live + abandoned + waiting + exported + rejected + failed + lost + delegated).toBe(started);
}

/** As {@link expectBalance}, and the receiver has counted exactly those that count as exported. */
export function expectDelivered(stats: Ledger, received: readonly { readonly spanId?: unknown }[]): void {
  expectBalance(stats);
  expect(received).toHaveLength(stats.exported);
  expect(distinct(received)).toBe(stats.exported);
}

/** How many different spans there are. */
export function distinct(spans: readonly { readonly spanId?: unknown }[]): number {
  return new Set(spans.map(({ spanId }) => String(spanId))).size;
}
