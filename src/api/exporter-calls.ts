/**
 * Span objects to an exporter that takes objects: another SDK's, or a subclass of ours. One `export` at a time
 * (Trace SDK specification, "Export(batch)"); an exporter that throws, rejects, hangs or calls back twice loses its
 * own batch and nothing else. After one that did not answer in time the next begins all the same: nobody can tell whether
 * its answer will come, and waiting for ever would lose every span after it.
 */
import { warn } from '../diagnostics.ts';
import { AnswerWaiters } from '../export/answer-waiters.ts';
import type { ExportOutcomes, ResultCode } from '../export/export-outcomes.ts';
import { toLine } from '../export/message-line.ts';
import { type PipeCounters, PipeLedger } from '../export/pipe-counters.ts';
import type { PipeFlush } from '../export/pipe-options.ts';
import { PipeTimer } from '../export/pipe-timer.ts';
import { runSuppressed } from '../export/suppressed-context.ts';
import { messageOf } from './attributes.ts';
import { levelAt } from './content-level.ts';
import { guardedWithin, nameOf } from './guarded-call.ts';
import { type DropReason, Ledger } from './ledger.ts';
import {
  DEFAULT_BATCH_SIZE,
  isSampled,
  type ObjectExport,
  type ObjectExportOptions,
} from './object-export.ts';
import { PluginSpan } from './plugin-span.ts';
import { completion } from './resource-completion.ts';
import { shedObject } from './shed-content.ts';
import { estimateBytes } from './span-size.ts';
import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from './types.ts';
import { WaitingSpans } from './waiting-spans.ts';

export class ExporterCalls implements ObjectExport {
  private readonly ledger = new Ledger();
  private readonly exported: PipeLedger;
  private readonly exporter: SpanExporter;
  private readonly options: ObjectExportOptions;
  readonly capacity: number;
  private readonly maxBytes: number;
  private readonly batchSize: number;
  private readonly spans = new WaitingSpans();
  received = 0;
  private sending = false;
  inFlightSpans = 0;
  /** Spans ever added, taken and answered for; up to where sending goes on without waiting for more. */
  private added = 0;
  private taken = 0;
  private answered = 0;
  private sendUpTo = 0;
  private readonly timer = new PipeTimer(() => this.pump());
  private readonly soon = new PipeTimer(() => this.pump());
  private readonly waiters = new AnswerWaiters();
  private stopping: Promise<PipeFlush> | undefined;
  /** Ends the wait for a resource that is not complete. */
  private release = (): void => {};
  private isReleased = false;
  isClosed = false;

  constructor(exporter: SpanExporter, options: ObjectExportOptions) {
    this.exporter = exporter;
    this.options = options;
    const { name, onOperation } = options;
    this.exported = new PipeLedger({
      warn: (code, message) => warn(name === undefined ? code : `${code}:${name}`, message),
      onOperation,
    });
    this.capacity = options.maxQueueSize ?? Number.POSITIVE_INFINITY;
    this.maxBytes = options.maxQueueSize === undefined ? options.maxQueueBytes : Number.POSITIVE_INFINITY;
    this.batchSize = options.maxExportBatchSize ?? (options.immediate ? 1 : DEFAULT_BATCH_SIZE);
  }

  /** Takes a finished span. At `maxQueueSize`, by default at about `maxQueueBytes`, it is dropped and counted. */
  add(span: ReadableSpan): void {
    this.received += 1;
    const refused = this.refusal(span);
    if (refused !== undefined) {
      this.ledger.drop(refused);
      return;
    }
    const kept = this.withRoomFor(span);
    // What leaves in this call is read by the exporter alone.
    const size = this.options.immediate && !this.sending ? 0 : estimateBytes(kept);
    this.spans.push(kept, size);
    this.added += 1;
    if (this.options.immediate) this.pump();
    else if (this.spans.length < this.batchSize) this.rest();
    else if (!this.soon.isArmed) this.soon.armNextTurn();
  }

  /** The span, or a copy with as much of its captured content as there is room for. */
  private withRoomFor(span: ReadableSpan): ReadableSpan {
    try {
      if (span instanceof PluginSpan && span._content !== null) {
        return shedObject(span, levelAt(this.spans.bytes, this.maxBytes), this.ledger);
      }
    } catch {
      // A full stack, or a Proxy that refuses: the span waits as it is.
    }
    return span;
  }

  private refusal(span: ReadableSpan): DropReason | undefined {
    if (!isSampled(span)) return 'not_sampled';
    if (this.stopping !== undefined) return 'shutdown';
    const isFull = this.spans.length >= this.capacity || this.spans.bytes >= this.maxBytes;
    return isFull ? 'queue_full' : undefined;
  }

  releaseHeld(): void {
    this.isReleased = true;
    this.release();
  }

  async flush(millis: number): Promise<PipeFlush> {
    const { exported, failed } = this.exported;
    const dropped = this.ledger.total;
    const deadline = performance.now() + millis;
    this.pump();
    await this.untilAnswered(millis);
    const { exporter } = this;
    if (typeof exporter.forceFlush === 'function') {
      const left = Math.max(0, deadline - performance.now());
      await guardedWithin('forceFlush', exporter, left, () => exporter.forceFlush?.());
    }
    return {
      exported: this.exported.exported - exported,
      dropped: this.exported.failed - failed + this.ledger.total - dropped,
      waiting: this.waitingSpans,
      bytes: 0,
    };
  }

