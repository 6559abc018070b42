/** @module What became of the spans of one pipe, counted and said aloud. */

import type { ExportRequest } from './exporter.ts';

type Batch = Pick<ExportRequest, 'spanCount'>;

/** What became of spans since the pipe was made. A span is in at most one of the first four. */
export interface PipeCounters {
  /** Taken by the destination. */
  readonly exported: number;
  /** Refused one by one, in a partial success. */
  readonly rejected: number;
  /** Lost because the destination refused the request they were in. */
  readonly failed: number;
  /** Given up when the pipe shut down (drop reason `shutdown`). */
  readonly shutdown: number;
  /** Why the last unsuccessful attempt failed; without secrets. */
  readonly lastError: string | undefined;
  /** When, in milliseconds since the epoch. */
  readonly lastErrorTime: number | undefined;
}

/** Counts answers and warns about those that lose spans. */
export class PipeLedger implements PipeCounters {
  exported = 0;
  rejected = 0;
  failed = 0;
  shutdown = 0;
  lastError: string | undefined;
  lastErrorTime: number | undefined;
  readonly #warn: (code: string, message: string) => void;

  constructor(warn: (code: string, message: string) => void) {
    this.#warn = warn;
  }

  /** The counts now, as values that do not change any more. */
  snapshot(): PipeCounters {
    const { exported, rejected, failed, shutdown, lastError, lastErrorTime } = this;
    return { exported, rejected, failed, shutdown, lastError, lastErrorTime };
  }

  /** Spans lost in any way. */
  get dropped(): number {
    return this.rejected + this.failed + this.shutdown;
  }

  countDelivered(request: Batch, rejectedByServer: number, message: string | undefined): void {
    // A server cannot reject more than it got, whatever it says: the counts must add up to what was sent.
    const rejected = Math.min(Math.max(rejectedByServer, 0), request.spanCount);
    this.exported += request.spanCount - rejected;
    this.rejected += rejected;
    if (rejected === 0 && message === undefined) return;
    const said = message === undefined ? 'it gave no reason' : `it said: ${message}`;
    const text = `the destination rejected ${rejected} of ${request.spanCount} spans; ${said}`;
    if (rejected > 0) this.#setError(text);
    this.#warn('export-rejected', text);
  }

  countFailed(request: Batch, reason: string): void {
    this.failed += request.spanCount;
    this.#setError(reason);
    this.#warn('export-failed', `${request.spanCount} spans lost: ${reason}`);
  }

  countGivenUp(spans: number): void {
    this.shutdown += spans;
    const cause = this.lastError === undefined ? 'no answer in time' : `last error: ${this.lastError}`;
    this.#warn('export-shutdown', `${spans} spans given up at shutdown; ${cause}`);
  }

  /**
   * An attempt without a final answer; nothing is lost yet.
   *
   * @param keptSpans - spans that wait for the next try; 0 when there is none, which another warning says.
   */
  noteRetry(reason: string, keptSpans: number): void {
    this.#setError(reason);
    if (keptSpans <= 0) return;
    this.#warn(
      'export-retry',
      `export not finished: ${reason}. ${keptSpans} spans are kept and tried again.`,
    );
  }

  /** A fault of our own, caught so that it harms nobody else. */
  noteFault(error: unknown): void {
    const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
    this.#setError(`internal fault: ${String(name)}: ${String(message)}`);
    this.#warn('export-fault', `${this.lastError}. Spans may be late or lost; please report this.`);
  }

  #setError(reason: string): void {
    this.lastError = reason;
    this.lastErrorTime = Date.now();
  }
}
