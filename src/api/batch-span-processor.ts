/** Sends finished spans in batches. Trace SDK specification, "Batching processor". */
import type { MeterProvider } from '@opentelemetry/api';
import { type BatchOptions, resolveBatchOptions } from '../config/batch.ts';
import { declareOwn } from '../export/own-class.ts';
import { Pipe } from '../export/pipe.ts';
import type { SpanCursor } from '../export/span-cursor.ts';
import type { ObjectSchedule } from './object-export.ts';
import type { SpanExporter } from './types.ts';
import { type ArenaExporter, type Connection, exporterOf, WireSpanProcessor } from './wire-span-processor.ts';

interface ProcessorOptions extends BatchOptions {
  /** Gets metrics of this processor (`otel.sdk.processor.*`). Default: that of the tracer provider, if it has one. */
  selfObsMeterProvider?: MeterProvider;
}

/** The option object of upstream's 3.x. */
export interface BatchSpanProcessorOptions extends ProcessorOptions {
  exporter: SpanExporter;
}

/**
 * Finished spans leave when a request is full (4 MiB, or `maxExportBatchSize` spans if that is set) or after
 * `scheduledDelayMillis`. By default bytes bound the queue; a `maxQueueSize` that is set is obeyed exactly.
 */
export class BatchSpanProcessor extends WireSpanProcessor {
  private readonly options: ReturnType<typeof resolveBatchOptions>;

  /** Takes `(exporter, options?)`, as upstream's 2.x does, or one object with the exporter in it, as 3.x. */
  constructor(exporter: SpanExporter | BatchSpanProcessorOptions, options?: ProcessorOptions) {
    const own = exporterOf(exporter);
    const given = own === exporter ? options : (exporter as BatchSpanProcessorOptions);
    super(own, given?.selfObsMeterProvider);
    this.options = resolveBatchOptions(given);
  }

  protected override get componentType(): string {
    return 'batching_span_processor';
  }

  protected override get hasQueue(): boolean {
    return true;
  }

  protected override get objectSchedule(): ObjectSchedule {
    return { ...this.options, immediate: false };
  }

  /** @internal */
  override connect(cursor: SpanCursor): Connection {
    const { maxQueueSize, maxExportBatchSize, scheduledDelayMillis, exportTimeoutMillis } = this.options;
    const pipe = new Pipe({
      exporter: (this.exporter as ArenaExporter).wire(),
      source: cursor,
      maxExportBatchSize,
      scheduledDelayMillis,
      exportTimeoutMillis,
      onOperation: this.onOperation,
      name: cursor.name,
    });
    return this.connected({
      pipe,
      source: cursor,
      maxQueueSize: maxQueueSize ?? Number.POSITIVE_INFINITY,
      maxExportBatchSize: maxExportBatchSize ?? Number.POSITIVE_INFINITY,
      notifyEach: maxExportBatchSize !== undefined,
      notify: () => pipe.notify(cursor.waitingBytes, cursor.waitingSpans),
    });
  }
}

declareOwn(BatchSpanProcessor, 'onStart', 'onEnding', 'onEnd');
