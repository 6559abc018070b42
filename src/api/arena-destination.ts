/** The processors of a provider in arena mode: one queue of bytes, one pipe each. */
import type { SpanQueue, Stream } from '../export/span-queue.ts';
import { distinctNames } from './exporter-names.ts';
import { type FlushResult, flushResult } from './flush-result.ts';
import type { Ledger } from './ledger.ts';
import {
  type DestinationStats,
  NOTHING_COUNTED,
  type SpanDestination,
  type SpanDestinationStats,
} from './span-destination.ts';
import type { Connection, WireSpanProcessor } from './wire-span-processor.ts';

/** Pieces that a queue of so many spans has at least, where it may have to give up the oldest. */
const PIECES_OF_QUEUE = 8;

export class ArenaDestination implements SpanDestination {
  /** Spans that may wait, Infinity when only bytes bound them. Where several export, the least of their numbers. */
  readonly maxQueueSize: number;
  /** Whether `notify` must be called for every span, and not only when a piece was opened. */
  readonly notifyEach: boolean;
  private readonly queue: SpanQueue;
  private readonly ledger: Ledger;
  private readonly connections: readonly Connection[];
  /** Whether a destination may have to give up spans for the sake of its own bound. */
  private readonly isBounded: boolean;

  constructor(processors: readonly WireSpanProcessor[], queue: SpanQueue, ledger: Ledger) {
    this.queue = queue;
    this.ledger = ledger;
    const names = distinctNames(processors.map(({ exporter }) => exporter));
    this.connections = processors.map((processor, index) => {
      const cursor = queue.attach();
      cursor.name = names[index];
      const connection = processor.connect(cursor);
      cursor.maxSpans = connection.maxQueueSize;
      processor.observe(connection, ledger.dropped);
      return connection;
    });
    this.maxQueueSize = Math.min(...this.connections.map(({ maxQueueSize }) => maxQueueSize));
    this.isBounded = this.connections.length > 1 && this.maxQueueSize !== Number.POSITIVE_INFINITY;
    const largestPiece = this.isBounded
      ? Math.max(1, Math.floor(this.maxQueueSize / PIECES_OF_QUEUE))
      : Number.POSITIVE_INFINITY;
    queue.maxPieceSpans = Math.min(
      largestPiece,
      ...this.connections.map(({ maxExportBatchSize }) => maxExportBatchSize),
    );
    this.notifyEach = this.isBounded || this.connections.some(({ notifyEach }) => notifyEach);
  }

  /** Called after a commit that opened a piece, or after every one when `notifyEach`. */
  notify(stream: Stream): void {
    this.queue.closeFull(stream);
    if (this.isBounded) this.queue.holdToBounds();
    for (const connection of this.connections) connection.notify();
  }

  /** Sends everything that waits. */
  pump(): void {
    for (const { pipe } of this.connections) pipe.pump();
  }

  releaseHeld(): void {
    this.queue.isHeld = false;
    this.pump();
  }

  async flush(millis: number, isLast: boolean): Promise<FlushResult> {
    const atWork = this.connections.filter(({ pipe }) => !pipe.isClosed);
    const results = await Promise.all(
      atWork.map(async ({ pipe, source }) => ({ name: source.name, ...(await pipe.flush(millis, isLast)) })),
    );
    return flushResult(results, this.queue.waiting);
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all(this.connections.map(({ pipe }) => pipe.shutdown(millis)));
  }

  stats(): SpanDestinationStats {
    const destinations = this.connections.map((connection) => this.statsOf(connection));
    const atWork = this.connections.findIndex(({ pipe }) => !pipe.isClosed);
    const { name: _, ...first } = destinations[Math.max(0, atWork)] ?? {
      ...NOTHING_COUNTED,
      dropped: { ...this.ledger.dropped },
      name: '',
    };
    return { ...first, cut: this.ledger.cut, shed: { ...this.ledger.shed }, destinations };
  }

  private statsOf({ pipe, source }: Connection): DestinationStats {
    const { exported, rejected, failed, shutdown, lastError, lastErrorTime } = pipe.counters;
    const dropped = { ...this.ledger.dropped };
    const closed = shutdown + source.missedSpans;
    if (source.evictedSpans > 0) dropped.evicted = source.evictedSpans;
    if (closed > 0) dropped.shutdown = (dropped.shutdown ?? 0) + closed;
    return {
      name: source.name,
      waiting: pipe.waitingSpans,
      bytes: source.waitingBytes,
      exported,
      rejected,
      failed,
      dropped,
      delegated: 0,
      lastError,
      lastErrorTime,
    };
  }
}
