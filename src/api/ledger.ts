/**
 * What became of every recording span of a provider: `started = live + abandoned + committed + dropped` at any moment; what
 * was committed is with the pipes, which count on.
 */
import { warn } from '../diagnostics.ts';
import type { DropReason as EngineDropReason } from '../engine/arena.ts';
import { LiveMarks } from './live-marks.ts';
import { LossEpisode } from './loss-episode.ts';

/** Why a finished span did not reach a pipe. */
export type DropReason =
  | EngineDropReason
  | 'queue_full'
  | 'not_sampled'
  | 'shutdown'
  | 'no_processor'
  | 'evicted'
  | 'unreadable';

/** Captured values that were not kept whole. */
export interface ShedCounts {
  readonly shortened: number;
  readonly omitted: number;
}

/** Of what is lost under load: why, and what to do. */
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
const SHEDDING =
  'captured content is being shortened, then left out, so that no span is dropped: of what may wait three quarters ' +
  'do. The receiver is slower than the program, or down. Raise arenaBytes or sample.';

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
  readonly shed = { shortened: 0, omitted: 0 };
  /** The part of it that is a loss because too much waits. */
  private readonly shedWaiting = { shortened: 0, omitted: 0 };
  /** Root spans that do not record because tracing took more of the main thread than `maxCpuPercent`. */
  unsampled = 0;
  private reason = '';
  private readonly losses = new LossEpisode({
    begin: () => {
      this.counted = this.lost();
      return this.reason;
    },
    end: (seconds) => `the loss is over after ${seconds} s; ${this.lostSince()}.`,
  });
  /** What had been lost when the last loss began. */
  private counted: Readonly<Record<string, number>> = {};

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
    const cure = CURES[reason];
    try {
      if (cure !== undefined) this.loses(`a finished span was dropped: ${cure}`);
    } finally {
      // On a full stack too.
      this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
    }
  }

  /**
   * Captured values that were shortened, and left out.
   *
   * @param isLoss - whether because too much waits; what the overhead budget costs is said by the budget.
   */
  countShed(shortened: number, omitted: number, isLoss: boolean): void {
    if (shortened + omitted === 0) return;
    if (isLoss) {
      this.loses(SHEDDING);
      this.shedWaiting.shortened += shortened;
      this.shedWaiting.omitted += omitted;
    }
    this.shed.shortened += shortened;
    this.shed.omitted += omitted;
  }

  /** Says the end of a loss that is not over: nobody would hear of it later. */
  close(): void {
    this.losses.close();
  }

  /** Spans dropped for any reason. */
  get total(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
  }

  get live(): number {
    return this.started - this.ended - this.abandoned;
  }

  private loses(reason: string): void {
    this.reason = reason;
    this.losses.note();
  }

  private lost(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const reason of Object.keys(CURES) as DropReason[]) {
      counts[`spans dropped (${reason})`] = this.dropped[reason] ?? 0;
    }
    counts['captured values shortened'] = this.shedWaiting.shortened;
    counts['captured values left out'] = this.shedWaiting.omitted;
    return counts;
  }

  private lostSince(): string {
    const since = Object.entries(this.lost()).map(
      ([what, count]) => [what, count - (this.counted[what] ?? 0)] as const,
    );
    return since
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${what}: ${count}`)
      .join(', ');
  }
}
