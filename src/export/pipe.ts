/** @module One provider's finished spans on their way to one destination: when to send, wait, give up and count. */

import { warn as warnUser } from '../diagnostics.ts';
import { AnswerWaiters } from './answer-waiters.ts';
import { BoundedSender, isPromise } from './bounded-send.ts';
import type { ExportOutcomes } from './export-outcomes.ts';
import type { ExportRequest, RequestSource, SendResult } from './exporter.ts';
import { type PipeCounters, PipeLedger } from './pipe-counters.ts';
import type { PipeFlush, PipeOptions } from './pipe-options.ts';
import { PipeTimer } from './pipe-timer.ts';
import { RequestSize } from './request-size.ts';
import { MINIMUM_PAUSE_MILLIS, retryDelayMillis } from './retry.ts';
import { asWork } from './work-clock.ts';

const DEFAULT_DELAY_MILLIS = 5_000;
const DEFAULT_TIMEOUT_MILLIS = 30_000;
/** How long a shutdown waits, beyond its deadline, for an aborted attempt to let go of its bytes. */
const ABORT_GRACE_MILLIS = 50;

/**
 * Sends what `source` holds to `exporter`, one request at a time. A request that got no final answer is kept and
 * tried again, and nothing else is sent meanwhile; spans leave by answer, by eviction in the source, or at the
 * deadline of `shutdown`.
 *
 * Timers do not keep the process alive, except while a flush or shutdown waits: its caller was promised an end.
 */
export class Pipe {
  readonly #sender: BoundedSender;
  readonly #source: RequestSource;
  readonly #maxExportBatchSize: number;
  readonly #scheduledDelayMillis: number;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #size: RequestSize;
  readonly #ledger: PipeLedger;

  /** Taken and not released: the first is in flight or is tried next, others came from cutting one. */
  #held: ExportRequest[] = [];
  #sending = false;
  /** Spans answered for and released so far. */
  #answered = 0;
  /** Position up to which sending goes on without waiting for more spans. */
  #sendUpTo = 0;
  #failures = 0;
  #pausedUntil = 0;
  #retryAfterUntil = 0;
  #lastTryEnded = Number.NEGATIVE_INFINITY;
  /** Either the next scheduled export or the end of a pause: never both are needed. */
  readonly #timer = new PipeTimer(() => this.#onTimer());
  readonly #soon = new PipeTimer(() => this.#advance());
  readonly #waiters = new AnswerWaiters();
  #shutdownDeadline = Number.POSITIVE_INFINITY;
  #shutdown: Promise<PipeFlush> | undefined;
  /** No attempt starts any more. */
  #isOver = false;
  /** What had no answer was given up, and counted. */
  #closed = false;
  /** Spans of the attempt that `shutdown` could not wait for; their bytes are free when it lets go. */
  #givenUpInFlight = 0;

  constructor(options: PipeOptions) {
    this.#sender = new BoundedSender(options.exporter, options.exportTimeoutMillis ?? DEFAULT_TIMEOUT_MILLIS);
    this.#source = options.source;
    this.#size = new RequestSize(options.maxRequestBytes);
    this.#maxExportBatchSize = options.maxExportBatchSize ?? Number.POSITIVE_INFINITY;
    this.#scheduledDelayMillis = options.scheduledDelayMillis ?? DEFAULT_DELAY_MILLIS;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => performance.now());
    const { name, onOperation } = options;
    const warnNamed = (code: string, message: string): void =>
      warnUser(name === undefined ? code : `${code}:${name}`, message);
    this.#ledger = new PipeLedger({ warn: options.warn ?? warnNamed, onOperation, now: this.#now });
  }

  /** The counts so far. */
  get counters(): PipeCounters {
    return this.#ledger.snapshot();
  }

  /** As `counters`, by cause, and live. */
  get outcomes(): Readonly<ExportOutcomes> {
    return this.#ledger;
  }

  /** Whether it was shut down. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Finished spans without a final answer. What `shutdown` gave up is counted there and not here. */
  get waitingSpans(): number {
    return this.#source.waitingSpans - this.#givenUpInFlight;
  }

  /** Spans that the source gave up for other destinations. */
  get evictedSpans(): number {
    return this.#source.evictedSpans ?? 0;
  }

  /** Spans in requests that were taken from the source and have no final answer, retries and pauses included. */
  get inFlightSpans(): number {
    return this.#held.reduce((sum, request) => sum + request.spanCount, 0);
  }

