/**
 * Protobuf tags of OTLP 1.11 (`opentelemetry/proto/trace/v1/trace.proto`, `common/v1/common.proto`):
 * (field number << 3) | wire type, where 0 = varint, 1 = 64 bits, 2 = length-delimited, 5 = 32 bits.
 */

/** ScopeSpans.spans */
export const SCOPE_SPANS_SPAN: i32 = 0x12;

export const SPAN_TRACE_ID: i32 = 0x0a;
export const SPAN_SPAN_ID: i32 = 0x12;
export const SPAN_TRACE_STATE: i32 = 0x1a;
export const SPAN_PARENT_SPAN_ID: i32 = 0x22;
export const SPAN_NAME: i32 = 0x2a;
export const SPAN_KIND: i32 = 0x30;
export const SPAN_START: i32 = 0x39;
export const SPAN_END: i32 = 0x41;
export const SPAN_ATTRIBUTES: i32 = 0x4a;
export const SPAN_DROPPED_ATTRIBUTES: i32 = 0x50;
export const SPAN_EVENTS: i32 = 0x5a;
export const SPAN_DROPPED_EVENTS: i32 = 0x60;
export const SPAN_LINKS: i32 = 0x6a;
export const SPAN_DROPPED_LINKS: i32 = 0x70;
export const SPAN_STATUS: i32 = 0x7a;
/** Field 16 takes a two-byte tag: 0x85 0x01. */
export const SPAN_FLAGS: i32 = 0x0185;

export const EVENT_TIME: i32 = 0x09;
export const EVENT_NAME: i32 = 0x12;
export const EVENT_ATTRIBUTES: i32 = 0x1a;
export const EVENT_DROPPED_ATTRIBUTES: i32 = 0x20;

export const LINK_TRACE_ID: i32 = 0x0a;
export const LINK_SPAN_ID: i32 = 0x12;
export const LINK_TRACE_STATE: i32 = 0x1a;
export const LINK_ATTRIBUTES: i32 = 0x22;
export const LINK_DROPPED_ATTRIBUTES: i32 = 0x28;
export const LINK_FLAGS: i32 = 0x35;

export const STATUS_MESSAGE: i32 = 0x12;
export const STATUS_CODE: i32 = 0x18;

export const KEY_VALUE_KEY: i32 = 0x0a;
export const KEY_VALUE_VALUE: i32 = 0x12;
/** ArrayValue.values and KeyValueList.values are both field 1. */
export const ELEMENT: i32 = 0x0a;

export const ANY_STRING: i32 = 0x0a;
export const ANY_BOOL: i32 = 0x10;
export const ANY_INT: i32 = 0x18;
export const ANY_DOUBLE: i32 = 0x21;
export const ANY_ARRAY: i32 = 0x2a;
export const ANY_MAP: i32 = 0x32;
export const ANY_BYTES: i32 = 0x3a;
