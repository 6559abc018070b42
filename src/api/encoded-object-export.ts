/**
 * Span objects to one of our exporters: they wait as objects, so that what a processor writes to them after `onEnd`
 * still reaches the wire, are encoded into the arena a slice a turn, and leave by a pipe like all others.
 */
import type { Arena } from '../engine/arena.ts';
import type { ExportOutcomes } from '../export/export-outcomes.ts';
import type { WireExporter } from '../export/exporter.ts';
import { Pipe } from '../export/pipe.ts';
import type { PipeCounters } from '../export/pipe-counters.ts';
import type { PipeFlush } from '../export/pipe-options.ts';
import { PipeTimer } from '../export/pipe-timer.ts';
import type { SpanCursor } from '../export/span-cursor.ts';
import { asWork } from '../export/work-clock.ts';
import { type DropReason, Ledger } from './ledger.ts';
import { ObjectEncoder } from './object-encoder.ts';
import {
  DEFAULT_BATCH_SIZE,
  isSampled,
  type ObjectExport,
  type ObjectExportOptions,
} from './object-export.ts';
import { estimateBytes } from './span-size.ts';
import type { ReadableSpan } from './types.ts';
import { WaitingSpans } from './waiting-spans.ts';

/** Objects that wait before the oldest are encoded in the call that adds one. */
const MOST_OBJECTS = 2048;
/** Spans encoded in one turn of the event loop. */
const SLICE_SPANS = 64;
/** Objects are encoded early when their text is about that of a request, and at once at a quarter of the arena. */
const BATCH_BYTES = 4_194_304;
const ARENA_SHARE = 4;

export class EncodedObjectExport implements ObjectExport {
  readonly ledger = new Ledger();
  private readonly options: ObjectExportOptions;
  private readonly encoder: ObjectEncoder;
  private readonly cursor: SpanCursor;
  private readonly pipe: Pipe;
  private readonly fullBytes: number;
  private readonly batchSize: number;
  /** Not encoded yet. */
  private readonly spans = new WaitingSpans();
  /** Spans ever added and ever encoded; up to where encoding goes on without waiting, and whether to send then. */
  /** Spans ever given to it, refused ones included. */
  received = 0;
  private added = 0;
  private encoded = 0;
  private encodeUpTo = 0;
  private sendWhenEncoded = false;
  private readonly timer = new PipeTimer(() => asWork(() => this.onDelay()));
  private readonly soon = new PipeTimer(() => asWork(() => this.encodeTurn()));
  private stopping: Promise<PipeFlush> | undefined;

  constructor(arena: Arena, exporter: WireExporter, options: ObjectExportOptions) {
    this.options = options;
    this.encoder = new ObjectEncoder(arena, this.ledger, () => this.pipe.pump());
    this.cursor = this.encoder.queue.attach();
    this.cursor.name = options.name ?? this.cursor.name;
    this.encoder.queue.maxPieceSpans = options.maxExportBatchSize ?? Number.POSITIVE_INFINITY;
    this.fullBytes = arena.engine.bytes.length / ARENA_SHARE;
    this.batchSize = options.maxExportBatchSize ?? DEFAULT_BATCH_SIZE;
    this.pipe = new Pipe({
      exporter,
      source: this.cursor,
      maxExportBatchSize: options.maxExportBatchSize,
      scheduledDelayMillis: options.scheduledDelayMillis,
      exportTimeoutMillis: options.exportTimeoutMillis,
      onOperation: options.onOperation,
      name: options.name,
    });
  }

  /**
   * Takes a finished span. At `maxQueueSize` it is dropped and counted; where that is not set, the oldest objects
   * become bytes at once, so that a burst in one turn loses nothing that the arena can hold.
   */
  add(span: ReadableSpan): void {
    const { immediate, scheduledDelayMillis } = this.options;
    this.received += 1;
    const refused = this.refusal(span);
    if (refused !== undefined) {
      this.ledger.drop(refused);
      return;
    }
    // Where it is read at once it is read once: a getter may do something.
    this.spans.push(span, immediate ? 0 : estimateBytes(span));
    this.added += 1;
    if (immediate) {
      this.encodeSlice();
      this.pipe.pump();
    } else if (this.spans.length >= MOST_OBJECTS || this.spans.bytes >= this.fullBytes) {
      this.encodeSlice();
    } else if (this.spans.length >= this.batchSize || this.spans.bytes >= BATCH_BYTES) {
      this.encodeUpTo = this.added;
      if (!this.soon.isArmed) this.soon.armNextTurn();
    } else if (!this.timer.isArmed) {
      this.timer.arm(scheduledDelayMillis);
    }
  }