  /**
   * To be called after a span was added to the source, with what waits there. Costs a few comparisons: it arms
   * a timer, or lets sending start in the next turn of the event loop, but never sends itself.
   */
  notify(waitingBytes: number, waitingSpans: number): void {
    if (this.#held.length > 0 || this.#closed) return;
    const isMuch = waitingBytes >= this.#requestBytes || waitingSpans >= this.#maxExportBatchSize;
    if (isMuch || this.#source.isCrowded) {
      if (!this.#soon.isArmed) this.#soon.armNextTurn();
    } else if (!this.#timer.isArmed) {
      this.#timer.arm(this.#scheduledDelayMillis);
    }
  }

  /**
   * Sends everything that waits now, unless a request is in flight (then after it) or a pause is on. Runs
   * synchronously as far as the exporter does.
   */
  pump(): void {
    if (this.#closed) return;
    this.#sendUpTo = this.#position();
    this.#advance();
  }

  /**
   * Resolves when every span that was finished before the call has been answered for, or after `millis`. A
   * pause of our own is cut short (to 500 ms after the previous try); one that the destination asked for by
   * `Retry-After` is kept. Never rejects; may be called at any time, any number of times.
   *
   * @param millis - deadline, in milliseconds; default 30 000.
   * @param isLast - nobody will wait again, as when the program ends: it also resolves as soon as the next try would
   *   come after the deadline, and tries start from the shortest pause.
   */
  flush(millis: number = DEFAULT_TIMEOUT_MILLIS, isLast = false): Promise<PipeFlush> {
    const report = this.#startReport();
    if (this.#closed) return Promise.resolve(report());
    if (isLast) this.#failures = 0;
    this.#cutPause();
    this.pump();
    const answered = this.#untilAnswered(millis, isLast ? this.#now() + millis : undefined);
    if (!this.#sending && this.#isPaused()) this.#waiters.tellPause(this.#pausedUntil);
    return answered.then(report);
  }

  /**
   * Flushes, then closes the exporter. What has no answer after `millis`, or could get none because the next try
   * would come later, is given up and counted under `shutdown`. A second call returns the same promise. Never
   * rejects.
   *
   * @param millis - deadline, in milliseconds; default 30 000.
   */
  shutdown(millis: number = DEFAULT_TIMEOUT_MILLIS): Promise<PipeFlush> {
    this.#shutdown ??= this.#runShutdown(millis);
    return this.#shutdown;
  }

  get #requestBytes(): number {
    return Math.min(this.#size.bytes, this.#source.maxRequestBytes ?? Number.POSITIVE_INFINITY);
  }

  /** Spans that left in any way; they leave oldest first, so this is a position in their order. */
  get #passed(): number {
    return this.#answered + this.evictedSpans;
  }

  /** End of what waits now, in the order of spans. */
  #position(): number {
    return this.#passed + this.#source.waitingSpans;
  }

  #onTimer(): void {
    // The timer decides that the pause is over: its clock and `now` differ by up to a millisecond.
    this.#pausedUntil = 0;
    this.pump();
  }

  #isPaused(): boolean {
    return this.#held.length > 0 && this.#pausedUntil > this.#now();
  }

  /** Something waits that should go now. */
  #hasWork(): boolean {
    const { waitingSpans, waitingBytes } = this.#source;
    if (waitingSpans <= 0) return false;
    return (
      this.#held.length > 0 ||
      this.#passed < this.#sendUpTo ||
      waitingBytes >= this.#requestBytes ||
      waitingSpans >= this.#maxExportBatchSize ||
      this.#source.isCrowded === true
    );
  }

  #advance(): void {
    asWork(() => this.#work());
  }

