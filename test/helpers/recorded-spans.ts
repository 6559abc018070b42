/** @module A few spans recorded by opentelemetry-js, and their bytes as a request. */

import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ExportRequest } from '../../src/export/exporter.ts';

/** Spans of these names, a second long, ended one millisecond after the other; each but the first has a parent. */
export function recordedSpans(...names: string[]): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('library', '1.0.0');
  let context = ROOT_CONTEXT;
  for (const [index, name] of names.entries()) {
    const span = tracer.startSpan(
      name,
      { startTime: [1000, index * 1_000_000], attributes: { index } },
      context,
    );
    span.addEvent('midway', { percent: 50 }, [1000, 500_000_000]);
    span.addLink({ context: span.spanContext(), attributes: { reason: 'itself' } });
    span.setStatus({ code: 2, message: 'no luck' });
    span.end([1001, index * 1_000_000]);
    context = trace.setSpan(ROOT_CONTEXT, span);
  }
  return exporter.getFinishedSpans();
}

/** The spans as a pipe would hand them to an exporter. */
export function requestOf(spans: ReadableSpan[]): ExportRequest {
  const bytes = ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
  return { chunks: [bytes], byteLength: bytes.length, spanCount: spans.length };
}

/** A request whose bytes end in the middle of a span. */
export function truncatedRequest(): ExportRequest {
  const { chunks } = requestOf(recordedSpans('cut'));
  return { chunks: [chunks[0].subarray(0, -1)], byteLength: chunks[0].length - 1, spanCount: 1 };
}
