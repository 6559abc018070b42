/** The processors of a provider in arena mode: one queue of bytes, one pipe each. */
import type { FlushResult } from '../export/pipe.ts';
import type { SpanQueue, Stream } from '../export/span-queue.ts';
import type { Ledger } from './ledger.ts';
import type { SpanDestination, SpanDestinationStats } from './span-destination.ts';
import type { Connection, WireSpanProcessor } from './wire-span-processor.ts';

export class ArenaDestination implements SpanDestination {
  /** Spans that may wait, Infinity when only bytes bound them. */
  readonly maxQueueSize: number;
  /** Whether `notify` must be called for every span, and not only when a piece was opened. */
  readonly notifyEach: boolean;
  private readonly queue: SpanQueue;
  private readonly ledger: Ledger;
  private readonly connections: readonly Connection[];

  constructor(processors: readonly WireSpanProcessor[], queue: SpanQueue, ledger: Ledger) {
    this.queue = queue;
    this.ledger = ledger;
    this.connections = processors.map((processor) => {
      const connection = processor.connect(queue.attach());
      processor.observe(connection, ledger.dropped);
      return connection;
    });
    queue.maxPieceSpans = Math.min(...this.connections.map(({ maxExportBatchSize }) => maxExportBatchSize));
    this.maxQueueSize = Math.min(...this.connections.map(({ maxQueueSize }) => maxQueueSize));
    this.notifyEach = this.connections.some(({ notifyEach }) => notifyEach);
  }

  /** Called after a commit that opened a piece, or after every one when `notifyEach`. */
  notify(stream: Stream): void {
    this.queue.closeFull(stream);
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

  async flush(millis: number): Promise<FlushResult> {
    const results = await Promise.all(this.connections.map(({ pipe }) => pipe.flush(millis)));
    if (results.length === 0) return { exported: 0, dropped: 0, waiting: this.queue.waiting, bytes: 0 };
    return results.reduce((worst, result) => (result.exported < worst.exported ? result : worst));
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all(this.connections.map(({ pipe }) => pipe.shutdown(millis)));
  }

  /** Where several processors export, exports are those of the first still at work. */
  stats(): SpanDestinationStats {
    const first = this.connections.find(({ pipe }) => !pipe.isClosed) ?? this.connections[0];
    const counters = first?.pipe.counters;
    const dropped = { ...this.ledger.dropped };
    const evicted = first?.source.evictedSpans ?? 0;
    if (evicted > 0) dropped.evicted = evicted;
    if (counters?.shutdown) dropped.shutdown = (dropped.shutdown ?? 0) + counters.shutdown;
    return {
      waiting: first?.pipe.waitingSpans ?? 0,
      bytes: first?.source.waitingBytes ?? 0,
      exported: counters?.exported ?? 0,
      rejected: counters?.rejected ?? 0,
      failed: counters?.failed ?? 0,
      dropped,
      cut: this.ledger.cut,
      shed: { ...this.ledger.shed },
      lastError: counters?.lastError,
      lastErrorTime: counters?.lastErrorTime,
      delegated: 0,
    };
  }
}
