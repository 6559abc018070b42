/** @module What a line of progress says: how far, how fast, what failed, what it cost, how long still. */
import type { ProgressEvent } from '../result.ts';
import { formatAmount, formatCost, formatCount, formatDuration } from './numbers.ts';

/** The rate is that of the last so many milliseconds, so that a slow start does not count for ever. */
const WINDOW_MILLIS = 20_000;
/** Shortest time between two marks, in milliseconds; with the window it bounds how many there are. */
const MARK_MILLIS = 250;

interface Mark {
  readonly at: number;
  readonly computed: number;
}

/** Items a second, of those that were computed and not taken from the cache. */
export class Rate {
  readonly #marks: Mark[] = [];

  add({ elapsedMs, done, cached }: ProgressEvent): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && elapsedMs - last.at < MARK_MILLIS) return;
    this.#marks.push({ at: elapsedMs, computed: done - cached });
    while (this.#marks.length > 2 && elapsedMs - this.#marks[0].at > WINDOW_MILLIS) this.#marks.shift();
  }

  /** 0 as long as nothing is known. */
  perSecond({ elapsedMs, done, cached }: ProgressEvent): number {
    const first = this.#marks[0];
    const from = first === undefined || elapsedMs - first.at < MARK_MILLIS ? { at: 0, computed: 0 } : first;
    const millis = elapsedMs - from.at;
    return millis <= 0 ? 0 : Math.max(0, ((done - cached - from.computed) / millis) * 1_000);
  }
}

/** The parts of a line, the more important first. */
export function progressParts(event: ProgressEvent, rate: number): string[] {
  const { done, total, errors, cached, cost, running } = event;
  const parts = [total === null ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`];
  if (errors > 0) parts.push(formatAmount(errors, 'error'));
  const left = total === null || rate === 0 ? undefined : ((total - done) / rate) * 1_000;
  if (left !== undefined && left > 0) parts.push(`${formatDuration(left)} left`);
  parts.push(`${rate >= 100 ? formatCount(rate) : Number(rate.toPrecision(2))}/s`);
  if (cost > 0) parts.push(formatCost(cost));
  if (cached > 0) parts.push(`${formatCount(cached)} cached`);
  if (running > 0) parts.push(`${formatCount(running)} running`);
  return parts;
}

/** How much is done, from 0 to 1; `undefined` when nobody knows how much there is. */
export function fractionOf({ done, total }: ProgressEvent): number | undefined {
  if (total === null) return undefined;
  return total <= 0 ? 1 : Math.min(1, done / total);
}
