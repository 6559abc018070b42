/**
 * Lays the headers of an `ExportTraceServiceRequest` around pieces: a ResourceSpans a resource, in it a ScopeSpans a
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
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  let spanCount = 0;
  for (const [resourceFields, streams] of groupByResource(parts)) {
    const laid = layResource(queue, resourceFields(), streams);
    chunks.push(...laid.chunks);
    byteLength += laid.byteLength;
    spanCount += laid.spanCount;
  }
  return { chunks, byteLength, spanCount };
}

/** One `ResourceSpans`. */
function layResource(
  queue: SpanQueue,
  resourceFields: Uint8Array,
  streams: ReadonlyMap<Stream, readonly Part[]>,
): ExportRequest {
  const body: Uint8Array[] = [];
  let byteLength = resourceFields.length;
  let spanCount = 0;
  for (const [stream, members] of streams) {
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

function groupByResource(parts: readonly Part[]): Map<() => Uint8Array, Map<Stream, Part[]>> {
  const groups = new Map<() => Uint8Array, Map<Stream, Part[]>>();
  for (const part of parts) {
    const { stream } = part.piece;
    let streams = groups.get(stream.resourceFields);
    if (streams === undefined) {
      streams = new Map();
      groups.set(stream.resourceFields, streams);
    }
    const members = streams.get(stream);
    if (members === undefined) streams.set(stream, [part]);
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
