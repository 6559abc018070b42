/** Sends every finished span at once. Trace SDK specification, "Simple processor". */
import type { MeterProvider } from '@opentelemetry/api';
import { declareOwn } from '../export/own-class.ts';
import { Pipe } from '../export/pipe.ts';
import type { SpanCursor } from '../export/span-cursor.ts';
import type { ObjectSchedule } from './object-export.ts';
import type { SpanExporter } from './types.ts';
import { type ArenaExporter, type Connection, exporterOf, WireSpanProcessor } from './wire-span-processor.ts';

const DEFAULT_DELAY_MILLIS = 5_000;
const DEFAULT_TIMEOUT_MILLIS = 30_000;

/** The option object of upstream's 3.x. */
interface SimpleSpanProcessorOptions {
  exporter: SpanExporter;
  /** Gets metrics of this processor (`otel.sdk.processor.*`). Default: that of the tracer provider, if it has one. */
  selfObsMeterProvider?: MeterProvider;
}

/**
 * For tests and development. A span leaves when it ends; while one export is under way, the next spans wait
 * and leave together.
 */
export class SimpleSpanProcessor extends WireSpanProcessor {
  /** Takes the exporter, as upstream's 2.x does, or an object with it, as 3.x. */
  constructor(exporter: SpanExporter | SimpleSpanProcessorOptions) {
    const own = exporterOf(exporter);
    super(own, own === exporter ? undefined : (exporter as SimpleSpanProcessorOptions).selfObsMeterProvider);
  }

  protected override get componentType(): string {
    return 'simple_span_processor';
  }

  protected override get objectSchedule(): ObjectSchedule {
    return {
      maxQueueSize: undefined,
      maxExportBatchSize: undefined,
      scheduledDelayMillis: DEFAULT_DELAY_MILLIS,
      exportTimeoutMillis: DEFAULT_TIMEOUT_MILLIS,
      immediate: true,
    };
  }

  /** @internal */
  override connect(cursor: SpanCursor): Connection {
    const pipe = new Pipe({
      exporter: (this.exporter as ArenaExporter).wire(),
      source: cursor,
      onOperation: this.onOperation,
      name: cursor.name,
    });
    return this.connected({
      pipe,
      source: cursor,
      maxQueueSize: Number.POSITIVE_INFINITY,
      maxExportBatchSize: Number.POSITIVE_INFINITY,
      notifyEach: true,
      notify: () => pipe.pump(),
    });
  }
}

declareOwn(SimpleSpanProcessor, 'onStart', 'onEnding', 'onEnd');
