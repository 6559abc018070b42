/**
 * @module Decoded messages in OTLP's JSON mapping (OTLP specification, "JSON Protobuf Encoding"): lowerCamelCase
 * names, ids in hexadecimal, bytes in base64, 64-bit integers as decimal strings, enumerations as numbers. Each
 * result is an object for `JSON.stringify`. Optional texts and ids that are unset are left out; counts, lists and
 * enumerations are always there, as opentelemetry-js sends them.
 */

import type {
  AnyValue,
  KeyValue,
  OtlpEvent,
  OtlpLink,
  OtlpResource,
  OtlpScope,
  OtlpSpan,
} from './otlp-message.ts';

/** An attribute value: one member, named after its kind; none for an empty value. */
export type OtlpJsonAnyValue =
  | Record<string, never>
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number | 'NaN' | 'Infinity' | '-Infinity' }
  | { bytesValue: string }
  | { arrayValue: { values: OtlpJsonAnyValue[] } }
  | { kvlistValue: { values: OtlpJsonKeyValue[] } };

export interface OtlpJsonKeyValue {
  key: string;
  value: OtlpJsonAnyValue;
}

export function toJsonResource({ attributes, droppedAttributesCount }: OtlpResource) {
  return { attributes: attributes.map(toKeyValue), droppedAttributesCount };
}

export function toJsonScope(scope: OtlpScope) {
  return {
    name: scope.name,
    ...optional('version', scope.version),
    ...(scope.attributes.length > 0 && { attributes: scope.attributes.map(toKeyValue) }),
    ...(scope.droppedAttributesCount > 0 && { droppedAttributesCount: scope.droppedAttributesCount }),
  };
}

export function toJsonSpan(span: OtlpSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...optional('traceState', span.traceState),
    ...optional('parentSpanId', span.parentSpanId),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startTimeUnixNano.toString(),
    endTimeUnixNano: span.endTimeUnixNano.toString(),
    attributes: span.attributes.map(toKeyValue),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(toEvent),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(toLink),
    droppedLinksCount: span.droppedLinksCount,
    status: { code: span.status.code, ...optional('message', span.status.message) },
    flags: span.flags,
  };
}

function optional<Name extends string>(name: Name, text: string): { [Key in Name]?: string } {
  return (text === '' ? {} : { [name]: text }) as { [Key in Name]?: string };
}

function toEvent(event: OtlpEvent) {
  return {
    timeUnixNano: event.timeUnixNano.toString(),
    name: event.name,
    attributes: event.attributes.map(toKeyValue),
    droppedAttributesCount: event.droppedAttributesCount,
  };
}

function toLink(link: OtlpLink) {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    ...optional('traceState', link.traceState),
    attributes: link.attributes.map(toKeyValue),
    droppedAttributesCount: link.droppedAttributesCount,
    flags: link.flags,
  };
}

function toKeyValue({ key, value }: KeyValue): OtlpJsonKeyValue {
  return { key, value: toAnyValue(value) };
}

function toAnyValue(value: AnyValue): OtlpJsonAnyValue {
  switch (value.type) {
    case 'empty':
      return {};
    case 'string':
      return { stringValue: value.value };
    case 'bool':
      return { boolValue: value.value };
    case 'int':
      return { intValue: value.value.toString() };
    case 'double':
      return { doubleValue: toJsonNumber(value.value) };
    case 'bytes':
      return { bytesValue: toBase64(value.value) };
    case 'array':
      return { arrayValue: { values: value.value.map(toAnyValue) } };
    case 'kvlist':
      return { kvlistValue: { values: value.value.map(toKeyValue) } };
  }
}

/** JSON has no number for these three; ProtoJSON writes them as text. */
function toJsonNumber(value: number): number | 'NaN' | 'Infinity' | '-Infinity' {
  return Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
}

/** Short enough that spreading the slice into arguments cannot overflow the stack. */
const BASE64_SLICE_BYTES = 8192;

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += BASE64_SLICE_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(start, start + BASE64_SLICE_BYTES));
  }
  return btoa(binary);
}
