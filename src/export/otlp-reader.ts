/**
 * @module OTLP wire bytes back to objects, for whatever needs spans and not bytes: memory, console, file, JSON.
 *
 * The tables below are the reader: field number, name, how to decode it. They repeat opentelemetry-proto's
 * trace.proto, resource.proto and common.proto.
 */

import type {
  AnyValue,
  ExportTraceServiceRequest,
  KeyValue,
  OtlpEvent,
  OtlpLink,
  OtlpResource,
  OtlpScope,
  OtlpSpan,
  OtlpStatus,
  ResourceSpans,
  ScopeSpans,
} from './otlp-message.ts';
import { ProtoReader } from './proto-reader.ts';

export { OtlpReadError } from './proto-reader.ts';

/** Reads the current field. `previous` is what the field held so far: a message merges, a scalar is replaced. */
type Decode<Value> = (reader: ProtoReader, previous: Value) => Value;

type Fields<Message> = Readonly<
  Record<number, { [Name in keyof Message]: readonly [Name, Decode<Message[Name]>] }[keyof Message]>
>;

function readFields<Message>(reader: ProtoReader, message: Message, fields: Fields<Message>): Message {
  while (reader.next()) {
    const field = fields[reader.field] as
      | readonly [keyof Message, Decode<Message[keyof Message]>]
      | undefined;
    if (field === undefined) {
      reader.skip();
    } else {
      const [name, decode] = field;
      message[name] = decode(reader, message[name]);
    }
  }
  return message;
}

const string: Decode<string> = (reader) => reader.string();
const hex: Decode<string> = (reader) => reader.hex();
const uint32: Decode<number> = (reader) => reader.uint32();
const enumeration: Decode<number> = (reader) => reader.enumeration();
const fixed32: Decode<number> = (reader) => reader.fixed32();
const fixed64: Decode<bigint> = (reader) => reader.fixed64();

function message<Message>(fields: Fields<Message>): Decode<Message> {
  return (reader, previous) => readFields(reader.message(), previous, fields);
}

function repeated<Message>(create: () => Message, decode: Decode<Message>): Decode<Message[]> {
  return (reader, previous) => {
    previous.push(decode(reader, create()));
    return previous;
  };
}

const EMPTY_VALUE: AnyValue = { type: 'empty' };

// Of a oneof the last member counts; the same message member twice merges (protobuf.dev, "Last One Wins").
const anyValue: Decode<AnyValue> = (parent, previous) => {
  const reader = parent.message();
  let current = previous;
  while (reader.next()) {
    if (reader.field === 1) current = { type: 'string', value: reader.string() };
    else if (reader.field === 2) current = { type: 'bool', value: reader.bool() };
    else if (reader.field === 3) current = { type: 'int', value: reader.int64() };
    else if (reader.field === 4) current = { type: 'double', value: reader.double() };
    else if (reader.field === 5) {
      const list = { values: current.type === 'array' ? current.value : [] };
      current = { type: 'array', value: readFields(reader.message(), list, ARRAY_VALUE).values };
    } else if (reader.field === 6) {
      const list = { values: current.type === 'kvlist' ? current.value : [] };
      current = { type: 'kvlist', value: readFields(reader.message(), list, KEY_VALUE_LIST).values };
    } else if (reader.field === 7) current = { type: 'bytes', value: reader.byteString() };
    else reader.skip();
  }
  return current;
};

const KEY_VALUE: Fields<KeyValue> = {
  1: ['key', string],
  2: ['value', anyValue],
};

const attributes = repeated<KeyValue>(() => ({ key: '', value: EMPTY_VALUE }), message(KEY_VALUE));

const ARRAY_VALUE: Fields<{ values: AnyValue[] }> = {
  1: ['values', repeated<AnyValue>(() => EMPTY_VALUE, anyValue)],
};

const KEY_VALUE_LIST: Fields<{ values: KeyValue[] }> = {
  1: ['values', attributes],
};

const RESOURCE: Fields<OtlpResource> = {
  1: ['attributes', attributes],
  2: ['droppedAttributesCount', uint32],
};

const SCOPE: Fields<OtlpScope> = {
  1: ['name', string],
  2: ['version', string],
  3: ['attributes', attributes],
  4: ['droppedAttributesCount', uint32],
};

