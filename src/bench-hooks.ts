/** @module For the bench only, left out of the package: a provider whose requests are made and thrown away. */

import { Ledger } from './api/ledger.ts';
import { ObjectEncoder } from './api/object-encoder.ts';
import { isSampled, type ObjectSchedule } from './api/object-export.ts';
import { estimateBytes } from './api/span-size.ts';
import { TracerProvider, type TracerProviderOptions } from './api/tracer-provider.ts';
import type { ReadableSpan, SpanProcessor } from './api/types.ts';
import { type ArenaExporter, type Connection, WireSpanProcessor } from './api/wire-span-processor.ts';
import type { WireExporter } from './export/exporter.ts';
import { declareOwn } from './export/own-class.ts';
import { Pipe } from './export/pipe.ts';
import type { SpanCursor } from './export/span-cursor.ts';

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

  protected override get objectSchedule(): ObjectSchedule {
    throw new Error('expected no span objects; createPluginSinkProvider collects those');
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

/** A processor that is none of ours: with it, spans are objects. */
class IdleProcessor implements SpanProcessor {
  onStart(): void {}

  onEnd(_span: ReadableSpan): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

/** Collects span objects and what they hold, as `BatchSpanProcessor` does, until `drain` encodes them. */
class ObjectSinkProcessor extends IdleProcessor {
  private spans: ReadableSpan[] = [];
  private bytes = 0;

  override onEnd(span: ReadableSpan): void {
    if (!isSampled(span)) return;
    this.spans.push(span);
    this.bytes += estimateBytes(span);
  }

  take(): readonly ReadableSpan[] {
    const { spans } = this;
    this.spans = [];
    this.bytes = 0;
    return spans;
  }
}

export interface Sink {
  readonly provider: TracerProvider;
  /** Which engine runs. */
  readonly engine: string;
  /** Lays out the requests for all finished spans as the sender would, gives them back, returns their bytes. */
  drain(): number;
}

/** Arena mode: finished spans are bytes before `drain`. */
export function createSinkProvider(options: TracerProviderOptions = {}): Sink {
  const processor = new SinkProcessor(new SinkExporter());
  const provider = new TracerProvider({ ...options, spanProcessors: [processor] });
  return {
    provider,
    engine: provider.stats().engine,
    drain: () => (processor.cursor === undefined ? 0 : releaseAll(processor.cursor)),
  };
}

/**
 * Plug-in mode: a foreign processor stands beside the one that collects, and `drain` encodes first.
 *
 * @throws Error, out of `drain`, when the arena refuses a span: the bytes would not be those of all spans.
 */
export function createPluginSinkProvider(options: TracerProviderOptions = {}): Sink {
  const processor = new ObjectSinkProcessor();
  const provider = new TracerProvider({ ...options, spanProcessors: [new IdleProcessor(), processor] });
  const encoder = new ObjectEncoder(provider.settings.arena, new Ledger());
  const cursor = encoder.queue.attach();
  return {
    provider,
    engine: provider.stats().engine,
    drain() {
      for (const span of processor.take()) {
        const refused = encoder.encode(span);
        if (refused !== undefined)
          throw new Error(`expected room for every span, one was refused: ${refused}`);
      }
      return releaseAll(cursor);
    },
  };
}

function releaseAll(cursor: SpanCursor): number {
  let bytes = 0;
  for (let request = cursor.take(REQUEST_BYTES, Infinity); request !== undefined; ) {
    bytes += request.byteLength;
    cursor.release(request);
    request = cursor.take(REQUEST_BYTES, Infinity);
  }
  return bytes;
}
