/** What our two span processors share: they connect a provider's finished spans to an exporter's wire side. */
import type { WireExporter } from '../export/exporter.ts';
import type { Pipe } from '../export/pipe.ts';
import type { SpanCursor } from '../export/span-queue.ts';
import type { SpanExporter, SpanProcessor } from './types.ts';

/** One of our exporters: it takes OTLP bytes as well as span objects. */
export interface ArenaExporter extends SpanExporter {
  wire(): WireExporter;
}

/** The exporter out of either form of a constructor's first argument. A provider refuses what is none. */
export function exporterOf(argument: ArenaExporter | { exporter: ArenaExporter }): ArenaExporter {
  const isOptions = typeof argument === 'object' && argument !== null && 'exporter' in argument;
  return isOptions ? argument.exporter : (argument as ArenaExporter);
}

/** A processor at work for one provider. */
export interface Connection {
  readonly pipe: Pipe;
  readonly source: SpanCursor;
  /** Finished spans that may wait. */
  readonly maxQueueSize: number;
  /** Spans in one request. */
  readonly maxExportBatchSize: number;
  /** Whether `notify` must be called for every span, and not only when a piece was opened. */
  readonly notifyEach: boolean;
  readonly notify: () => void;
}

export abstract class WireSpanProcessor implements SpanProcessor {
  /** @internal */
  readonly exporter: ArenaExporter;
  private readonly connections: Connection[] = [];

  constructor(exporter: ArenaExporter) {
    this.exporter = exporter;
  }

  /** Starts to work for a provider. @internal */
  abstract connect(cursor: SpanCursor): Connection;

  protected connected(connection: Connection): Connection {
    this.connections.push(connection);
    return connection;
  }

  /** Does nothing: the provider hands finished spans over as bytes. */
  onStart(): void {}

  /** Does nothing: the provider hands finished spans over as bytes. */
  onEnd(): void {}

  /** Sends what has finished. Resolves when it was answered, or after 30 s; never rejects. */
  async forceFlush(): Promise<void> {
    await Promise.all(this.connections.map(({ pipe }) => pipe.flush()));
  }

  /** Flushes and stops. Never rejects. */
  async shutdown(): Promise<void> {
    await Promise.all(this.connections.map(({ pipe }) => pipe.shutdown()));
  }
}
