/** @module The SDK with an arena of its own: the first provider of a thread decides the size for all others. */

import { vi } from 'vitest';

import type { ObjectSchedule } from '../../src/api/object-export.ts';
import type { ArenaExporter, Connection, WireSpanProcessor } from '../../src/api/wire-span-processor.ts';
import type { SpanCursor } from '../../src/export/span-cursor.ts';
import { WireRecorder } from './api-recorder.ts';
import { CapturingExporter } from './engine-capture.ts';

export async function freshSdk() {
  vi.resetModules();
  const [{ TracerProvider }, simple, batch, wire, { Pipe }, own] = await Promise.all([
    import('../../src/api/tracer-provider.ts'),
    import('../../src/api/simple-span-processor.ts'),
    import('../../src/api/batch-span-processor.ts'),
    import('../../src/api/wire-span-processor.ts'),
    import('../../src/export/pipe.ts'),
    import('../../src/export/own-class.ts'),
  ]);
  // The fresh modules have not seen these classes, of modules loaded before, declared.
  for (const type of [WireRecorder, CapturingExporter]) own.declareOwn(type, 'export');
  const { SimpleSpanProcessor } = simple;
  const { BatchSpanProcessor } = batch;

  /** Sends on flush and shutdown only. */
  class FlushProcessor extends wire.WireSpanProcessor {
    static {
      own.declareOwn(FlushProcessor, 'onStart', 'onEnding', 'onEnd');
    }

    protected override get objectSchedule(): ObjectSchedule {
      throw new Error('expected no span objects');
    }

    override connect(source: SpanCursor): Connection {
      const pipe = new Pipe({ exporter: (this.exporter as ArenaExporter).wire(), source });
      const unbounded = Number.POSITIVE_INFINITY;
      const bounds = { maxQueueSize: unbounded, maxExportBatchSize: unbounded };
      return this.connected({ pipe, source, ...bounds, notifyEach: false, notify: () => {} });
    }
  }
  const flushProcessor = (exporter: ArenaExporter): WireSpanProcessor => new FlushProcessor(exporter);
  return { TracerProvider, SimpleSpanProcessor, BatchSpanProcessor, flushProcessor };
}

/** A promise and the function that settles it. */
export function settleable<Value>(): { promise: Promise<Value>; settle: (value: Value) => void } {
  let settle: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
