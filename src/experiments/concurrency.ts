/** How many items may be under way, and when calls may start. */

/** Where `auto` begins, and its bounds. */
const FIRST = 8;
const MOST = 256;
/** Grows while the median of a window is under this many times the least median seen. */
const SLOWER = 2;
/** Of a window, the part of errors from which on it does not grow, but shrinks. */
const MANY_ERRORS = 0.2;
/** Least of the answers that a decision rests on: fewer have no median to speak of. */
const LEAST_WINDOW = 8;

export interface ConcurrencyLimit {
  /** Items that may be under way now. */
  readonly current: number;
  /** Milliseconds of `performance.now()` before which no call starts, whichever item it is of. */
  readonly pausedUntil: number;
  /** A call was answered. */
  answered(millis: number, isError: boolean): void;
  /** The model asked for fewer requests, and said for how long, or not. */
  limited(now: number, retryAfterMs: number | undefined): void;
}

/** As many as were asked for; `Retry-After` still holds for all. */
export class FixedLimit implements ConcurrencyLimit {
  readonly current: number;
  pausedUntil = 0;

  constructor(current: number) {
    this.current = current;
  }

  answered(): void {}

  limited(now: number, retryAfterMs: number | undefined): void {
    if (retryAfterMs !== undefined) this.pausedUntil = Math.max(this.pausedUntil, now + retryAfterMs);
  }
}

/**
 * Additive increase, multiplicative decrease (Chiu and Jain 1989), after a start that doubles (RFC 5681, 3.1). Decides
 * once a window of as many answers as items may be under way, by their median: the tail of a model's latencies is long,
 * and says nothing about the load.
 */
export class AutoLimit implements ConcurrencyLimit {
  current = FIRST;
  pausedUntil = 0;
  private latencies: number[] = [];
  private errors = 0;
  private leastMedian = Number.POSITIVE_INFINITY;
  private isStarting = true;
  private deafUntil = 0;

  answered(millis: number, isError: boolean): void {
    this.latencies.push(millis);
    if (isError) this.errors += 1;
    if (this.latencies.length < Math.max(LEAST_WINDOW, this.current)) return;
    const median = this.latencies.sort((a, b) => a - b)[this.latencies.length >> 1];
    const isFailing = this.errors > MANY_ERRORS * this.latencies.length;
    this.latencies = [];
    this.errors = 0;
    // Under a millisecond the clock and the event loop are measured, not the model.
    this.leastMedian = Math.min(this.leastMedian, Math.max(median, 1));
    if (isFailing) this.shrink(0.7);
    else if (median > SLOWER * this.leastMedian) this.shrink(0.9);
    else this.grow();
  }

  limited(now: number, retryAfterMs: number | undefined): void {
    if (retryAfterMs !== undefined) this.pausedUntil = Math.max(this.pausedUntil, now + retryAfterMs);
    // The answers of one burst are one sign: what was under way with it says the same.
    if (now < this.deafUntil) return;
    this.deafUntil = Math.max(now + 1_000, this.pausedUntil);
    this.shrink(0.5);
    this.latencies = [];
    this.errors = 0;
  }

  private grow(): void {
    const step = this.isStarting ? this.current : Math.max(1, Math.round(0.1 * this.current));
    this.current = Math.min(MOST, this.current + step);
  }

  private shrink(factor: number): void {
    this.isStarting = false;
    this.current = Math.max(1, Math.floor(this.current * factor));
  }
}
