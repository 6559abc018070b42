/** A pool: each free slot takes the next entry. */
import type { ConcurrencyLimit } from './concurrency.ts';

/** What a view shows of it. */
export interface PoolState {
  running: number;
}

export interface PoolOptions<Entry> {
  readonly source: AsyncIterator<Entry> | Iterator<Entry>;
  readonly limit: ConcurrencyLimit;
  readonly state: PoolState;
  /** Does one entry. Must not reject. */
  run(entry: Entry): Promise<void>;
  /** Whether no more entries are to be taken. */
  isStopped(): boolean;
}

/**
 * Runs all entries, as many at once as the limit allows. An entry is taken from the source when there is a slot for
 * it, never before. Resolves when all that were taken are done.
 *
 * @throws what the source throws, when those are done.
 */
export async function runPool<Entry>(options: PoolOptions<Entry>): Promise<void> {
  const { source, limit, state, run, isStopped } = options;
  let wake: (() => void) | undefined;
  const finished = (): void => {
    state.running -= 1;
    wake?.();
  };
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  try {
    while (!isStopped()) {
      if (state.running >= limit.current) {
        await change();
        continue;
      }
      const { done, value } = await source.next();
      if (done === true) break;
      if (isStopped()) break;
      state.running += 1;
      void run(value).then(finished);
    }
  } finally {
    while (state.running > 0) await change();
  }
}
