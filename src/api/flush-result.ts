/** What a flush says it achieved. */
import type { PipeFlush } from '../export/pipe-options.ts';

/** What a flush achieved at one destination. */
export interface DestinationFlush extends PipeFlush {
  /** As in `stats().destinations`. */
  readonly name: string;
}

/**
 * What a flush achieved, counted from its call. Where there are several destinations, the numbers are those of the one
 * with the most spans lost or left waiting.
 */
export interface FlushResult extends PipeFlush {
  /** Each destination at work whose numbers are known, in the order of their processors. */
  readonly destinations: readonly DestinationFlush[];
}

/** @param destinations - those at work. */
export function flushResult(destinations: readonly DestinationFlush[], waiting: number): FlushResult {
  if (destinations.length === 0) return { exported: 0, dropped: 0, waiting, bytes: 0, destinations };
  const { name: _, ...worst } = destinations.reduce((one, other) =>
    undelivered(other) > undelivered(one) ? other : one,
  );
  return { ...worst, destinations };
}

function undelivered({ dropped, waiting }: PipeFlush): number {
  return dropped + waiting;
}
