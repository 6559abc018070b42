/**
 * What became of every recording span of a provider: `started = live + abandoned + committed + dropped` at any moment; what
 * was committed is with the pipes, which count on.
 */
import { warn } from '../diagnostics.ts';
import type { DropReason as EngineDropReason } from '../engine/arena.ts';
import { LiveMarks } from './live-marks.ts';

/** Why a finished span did not reach a pipe. */
export type DropReason =
  | EngineDropReason
  | 'queue_full'
  | 'not_sampled'
  | 'shutdown'
  | 'no_processor'
  | 'evicted'
  | 'unreadable';

const CURES: Partial<Record<DropReason, string>> = {
  arena_full:
    'the arena is full: the receiver is slower than the program, or down. Raise arenaBytes or sample.',
  arena_fragmented: 'no run of free blocks is long enough for a large span. Raise arenaBytes.',
  piece_table_full:
    'too many small pieces wait: too many scopes, or too many small batches. Use a batch processor.',
  queue_full:
    'as many finished spans wait as may: maxQueueSize (OTEL_BSP_MAX_QUEUE_SIZE) where it is set, else arenaBytes of ' +
    'them. Raise it, or sample.',
  malformed: 'the engine refused the span. Please report this.',
};

export class Ledger {
  /** Spans that began to record. */
  started = 0;
  /** Spans that were ended, or will never be. */
  ended = 0;
  readonly dropped: Partial<Record<DropReason, number>> = {};
  /** Handles that were collected without `end()`. */
  abandoned = 0;
  /** Of the live spans of plug-in mode; those of arena mode are known by their attribute lists. */
  readonly marks = new LiveMarks(() => this.countAbandoned());
  /** Strings cut because one span can hold no more. */
  cut = 0;

  countCut(strings: number): void {
    this.cut += strings;
    warn(
      'cut',
      'a string was cut: one span holds 7/8 of its text staging, a sixteenth of arenaBytes and at most 4 MiB. ' +
        'Set attributeValueLengthLimit, or raise arenaBytes.',
    );
  }

  countAbandoned(): void {
    this.abandoned += 1;
    warn(
      'abandoned',
      'a span was collected before it was ended, and is lost: end() every span, also after errors.',
    );
  }

  drop(reason: DropReason): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
    const cure = CURES[reason];
    if (cure !== undefined) warn(`drop-${reason}`, `a finished span was dropped: ${cure}`);
  }

  /** Spans dropped for any reason. */
  get total(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
  }

  get live(): number {
    return this.started - this.ended - this.abandoned;
  }
}
