/**
 * Lays the headers of an `ExportTraceServiceRequest` around pieces: one ResourceSpans, in it one ScopeSpans a
 * stream, in it the pieces as they lie in the arena. Headers are made at send time, so resource attributes that
 * arrived late are in; pieces are never copied.
 */
import type { ExportRequest } from './exporter.ts';
import type { Part, SpanQueue, Stream } from './span-queue.ts';

// opentelemetry/proto/collector/trace/v1 and trace/v1: ExportTraceServiceRequest.resource_spans = 1,
// ResourceSpans.scope_spans = 2.
const RESOURCE_SPANS = 0x0a;
const SCOPE_SPANS = 0x12;

export function layRequest(queue: SpanQueue, parts: readonly Part[]): ExportRequest {
  const resourceFields = queue.resourceFields();
  const groups = groupByStream(parts);
  const body: Uint8Array[] = [];
  let byteLength = resourceFields.length;
  let spanCount = 0;
  for (const [stream, members] of groups) {
    const views = members.map(({ start, end }) => queue.engine.bytes.subarray(start, end));
    const length = views.reduce((sum, view) => sum + view.length, stream.scopeFields.length);
    const header = fieldHeader(SCOPE_SPANS, length, stream.scopeFields);
    body.push(header, ...views);
    byteLength += header.length + length - stream.scopeFields.length;
    for (const { spans } of members) spanCount += spans;
  }
  const header = fieldHeader(RESOURCE_SPANS, byteLength, resourceFields);
  return {
    chunks: [header, ...body],
    byteLength: byteLength + header.length - resourceFields.length,
    spanCount,
  };
}

function groupByStream(parts: readonly Part[]): Map<Stream, Part[]> {
  const groups = new Map<Stream, Part[]>();
  for (const part of parts) {
    const { stream } = part.piece;
    const members = groups.get(stream);
    if (members === undefined) groups.set(stream, [part]);
    else members.push(part);
  }
  return groups;
}

/** A tag, the length of the message, and the message's first fields. */
function fieldHeader(tag: number, length: number, firstFields: Uint8Array): Uint8Array {
  const prefix = [tag];
  let rest = length;
  while (rest > 127) {
    prefix.push((rest & 127) | 128);
    rest >>>= 7;
  }
  prefix.push(rest);
  const header = new Uint8Array(prefix.length + firstFields.length);
  header.set(prefix);
  header.set(firstFields, prefix.length);
  return header;
}
