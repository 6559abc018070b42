/** @module Finished spans kept for tests (specification: In-memory exporter). */

import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from '../api/types.ts';
import { decodingWireExporter } from './decoding-wire-exporter.ts';
import type { WireExporter } from './exporter.ts';
import { declareOwn } from './own-class.ts';

const STOPPED = 'expected spans before shutdown(), got them after; they were not kept. Create a new exporter';

/**
 * Keeps every exported span until `reset()` or `shutdown()`. Meant for tests: nothing bounds its memory.
 */
export class InMemorySpanExporter implements SpanExporter {
  /** Span objects are kept as they are where they are objects anyway. @internal */
  readonly prefersObjects = true;
  private finishedSpans: ReadableSpan[] = [];
  private stopped = false;

  /** Takes spans as objects. After `shutdown()` it keeps nothing and reports a failure. */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    if (this.stopped) {
      resultCallback({ code: ExportResultCode.FAILED, error: new Error(`InMemorySpanExporter: ${STOPPED}`) });
      return;
    }
    this.keep(spans);
    resultCallback({ code: ExportResultCode.SUCCESS });
  }

  /** Takes spans as OTLP bytes; those of one request are kept in order of their end times. */
  wire(): WireExporter {
    return decodingWireExporter(
      (spans) => {
        if (this.stopped) throw new Error(`InMemorySpanExporter: ${STOPPED}`);
        this.keep(spans);
      },
      () => this.stop(),
    );
  }

  /** The spans kept so far, oldest export first. The array is live until the next `reset()`. */
  getFinishedSpans(): ReadableSpan[] {
    return this.finishedSpans;
  }

  /** Forgets the spans kept so far and goes on collecting. */
  reset(): void {
    this.finishedSpans = [];
  }

  /** Forgets the spans kept so far and stops collecting. */
  async shutdown(): Promise<void> {
    this.stop();
  }

  /** Nothing ever waits here: resolves at once. */
  async forceFlush(): Promise<void> {}

  private keep(spans: readonly ReadableSpan[]): void {
    for (const span of spans) this.finishedSpans.push(span);
  }

  private stop(): void {
    this.stopped = true;
    this.finishedSpans = [];
  }
}

declareOwn(InMemorySpanExporter, 'export');
