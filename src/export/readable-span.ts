/** @module Decoded spans as the `ReadableSpan` of the SDK's public interface. */

import {
  createTraceState,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanStatus,
} from '@opentelemetry/api';
import type {
  InstrumentationScope,
  RawResourceAttribute,
  ReadableSpan,
  Resource,
  TimedEvent,
} from '../api/types.ts';
import { toAttributes } from './decoded-attributes.ts';
import { DecodedResource } from './decoded-resource.ts';
import type {
  ExportTraceServiceRequest,
  OtlpEvent,
  OtlpLink,
  OtlpSpan,
  ResourceSpans,
  ScopeSpans,
} from './otlp-message.ts';

const NANOS_PER_SECOND = 1_000_000_000n;

/** `SpanFlags` of trace.proto. Without the first bit, the second says nothing. */
const CONTEXT_HAS_IS_REMOTE = 0x100;
const CONTEXT_IS_REMOTE = 0x200;
const TRACE_FLAGS_MASK = 0xff;

/** `SpanKind` on the wire starts with "unspecified", which the API does not have; it may be read as internal. */
const WIRE_KIND_INTERNAL = 1;

/**
 * All spans of a request, in wire order. Spans of one ResourceSpans share one resource object, those of one
 * ScopeSpans one scope object.
 *
 * The wire does not carry everything a live span knew: a parent's trace flags are taken to be the span's own,
 * a parent's trace state is absent, and attributes of a link are an empty object where none were given.
 */
export function toReadableSpans(request: ExportTraceServiceRequest): ReadableSpan[] {
  return request.resourceSpans.flatMap((resourceSpans) => {
    const resource = toResource(resourceSpans);
    return resourceSpans.scopeSpans.flatMap((scopeSpans) => {
      const scope = toInstrumentationScope(scopeSpans);
      return scopeSpans.spans.map((span) => toReadableSpan(span, resource, scope));
    });
  });
}

/** One decoded span. */
export function toReadableSpan(
  span: OtlpSpan,
  resource: Resource,
  scope: InstrumentationScope,
): ReadableSpan {
  const context = toSpanContext(span);
  const duration = span.endTimeUnixNano - span.startTimeUnixNano;
  return {
    name: span.name,
    kind: Math.max(span.kind, WIRE_KIND_INTERNAL) - WIRE_KIND_INTERNAL,
    spanContext: () => context,
    ...(span.parentSpanId && { parentSpanContext: toParentSpanContext(span) }),
    startTime: toHrTime(span.startTimeUnixNano),
    endTime: toHrTime(span.endTimeUnixNano),
    duration: toHrTime(duration > 0n ? duration : 0n),
    status: toSpanStatus(span),
    attributes: toAttributes(span.attributes),
    links: span.links.map(toLink),
    events: span.events.map(toTimedEvent),
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function toResource(resourceSpans: ResourceSpans): Resource {
  const attributes = toAttributes(resourceSpans.resource.attributes);
  return new DecodedResource(Object.entries(attributes) as RawResourceAttribute[], resourceSpans.schemaUrl);
}

function toInstrumentationScope({ scope, schemaUrl }: ScopeSpans): InstrumentationScope {
  return {
    name: scope.name,
    ...(scope.version && { version: scope.version }),
    ...(schemaUrl && { schemaUrl }),
    ...(scope.attributes.length > 0 && { attributes: toAttributes(scope.attributes) }),
    ...(scope.droppedAttributesCount > 0 && { droppedAttributesCount: scope.droppedAttributesCount }),
  };
}

function toHrTime(nanos: bigint): HrTime {
  return [Number(nanos / NANOS_PER_SECOND), Number(nanos % NANOS_PER_SECOND)];
}

function toSpanStatus({ status }: OtlpSpan): SpanStatus {
  // The wire and the API number the codes alike.
  return status.message ? { code: status.code, message: status.message } : { code: status.code };
}

function toSpanContext(from: OtlpSpan | OtlpLink): SpanContext {
  return {
    traceId: from.traceId,
    spanId: from.spanId,
    traceFlags: from.flags & TRACE_FLAGS_MASK,
    ...(from.traceState && { traceState: createTraceState(from.traceState) }),
  };
}

/** In a span the flags say whether its parent is remote, in a link whether the linked span is. */
function remoteness(flags: number): { isRemote?: boolean } {
  return flags & CONTEXT_HAS_IS_REMOTE ? { isRemote: (flags & CONTEXT_IS_REMOTE) !== 0 } : {};
}

function toParentSpanContext(span: OtlpSpan): SpanContext {
  return {
    traceId: span.traceId,
    spanId: span.parentSpanId,
    traceFlags: span.flags & TRACE_FLAGS_MASK,
    ...remoteness(span.flags),
  };
}

function toLink(link: OtlpLink): Link {
  return {
    context: { ...toSpanContext(link), ...remoteness(link.flags) },
    attributes: toAttributes(link.attributes),
    droppedAttributesCount: link.droppedAttributesCount,
  };
}

function toTimedEvent(event: OtlpEvent): TimedEvent {
  return {
    name: event.name,
    time: toHrTime(event.timeUnixNano),
    attributes: toAttributes(event.attributes),
    droppedAttributesCount: event.droppedAttributesCount,
  };
}
