/** @module What became of the spans of one pipe, counted and said aloud. */

import { toPrintable } from '../diagnostics.ts';
import { type ExportOperation, ExportOutcomes, errorTypeOf, type ResultCode } from './export-outcomes.ts';
import type { ExportRequest, SendResult } from './exporter.ts';

type Batch = Pick<ExportRequest, 'spanCount'>;

/** What became of spans since the pipe was made. A span is in at most one of the first four. */
export interface PipeCounters {
  /** Taken by the destination. */
  readonly exported: number;
  /** Bytes of those spans. */
  readonly exportedBytes: number;
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

/** What a {@link PipeLedger} may be given. */
export interface PipeLedgerOptions {
  /** Takes warnings: a stable code and a text. */
  readonly warn: (code: string, message: string) => void;
  /** Called when an export has ended. Must not throw. */
  readonly onOperation?: (operation: ExportOperation) => void;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  readonly now?: () => number;
}

/** Counts answers and warns about those that lose spans. */
export class PipeLedger extends ExportOutcomes implements PipeCounters {
  failed = 0;
  shutdown = 0;
  exportedBytes = 0;
  lastError: string | undefined;
  lastErrorTime: number | undefined;
  readonly #warn: (code: string, message: string) => void;
  readonly #onOperation: ((operation: ExportOperation) => void) | undefined;
  readonly #now: () => number;
  /** When the first attempt of the operation under way began; `undefined` between two. */
  #begun: number | undefined;
  /** Of the last attempt of the operation under way, if it got no final answer. */
  #lastCode: ResultCode;

  constructor({ warn, onOperation, now }: PipeLedgerOptions) {
    super();
    this.#warn = warn;
    this.#onOperation = onOperation;
    this.#now = now ?? (() => performance.now());
  }

  /** The counts now, as values that do not change any more. */
  snapshot(): PipeCounters {
    const { exported, exportedBytes, rejected, failed, shutdown, lastError, lastErrorTime } = this;
    return { exported, exportedBytes, rejected, failed, shutdown, lastError, lastErrorTime };
  }

  /** Spans lost in any way. */
  get dropped(): number {
    return this.rejected + this.failed + this.shutdown;
  }

  /** An attempt begins, the first of an operation or a further one. */
  beginAttempt(): void {
    if (this.#onOperation !== undefined) this.#begun ??= this.#now();
  }

  /**
   * A final answer.
   *
   * @param bytes - of the spans in the request.
   */
  countAnswered(request: Batch, result: Exclude<SendResult, { kind: 'retryable' }>, bytes: number = 0): void {
    if (result.kind === 'failed') this.countFailed(request, result.reason, result.code);
    else this.countDelivered(request, result, bytes);
  }

  countDelivered(
    request: Batch,
    { rejected: rejectedByServer, message, code }: Omit<Extract<SendResult, { kind: 'delivered' }>, 'kind'>,
    bytes: number = 0,
  ): void {
    // A server cannot reject more than it got, whatever it says: the counts must add up to what was sent.
    const rejected = Math.min(Math.max(rejectedByServer, 0), request.spanCount);
    const exported = request.spanCount - rejected;
    this.exported += exported;
    // Which ones were rejected nobody says.
    if (exported > 0) this.exportedBytes += Math.round((bytes * exported) / request.spanCount);
    this.rejected += rejected;
    this.#endOperation(code, rejected > 0 ? 'rejected' : undefined);
    if (rejected === 0 && message === undefined) return;
    const said = message === undefined ? 'it gave no reason' : `it said: ${message}`;
    const text = `the destination rejected ${rejected} of ${request.spanCount} spans; ${said}`;
    if (rejected > 0) this.#setError(text);
    this.#warn('export-rejected', text);
  }

  countFailed(request: Batch, reason: string, code?: ResultCode): void {
    this.failed += request.spanCount;
    this.countFailure(request.spanCount, errorTypeOf(code));
    this.#endOperation(code, errorTypeOf(code));
    this.#setError(reason);
    this.#warn('export-failed', `${request.spanCount} spans lost: ${reason}`);
  }

  /**
   * @param unsent - spans that no export had begun for.
   * @param sent - spans in the export under way.
   * @param isSending - whether an attempt of it is; else its last one got no final answer.
   */
  countGivenUp(unsent: number, sent: number, isSending: boolean): void {
    const spans = unsent + sent;
    this.unsent += unsent;
    this.shutdown += spans;
    if (sent > 0) {
      const code = isSending ? 'aborted' : this.#lastCode;
      this.countFailure(sent, errorTypeOf(code));
      this.#endOperation(code, errorTypeOf(code));
    }
    const cause = this.lastError === undefined ? 'no answer in time' : `last error: ${this.lastError}`;
    this.#warn('export-shutdown', `${spans} spans given up at shutdown; ${cause}`);
  }

  /**
   * An attempt without a final answer; nothing is lost yet.
   *
   * @param keptSpans - spans that wait for the next try; 0 when there is none, which another warning says.
   */
  noteRetry(reason: string, keptSpans: number, code?: ResultCode): void {
    this.#lastCode = code;
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

  #endOperation(code: ResultCode, errorType: string | undefined): void {
    const begun = this.#begun;
    this.#begun = undefined;
    this.#lastCode = undefined;
    if (begun === undefined) return;
    const status = typeof code === 'number' ? code : undefined;
    this.#onOperation?.({ seconds: (this.#now() - begun) / 1_000, status, errorType });
  }

  #setError(reason: string): void {
    this.lastError = toPrintable(reason);
    this.lastErrorTime = Date.now();
  }
}
