/** @module For the bench only, left out of the package: a provider whose requests are made and thrown away. */
import { TracerProvider, type TracerProviderOptions } from './api/tracer-provider.ts';
import { type Connection, WireSpanProcessor } from './api/wire-span-processor.ts';
import { Pipe } from './export/pipe.ts';
import type { SpanCursor } from './export/span-queue.ts';

const REQUEST_BYTES = 4_194_304;

/** Connects a cursor that only `drain` reads. */
class SinkProcessor extends WireSpanProcessor {
  cursor: SpanCursor | undefined;

  override connect(cursor: SpanCursor): Connection {
    this.cursor = cursor;
    const unbounded = Number.POSITIVE_INFINITY;
    return this.connected({
      pipe: new Pipe({ exporter: this.exporter.wire(), source: cursor }),
      source: cursor,
      maxQueueSize: unbounded,
      maxExportBatchSize: unbounded,
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
  const processor = new SinkProcessor({
    wire: () => ({ send: () => ({ kind: 'delivered', rejected: 0 }), close: () => {} }),
    export: () => {},
    shutdown: async () => {},
  });
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
