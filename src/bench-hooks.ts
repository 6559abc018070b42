/** @module For the bench only, left out of the package: a provider whose requests are made and thrown away. */

import type { ObjectExportOptions } from './api/object-export.ts';
import { TracerProvider, type TracerProviderOptions } from './api/tracer-provider.ts';
import { type ArenaExporter, type Connection, WireSpanProcessor } from './api/wire-span-processor.ts';
import type { WireExporter } from './export/exporter.ts';
import { declareOwn } from './export/own-class.ts';
import { Pipe } from './export/pipe.ts';
import type { SpanCursor } from './export/span-queue.ts';

const REQUEST_BYTES = 4_194_304;

const UNBOUNDED = Number.POSITIVE_INFINITY;

/** Takes bytes and throws them away. */
class SinkExporter implements ArenaExporter {
  static {
    declareOwn(SinkExporter, 'export');
  }

  wire(): WireExporter {
    return { send: () => ({ kind: 'delivered', rejected: 0 }), close: () => {} };
  }

  export(): void {}

  async shutdown(): Promise<void> {}
}

/** Connects a cursor that only `drain` reads. */
class SinkProcessor extends WireSpanProcessor {
  static {
    declareOwn(SinkProcessor, 'onStart', 'onEnding', 'onEnd');
  }

  cursor: SpanCursor | undefined;

  protected override get objectOptions(): ObjectExportOptions {
    throw new Error('expected no span objects');
  }

  override connect(cursor: SpanCursor): Connection {
    this.cursor = cursor;
    return this.connected({
      pipe: new Pipe({ exporter: (this.exporter as ArenaExporter).wire(), source: cursor }),
      source: cursor,
      maxQueueSize: UNBOUNDED,
      maxExportBatchSize: UNBOUNDED,
      notifyEach: false,
      notify: () => {},
    });
  }
}

export interface Sink {
  readonly provider: TracerProvider;
  /** Which engine runs. */
  readonly engine: string;
  /** Lays out the requests for all finished spans as the sender would, gives them back, returns their bytes. */
  drain(): number;
}

export function createSinkProvider(options: TracerProviderOptions = {}): Sink {
  const processor = new SinkProcessor(new SinkExporter());
  const provider = new TracerProvider({ ...options, spanProcessors: [processor] });
  return {
    provider,
    engine: provider.stats().engine,
    drain() {
      let bytes = 0;
      for (let request = processor.cursor?.take(REQUEST_BYTES, Infinity); request !== undefined; ) {
        bytes += request.byteLength;
        processor.cursor?.release(request);
        request = processor.cursor?.take(REQUEST_BYTES, Infinity);
      }
      return bytes;
    },
  };
}
