/** Sends every finished span at once. Trace SDK specification, "Simple processor". */
import { Pipe } from '../export/pipe.ts';
import type { SpanCursor } from '../export/span-queue.ts';
import { type ArenaExporter, type Connection, exporterOf, WireSpanProcessor } from './wire-span-processor.ts';

/**
 * For tests and development. A span leaves when it ends; while one export is under way, the next spans wait
 * and leave together.
 */
export class SimpleSpanProcessor extends WireSpanProcessor {
  /** Takes the exporter, as upstream's 2.x does, or an object with it, as 3.x. */
  constructor(exporter: ArenaExporter | { exporter: ArenaExporter }) {
    super(exporterOf(exporter));
  }

  /** @internal */
  override connect(cursor: SpanCursor): Connection {
    const pipe = new Pipe({ exporter: this.exporter.wire(), source: cursor });
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