  #work(): void {
    try {
      this.#sendWhatShould();
    } catch (error) {
      // The callers are the traced program and timers, where a fault of ours would end the process.
      this.#ledger.noteFault(error);
    }
    this.#rest();
  }

  #sendWhatShould(): void {
    while (!this.#sending && !this.#isOver && !this.#isPaused() && this.#hasWork()) {
      if (this.#held.length === 0) {
        const taken = this.#source.take(this.#requestBytes, this.#maxExportBatchSize);
        if (taken === undefined) break;
        this.#held.push(taken);
      }
      const [request] = this.#held;
      this.#timer.clear();
      this.#soon.clear();
      this.#sending = true;
      this.#ledger.beginAttempt();
      const result = this.#sender.send(request);
      if (isPromise(result)) {
        result
          .then((settled) => this.#settle(request, settled))
          .catch((error: unknown) => this.#ledger.noteFault(error))
          .then(() => this.#advance());
        return;
      }
      this.#settle(request, result);
    }
  }

  /** Nothing can be sent now: sees to it that something wakes the pipe when that changes. */
  #rest(): void {
    if (this.#sending || this.#isOver || this.#timer.isArmed) return;
    if (this.#held.length > 0) {
      this.#timer.arm(this.#pausedUntil - this.#now());
    } else if (this.#source.waitingSpans > 0) {
      this.#timer.arm(this.#scheduledDelayMillis);
    }
  }

  #settle(request: ExportRequest, result: SendResult): void {
    this.#sending = false;
    this.#lastTryEnded = this.#now();
    if (this.#closed) {
      // Given up and counted at the shutdown deadline; only now are the bytes free.
      this.#source.release(request);
      this.#givenUpInFlight = 0;
      return;
    }
    if (result.kind === 'retryable') {
      if (result.code === 'timed_out' && this.#size.isCutWhenLate(request.byteLength))
        this.#cut(request, false);
      this.#pause(result.reason, result.retryAfterMs, result.code);
      return;
    }
    this.#failures = 0;
    this.#pausedUntil = 0;
    this.#retryAfterUntil = 0;
    if (result.kind === 'failed' && result.tooLarge && this.#cut(request, true)) return;
    if (result.kind === 'delivered') this.#size.raise();
    this.#held.shift();
    this.#answered += request.spanCount;
    const before = this.#source.waitingBytes;
    this.#source.release(request);
    // After the release: a logger that is told of it may read the numbers, and they are to add up.
    this.#ledger.countAnswered(request, result, before - this.#source.waitingBytes);
    this.#tellWaiters();
  }

  #pause(reason: string, retryAfterMs: number | undefined, code: SendResult['code']): void {
    const now = this.#now();
    const delay = retryDelayMillis(this.#failures++, this.#random, retryAfterMs);
    this.#pausedUntil = now + delay;
    this.#retryAfterUntil = retryAfterMs === undefined ? 0 : now + retryAfterMs;
    const isLastTry = this.#pausedUntil >= this.#shutdownDeadline;
    this.#ledger.noteRetry(reason, isLastTry ? 0 : this.#source.waitingSpans, code);
    if (isLastTry) this.#waiters.settleAll();
    else this.#waiters.tellPause(this.#pausedUntil);
  }

  /** Replaces the first held request by its halves and remembers the smaller size, for good or until it passes. */
  #cut(request: ExportRequest, forGood: boolean): boolean {
    const halves = request.spanCount > 1 ? this.#source.split?.(request) : undefined;
    if (halves === undefined) return false;
    this.#held.splice(0, 1, ...halves);
    const larger = Math.max(halves[0].byteLength, halves[1].byteLength);
    this.#size.lower(larger, forGood);
    return true;
  }

  /** Lets the next try happen now, but not within 500 ms of the last one nor before the destination said. */
  #cutPause(): void {
    if (this.#pausedUntil === 0 || this.#sending) return;
    const earliest = Math.max(this.#lastTryEnded + MINIMUM_PAUSE_MILLIS, this.#retryAfterUntil);
    if (earliest >= this.#pausedUntil) return;
    this.#pausedUntil = earliest;
    this.#timer.clear();
  }

  #untilAnswered(millis: number, deadline?: number): Promise<void> {
    if (this.#source.waitingSpans <= 0 || !(millis > 0)) return Promise.resolve();
    return this.#waiters.until(this.#position(), millis, deadline);
  }

  #tellWaiters(): void {
    if (this.#source.waitingSpans <= 0 || this.#isOver) this.#waiters.settleAll();
    else this.#waiters.tell(this.#passed);
  }

  #startReport(): () => PipeFlush {
    const { exported, exportedBytes, dropped } = this.#ledger;
    const { evictedSpans } = this;
    return () => ({
      exported: this.#ledger.exported - exported,
      dropped: this.#ledger.dropped - dropped + this.evictedSpans - evictedSpans,
      waiting: this.waitingSpans,
      bytes: this.#ledger.exportedBytes - exportedBytes,
    });
  }

  async #runShutdown(millis: number): Promise<PipeFlush> {
    const report = this.#startReport();
    this.#shutdownDeadline = this.#now() + millis;
    // The schedule starts anew, so that the time left is used for more than one try.
    this.#failures = 0;
    this.#cutPause();
    this.pump();
    if (this.#sending || this.#pausedUntil < this.#shutdownDeadline) await this.#untilAnswered(millis);
    this.#isOver = true;
    if (this.#sending) {
      this.#sender.abort();
      await this.#untilAnswered(ABORT_GRACE_MILLIS);
    }
    try {
      this.#giveUp();
    } catch (error) {
      this.#ledger.noteFault(error);
    }
    this.#waiters.settleAll();
    this.#sender.close();
    return report();
  }

  #giveUp(): void {
    this.#closed = true;
    this.#timer.clear();
    this.#soon.clear();
    // First: what it gives up from here on is nothing that others are behind with.
    this.#source.close?.();
    const sent = this.inFlightSpans;
    let unsent = 0;
    // The one in flight is released when its attempt lets go of it.
    if (this.#sending) this.#givenUpInFlight = this.#held[0]?.spanCount ?? 0;
    for (const request of this.#held.splice(0).slice(this.#sending ? 1 : 0)) this.#source.release(request);
    for (;;) {
      const rest = this.#source.take(this.#requestBytes, Number.POSITIVE_INFINITY);
      if (rest === undefined) break;
      unsent += rest.spanCount;
      this.#source.release(rest);
    }
    if (sent + unsent > 0) this.#ledger.countGivenUp(unsent, sent, this.#sending);
  }
}