  private refusal(span: ReadableSpan): DropReason | undefined {
    if (!isSampled(span)) return 'not_sampled';
    if (this.stopping !== undefined) return 'shutdown';
    return this.waitingSpans >= this.capacity ? 'queue_full' : undefined;
  }

  async flush(millis: number, isLast = false): Promise<PipeFlush> {
    const { exported, exportedBytes } = this.pipe.counters;
    const lost = this.lost;
    const deadline = performance.now() + millis;
    const mark = this.added;
    while (this.encoded < mark && performance.now() < deadline) {
      this.encodeSlice();
      if (this.encoded < mark) await nextTurn();
    }
    await this.pipe.flush(Math.max(0, deadline - performance.now()), isLast);
    const { counters } = this.pipe;
    return {
      exported: counters.exported - exported,
      dropped: this.lost - lost,
      waiting: this.waitingSpans,
      bytes: counters.exportedBytes - exportedBytes,
    };
  }

  releaseHeld(): void {
    this.encoder.releaseHeld();
    this.pipe.pump();
  }

  shutdown(millis: number): Promise<PipeFlush> {
    this.stopping ??= this.stop(millis);
    return this.stopping;
  }

  private async stop(millis: number): Promise<PipeFlush> {
    const deadline = performance.now() + millis;
    this.timer.clear();
    this.soon.clear();
    this.releaseHeld();
    while (this.spans.length > 0 && performance.now() < deadline) {
      this.encodeSlice();
      if (this.spans.length > 0) await nextTurn();
    }
    for (const _ of this.spans.take(this.spans.length)) this.ledger.drop('shutdown');
    const result = await this.pipe.shutdown(Math.max(0, deadline - performance.now()));
    this.encoder.close();
    this.ledger.close();
    return result;
  }

  get waitingSpans(): number {
    return this.spans.length + this.pipe.waitingSpans;
  }

  get inFlightSpans(): number {
    return this.pipe.inFlightSpans;
  }

  get capacity(): number {
    return this.options.maxQueueSize ?? Number.POSITIVE_INFINITY;
  }

  get waitingBytes(): number {
    return this.cursor.waitingBytes;
  }

  get evictedSpans(): number {
    return this.cursor.evictedSpans;
  }

  get counters(): PipeCounters {
    return this.pipe.counters;
  }

  get outcomes(): Readonly<ExportOutcomes> {
    return this.pipe.outcomes;
  }

  get dropped(): ObjectExport['dropped'] {
    return this.ledger.dropped;
  }

  get cut(): number {
    return this.ledger.cut;
  }

  get shed(): ObjectExport['shed'] {
    return this.ledger.shed;
  }

  get isClosed(): boolean {
    return this.pipe.isClosed;
  }

  private get lost(): number {
    const { rejected, failed, shutdown } = this.pipe.counters;
    return this.ledger.total + this.evictedSpans + rejected + failed + shutdown;
  }

  private onDelay(): void {
    this.encodeUpTo = this.added;
    this.sendWhenEncoded = true;
    this.encodeTurn();
  }

  private encodeTurn(): void {
    this.encodeSlice();
    if (this.encoded < this.encodeUpTo) {
      this.soon.armNextTurn();
      return;
    }
    if (this.sendWhenEncoded) this.pipe.pump();
    this.sendWhenEncoded = false;
    if (this.spans.length > 0 && !this.timer.isArmed) this.timer.arm(this.options.scheduledDelayMillis);
  }

  /** Encodes the oldest spans. What the arena refuses is counted by reason. */
  private encodeSlice(): void {
    const slice = this.spans.take(SLICE_SPANS);
    this.encoded += slice.length;
    for (const span of slice) {
      const refused = this.encoder.encode(span);
      if (refused !== undefined) this.ledger.drop(refused);
    }
    this.pipe.notify(this.cursor.waitingBytes, this.cursor.waitingSpans);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => new PipeTimer(resolve, true).armNextTurn());
}
