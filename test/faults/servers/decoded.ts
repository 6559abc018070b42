/** The spans of a request body. */

import type { OtlpSpan } from '../../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../../src/export/otlp-reader.ts';

export function decodedSpans(body: Uint8Array): OtlpSpan[] {
  const { resourceSpans } = readExportTraceServiceRequest([body]);
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