  shutdown(millis: number): Promise<PipeFlush> {
    this.stopping ??= this.stop(millis);
    return this.stopping;
  }

  private async stop(millis: number): Promise<PipeFlush> {
    const deadline = performance.now() + millis;
    const result = await this.flush(millis);
    this.isClosed = true;
    this.timer.clear();
    this.soon.clear();
    const unsent = this.spans.take(this.spans.length).length;
    const rest = unsent + this.inFlightSpans;
    if (rest > 0) this.exported.countGivenUp(unsent, this.inFlightSpans, true);
    this.inFlightSpans = 0;
    const left = Math.max(0, deadline - performance.now());
    await guardedWithin('shutdown', this.exporter, left, () => this.exporter.shutdown?.());
    this.ledger.close();
    return { ...result, dropped: result.dropped + rest, waiting: 0 };
  }

  get waitingSpans(): number {
    return this.spans.length + this.inFlightSpans;
  }

  /** Nothing is encoded here. */
  get waitingBytes(): number {
    return 0;
  }

  get counters(): PipeCounters {
    return this.exported.snapshot();
  }

  get outcomes(): Readonly<ExportOutcomes> {
    return this.exported;
  }

  get dropped(): ObjectExport['dropped'] {
    return this.ledger.dropped;
  }

  get shed(): ObjectExport['shed'] {
    return this.ledger.shed;
  }

  get cut(): number {
    return 0;
  }

  private pump(): void {
    this.sendUpTo = this.added;
    this.advance();
  }

  private advance(): void {
    while (!this.sending && !this.isClosed && this.taken < this.sendUpTo) {
      const batch = this.spans.take(this.batchSize);
      if (batch.length === 0) break;
      this.taken += batch.length;
      this.inFlightSpans = batch.length;
      this.sending = true;
      const pending = batch.map(({ resource }) => completion(resource)).filter((wait) => wait !== undefined);
      if (pending.length === 0 || this.isReleased) this.call(batch);
      else this.callAfter(pending, batch);
    }
    if (!this.sending) this.rest();
  }

  private callAfter(pending: readonly Promise<void>[], batch: ReadableSpan[]): void {
    const released = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    void Promise.race([Promise.all(pending), released]).then(() => this.call(batch));
  }

  /** What waits leaves after the delay at the latest. */
  private rest(): void {
    if (this.spans.length > 0 && !this.timer.isArmed && !this.isClosed) {
      this.timer.arm(this.options.scheduledDelayMillis);
    }
  }

  private call(batch: ReadableSpan[]): void {
    const { exportTimeoutMillis } = this.options;
    let isInCall = true;
    let settled: 'no' | 'answered' | 'late' = 'no';
    const timeout = new PipeTimer(() => {
      settled = 'late';
      fail(`no answer within ${exportTimeoutMillis} ms`, 'timeout');
      this.advance();
    });
    const settle = (result: ExportResult): void => {
      if (settled === 'answered') this.warnTwice();
      if (settled !== 'no') return;
      settled = 'answered';
      timeout.clear();
      const failure = failureOf(result);
      if (failure === undefined) this.answer(batch.length);
      else fail(failure.reason, failure.code);
      if (!isInCall) this.advance();
    };
    const fail = (reason: string, code: ResultCode): void =>
      this.answer(batch.length, `${nameOf(this.exporter)}: ${reason}`, code);
    const failed = (error: unknown): void => settle({ code: ExportResultCode.FAILED, error: asError(error) });
    this.exported.beginAttempt();
    try {
      const returned: unknown = runSuppressed(() => this.exporter.export(batch, settle));
      // An `async export` that rejects has no callback to tell it by.
      if (typeof (returned as PromiseLike<void> | undefined)?.then === 'function') {
        (returned as PromiseLike<void>).then(undefined, failed);
      }
    } catch (error) {
      failed(error);
    }
    isInCall = false;
    if (settled === 'no') timeout.arm(exportTimeoutMillis);
  }

  private answer(spans: number, failure?: string, code?: ResultCode): void {
    this.sending = false;
    if (this.isClosed) return;
    this.inFlightSpans = 0;
    this.answered += spans;
    if (failure === undefined) this.exported.countDelivered({ spanCount: spans }, { rejected: 0 });
    else this.exported.countFailed({ spanCount: spans }, failure, code);
    this.waiters.tell(this.answered);
  }

  private warnTwice(): void {
    warn(
      'export-callback-twice',
      `${nameOf(this.exporter)}.export called back twice; the first call counts.`,
    );
  }

  private untilAnswered(millis: number): Promise<void> {
    if (this.answered >= this.added || !(millis > 0)) return Promise.resolve();
    return this.waiters.until(this.added, millis);
  }
}

/** The name of an error's class. A cause for metrics must be one of few words, which a message is not. */
function errorName(error: unknown): string | undefined {
  try {
    const { name } = error as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Why an export failed; `undefined` when it did not. A result that cannot be read is a failure. */
function failureOf(result: ExportResult): { reason: string; code: ResultCode } | undefined {
  try {
    if (result?.code === ExportResultCode.SUCCESS) return undefined;
    const error = result?.error;
    return { reason: toLine(messageOf(error ?? 'the exporter gave no reason')), code: errorName(error) };
  } catch (error) {
    return { reason: `its result cannot be read: ${messageOf(error)}`, code: undefined };
  }
}

/** What was thrown, as an error that can be read. */
function asError(thrown: unknown): Error {
  return Object.assign(new Error(messageOf(thrown)), { name: errorName(thrown) ?? 'Error' });
}
