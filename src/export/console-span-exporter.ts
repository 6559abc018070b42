/** @module Finished spans printed for debugging (specification: Standard output exporter). */

import type { HrTime } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from '../api/types.ts';
import { decodingWireExporter } from './decoding-wire-exporter.ts';
import type { WireExporter } from './exporter.ts';
import { declareOwn } from './own-class.ts';

/** Levels of nesting printed: attributes of an event in full, deeper values abbreviated. */
const PRINTED_DEPTH = 3;

/**
 * Prints each span with `console.dir`, in the shape opentelemetry-js prints. The output is for eyes: its form
 * may change in any release.
 */
export class ConsoleSpanExporter implements SpanExporter {
  /** Span objects are printed as they are where they are objects anyway. @internal */
  readonly prefersObjects = true;
  /** Takes spans as objects. Fails, with the error, when the console throws. */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    resultCallback(printed(spans));
  }

  /** Takes spans as OTLP bytes; those of one request are printed in order of their end times. */
  wire(): WireExporter {
    return decodingWireExporter(
      (spans) => spans.forEach(print),
      () => {},
    );
  }

  /** Nothing to release: resolves at once. */
  async shutdown(): Promise<void> {}

  /** Nothing ever waits here: resolves at once. */
  async forceFlush(): Promise<void> {}
}

declareOwn(ConsoleSpanExporter, 'export');

function printed(spans: readonly ReadableSpan[]): ExportResult {
  try {
    spans.forEach(print);
    return { code: ExportResultCode.SUCCESS };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { code: ExportResultCode.FAILED, error };
  }
}

function print(span: ReadableSpan): void {
  const { traceId, spanId, traceState } = span.spanContext();
  const shape = {
    resource: { attributes: span.resource.attributes },
    instrumentationScope: span.instrumentationScope,
    traceId,
    parentSpanContext: span.parentSpanContext,
    traceState: traceState?.serialize(),
    name: span.name,
    id: spanId,
    kind: span.kind,
    timestamp: toMicroseconds(span.startTime),
    duration: toMicroseconds(span.duration),
    attributes: span.attributes,
    status: span.status,
    events: span.events,
    links: span.links,
  };
  console.dir(shape, { depth: PRINTED_DEPTH });
}

function toMicroseconds([seconds, nanos]: HrTime): number {
  return seconds * 1e6 + nanos / 1e3;
}