const EVENT: Fields<OtlpEvent> = {
  1: ['timeUnixNano', fixed64],
  2: ['name', string],
  3: ['attributes', attributes],
  4: ['droppedAttributesCount', uint32],
};

const LINK: Fields<OtlpLink> = {
  1: ['traceId', hex],
  2: ['spanId', hex],
  3: ['traceState', string],
  4: ['attributes', attributes],
  5: ['droppedAttributesCount', uint32],
  6: ['flags', fixed32],
};

const STATUS: Fields<OtlpStatus> = {
  2: ['message', string],
  3: ['code', enumeration],
};

const createEvent = (): OtlpEvent => ({
  timeUnixNano: 0n,
  name: '',
  attributes: [],
  droppedAttributesCount: 0,
});

const createLink = (): OtlpLink => ({
  traceId: '',
  spanId: '',
  traceState: '',
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
});

const SPAN: Fields<OtlpSpan> = {
  1: ['traceId', hex],
  2: ['spanId', hex],
  3: ['traceState', string],
  4: ['parentSpanId', hex],
  5: ['name', string],
  6: ['kind', enumeration],
  7: ['startTimeUnixNano', fixed64],
  8: ['endTimeUnixNano', fixed64],
  9: ['attributes', attributes],
  10: ['droppedAttributesCount', uint32],
  11: ['events', repeated(createEvent, message(EVENT))],
  12: ['droppedEventsCount', uint32],
  13: ['links', repeated(createLink, message(LINK))],
  14: ['droppedLinksCount', uint32],
  15: ['status', message<OtlpStatus>(STATUS)],
  16: ['flags', fixed32],
};

const createSpan = (): OtlpSpan => ({
  traceId: '',
  spanId: '',
  traceState: '',
  parentSpanId: '',
  name: '',
  kind: 0,
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  status: { message: '', code: 0 },
  flags: 0,
});

const SCOPE_SPANS: Fields<ScopeSpans> = {
  1: ['scope', message<OtlpScope>(SCOPE)],
  2: ['spans', repeated(createSpan, message(SPAN))],
  3: ['schemaUrl', string],
};

const createScopeSpans = (): ScopeSpans => ({
  scope: { name: '', version: '', attributes: [], droppedAttributesCount: 0 },
  spans: [],
  schemaUrl: '',
});

const RESOURCE_SPANS: Fields<ResourceSpans> = {
  1: ['resource', message<OtlpResource>(RESOURCE)],
  2: ['scopeSpans', repeated(createScopeSpans, message(SCOPE_SPANS))],
  3: ['schemaUrl', string],
};

const createResourceSpans = (): ResourceSpans => ({
  resource: { attributes: [], droppedAttributesCount: 0 },
  scopeSpans: [],
  schemaUrl: '',
});

const REQUEST: Fields<ExportTraceServiceRequest> = {
  1: ['resourceSpans', repeated(createResourceSpans, message(RESOURCE_SPANS))],
};

/** The field under `reader`, merged into `previous`, which it returns; for who walks a request by himself. */
export const readResource: Decode<OtlpResource> = message(RESOURCE);

/** As {@link readResource}. */
export const readScope: Decode<OtlpScope> = message(SCOPE);

/** The span that is the current field. */
export function readSpan(reader: ProtoReader): OtlpSpan {
  return readFields(reader.message(), createSpan(), SPAN);
}

/**
 * Decodes one `ExportTraceServiceRequest`. The result holds copies only: the chunks may be reused afterwards.
 *
 * Fields it does not know are skipped. Unlike a lenient parser it refuses a known field of another wire type.
 *
 * @param chunks - the message, cut anywhere. More than one are first joined by one copy.
 * @throws OtlpReadError when the bytes are truncated, are no protobuf, hold a string that is not UTF-8, or nest
 * messages more than 256 deep.
 */
export function readExportTraceServiceRequest(chunks: readonly Uint8Array[]): ExportTraceServiceRequest {
  const request: ExportTraceServiceRequest = { resourceSpans: [] };
  return readFields(new ProtoReader(joined(chunks)), request, REQUEST);
}

/** The message in one piece: the chunk itself when there is one, else a copy. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
