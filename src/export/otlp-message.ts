/**
 * @module `ExportTraceServiceRequest` as plain objects, one interface a protobuf message (opentelemetry-proto 1.x,
 * trace.proto, resource.proto, common.proto). Ids are lowercase hexadecimal, times are nanoseconds since the
 * Unix epoch. An unset field holds its protobuf default: '', 0, [] or an empty message.
 */

/** One attribute value, with the kind it has on the wire: an integer 1 and a double 1 stay different. */
export type AnyValue =
  | { readonly type: 'empty' }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'array'; readonly value: AnyValue[] }
  | { readonly type: 'kvlist'; readonly value: KeyValue[] };

/** Attributes stay a list, as on the wire: order and repeated keys survive, and no key can be special. */
export interface KeyValue {
  key: string;
  value: AnyValue;
}

export interface OtlpResource {
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

export interface OtlpScope {
  name: string;
  version: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

export interface OtlpEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

export interface OtlpLink {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  /** W3C trace flags in the low 8 bits, `SpanFlags` above. */
  flags: number;
}

export interface OtlpStatus {
  message: string;
  /** 0 unset, 1 ok, 2 error. */
  code: number;
}

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  traceState: string;
  /** '' on a root span. */
  parentSpanId: string;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  events: OtlpEvent[];
  droppedEventsCount: number;
  links: OtlpLink[];
  droppedLinksCount: number;
  status: OtlpStatus;
  /** W3C trace flags in the low 8 bits, `SpanFlags` above. */
  flags: number;
}

export interface ScopeSpans {
  scope: OtlpScope;
  spans: OtlpSpan[];
  schemaUrl: string;
}

export interface ResourceSpans {
  resource: OtlpResource;
  scopeSpans: ScopeSpans[];
  schemaUrl: string;
}

export interface ExportTraceServiceRequest {
  resourceSpans: ResourceSpans[];
}
