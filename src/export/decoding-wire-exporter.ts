/** @module The wire side of exporters that want spans, not bytes. */

import type { ReadableSpan } from '../api/types.ts';
import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import type { ExportTraceServiceRequest } from './otlp-message.ts';
import { readExportTraceServiceRequest } from './otlp-reader.ts';
import { toReadableSpans } from './readable-span.ts';

/**
 * A wire exporter that decodes each request at once and hands its spans on, in the order they ended.
 * A request that cannot be decoded or taken is `failed`, with the reason.
 *
 * @param take - may throw to refuse the spans; the error's message becomes the reason.
 */
export function decodingWireExporter(take: (spans: ReadableSpan[]) => void, close: () => void): WireExporter {
  return {
    send(request: ExportRequest): SendResult {
      try {
        take(inEndOrder(readExportTraceServiceRequest(request.chunks)));
        return { kind: 'delivered', rejected: 0 };
      } catch (error) {
        return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
      }
    },
    close,
  };
}

/**
 * Readable spans sorted by end time. Of equal end times, the later on the wire comes first: a run of encoded
 * spans lies newest first (docs/architecture.md).
 */
function inEndOrder(request: ExportTraceServiceRequest): ReadableSpan[] {
  const byEndTime = (a: ReadableSpan, b: ReadableSpan) =>
    a.endTime[0] - b.endTime[0] || a.endTime[1] - b.endTime[1];
  return toReadableSpans(request).reverse().sort(byEndTime);
}
