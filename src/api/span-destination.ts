/** Where a provider's finished spans go: as bytes of the arena, or as objects to processors of any make. */
import type { FlushResult } from './flush-result.ts';
import type { DropReason, ShedCounts } from './ledger.ts';

/** What the provider itself knows. */
export interface Started {
  readonly started: number;
  readonly ended: number;
  readonly shed: ShedCounts;
}

/** What became of finished spans at one destination. */
export interface DestinationCounts {
  /** Finished spans that wait or are in flight. */
  readonly waiting: number;
  /** Their bytes, of those that are encoded. */
  readonly bytes: number;
  /** Spans that the receiver took. */
  readonly exported: number;
  /** Spans that the receiver refused in a partial success. */
  readonly rejected: number;
  /** Spans that were refused or given up on. */
  readonly failed: number;
  /** Finished spans that never reached an exporter, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Finished spans given to processors that are not ours: what became of them only those know. */
  readonly delegated: number;
  /** The last export error and its time, in milliseconds since the epoch. */
  readonly lastError: string | undefined;
  readonly lastErrorTime: number | undefined;
}

/**
 * The numbers of one destination: for each, `started = live + abandoned + waiting + exported + rejected + failed +
 * Σ dropped + delegated`.
 */
export interface DestinationStats extends DestinationCounts {
  /**
   * The endpoint without user, password and query, or the name of the exporter's class, or what `init` was told to call it.
   * The second of one name is `name (2)`.
   */
  readonly name: string;
}

/** What became of finished spans: the numbers of the first destination that was not shut down, and each one's. */
export interface SpanDestinationStats extends DestinationCounts {
  /** Strings that were cut because one span can hold no more than its text staging. */
  readonly cut: number;
  /** Captured values that were shortened or left out, so that spans need not be dropped. */
  readonly shed: ShedCounts;
  /** Every destination whose numbers are known, in the order of their processors. */
  readonly destinations: readonly DestinationStats[];
}

export interface SpanDestination {
  /** Spans that wait for attributes of a resource wait for them no longer. */
  releaseHeld(): void;
  /** Never rejects. */
  flush(millis: number, isLast: boolean): Promise<FlushResult>;
  /** Never rejects. */
  shutdown(millis: number): Promise<void>;
  stats(of: Started): SpanDestinationStats;
}

export const NOTHING_COUNTED: DestinationCounts = Object.freeze({
  waiting: 0,
  bytes: 0,
  exported: 0,
  rejected: 0,
  failed: 0,
  dropped: Object.freeze({}),
  lastError: undefined,
  lastErrorTime: undefined,
  delegated: 0,
});
