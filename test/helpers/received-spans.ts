/**
 * @module One shape for what a receiver says it decoded, so that one set of expected values serves them all.
 * It is read from OTLP JSON (opentelemetry-proto, `ExportTraceServiceRequest`), with every default filled in and
 * everything a map makes of order sorted by key. A field this module does not know is an error, not silence.
 */

/** An `AnyValue` in OTLP JSON: 64-bit integers as decimal text, bytes as base64, no member for null. */
export type ReceivedValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { bytesValue: string }
  | { arrayValue: ReceivedValue[] }
  | { kvlistValue: ReceivedAttribute[] }
  | Record<string, never>;

/** A key and what a receiver decoded for it. */
export interface ReceivedAttribute {
  key: string;
  value: ReceivedValue;
}

/** An event of a received span. */
export interface ReceivedEvent {
  timeUnixNano: string;
  name: string;
  attributes: ReceivedAttribute[];
  droppedAttributesCount: number;
}

/** A link of a received span; ids in lower-case hex. */
export interface ReceivedLink {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: ReceivedAttribute[];
  droppedAttributesCount: number;
  flags: number;
}

/** A received span together with the resource and the scope it came under; ids in lower-case hex. */
export interface ReceivedSpan {
  resource: { attributes: ReceivedAttribute[]; droppedAttributesCount: number; schemaUrl: string };
  scope: {
    name: string;
    version: string;
    attributes: ReceivedAttribute[];
    droppedAttributesCount: number;
    schemaUrl: string;
  };
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  flags: number;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: ReceivedAttribute[];
  droppedAttributesCount: number;
  events: ReceivedEvent[];
  droppedEventsCount: number;
  links: ReceivedLink[];
  droppedLinksCount: number;
  status: { code: number; message: string };
}

type Json = Record<string, unknown>;

function only(what: string, json: unknown, keys: readonly string[]): Json {
  const object = (json ?? {}) as Json;
  const unknownKey = Object.keys(object).find((key) => !keys.includes(key));
  if (unknownKey !== undefined) throw new Error(`expected a ${what} of ${keys}, got a field "${unknownKey}"`);
  return object;
}

const list = (json: unknown): unknown[] => (json ?? []) as unknown[];
const text = (json: unknown): string => String(json ?? '');
const count = (json: unknown): number => Number(json ?? 0);
const nanoseconds = (json: unknown): string => String(json ?? '0');

function value(json: unknown): ReceivedValue {
  const entries = Object.entries((json ?? {}) as Json);
  if (entries.length === 0) return {};
  if (entries.length > 1) throw new Error(`expected one kind of value, got ${entries.map(([kind]) => kind)}`);
  const [kind, held] = entries[0];
  const values = () => list((held as Json).values);
  if (kind === 'stringValue' || kind === 'bytesValue') return { [kind]: text(held) } as ReceivedValue;
  if (kind === 'boolValue') return { boolValue: Boolean(held) };
  if (kind === 'intValue') return { intValue: String(held) };
  if (kind === 'doubleValue') return { doubleValue: Number(held) };
  if (kind === 'arrayValue') return { arrayValue: values().map(value) };
  if (kind === 'kvlistValue') return { kvlistValue: attributes(values()) };
  throw new Error(`expected a kind of value that AnyValue has, got "${kind}"`);
}

/** Sorts attributes by key and then checks that no key is there twice, which OTLP forbids. */
export function sortAttributes(unsorted: ReceivedAttribute[]): ReceivedAttribute[] {
  const sorted = [...unsorted].sort((a, b) => (a.key < b.key ? -1 : 1));
  const twice = sorted.find((attribute, index) => sorted[index + 1]?.key === attribute.key);
  if (twice !== undefined) throw new Error(`expected each key once, got "${twice.key}" twice`);
  return sorted;
}

function attributes(json: unknown): ReceivedAttribute[] {
  return sortAttributes(
    list(json).map((entry) => {
      const pair = only('key and value', entry, ['key', 'value']);
      return { key: text(pair.key), value: value(pair.value) };
    }),
  );
}

function event(json: unknown): ReceivedEvent {
  const held = only('event', json, ['timeUnixNano', 'name', 'attributes', 'droppedAttributesCount']);
  return {
    timeUnixNano: nanoseconds(held.timeUnixNano),
    name: text(held.name),
    attributes: attributes(held.attributes),
    droppedAttributesCount: count(held.droppedAttributesCount),
  };
}

const linkFields = ['traceId', 'spanId', 'traceState', 'attributes', 'droppedAttributesCount', 'flags'];

function link(json: unknown): ReceivedLink {
  const held = only('link', json, linkFields);
  return {
    traceId: text(held.traceId),
    spanId: text(held.spanId),
    traceState: text(held.traceState),
    attributes: attributes(held.attributes),
    droppedAttributesCount: count(held.droppedAttributesCount),
    flags: count(held.flags),
  };
}

const spanFields = [
  ...['traceId', 'spanId', 'parentSpanId', 'traceState', 'flags', 'name', 'kind', 'startTimeUnixNano'],
  ...['endTimeUnixNano', 'attributes', 'droppedAttributesCount', 'events', 'droppedEventsCount', 'links'],
  ...['droppedLinksCount', 'status'],
];

function span(json: unknown): Omit<ReceivedSpan, 'resource' | 'scope'> {
  const held = only('span', json, spanFields);
  const status = only('status', held.status, ['code', 'message']);
  return {
    traceId: text(held.traceId),
    spanId: text(held.spanId),
    parentSpanId: text(held.parentSpanId),
    traceState: text(held.traceState),
    flags: count(held.flags),
    name: text(held.name),
    kind: count(held.kind),
    startTimeUnixNano: nanoseconds(held.startTimeUnixNano),
    endTimeUnixNano: nanoseconds(held.endTimeUnixNano),
    attributes: attributes(held.attributes),
    droppedAttributesCount: count(held.droppedAttributesCount),
    events: list(held.events).map(event),
    droppedEventsCount: count(held.droppedEventsCount),
    links: list(held.links).map(link),
    droppedLinksCount: count(held.droppedLinksCount),
    status: { code: count(status.code), message: text(status.message) },
  };
}

function scopeSpans(json: unknown, resource: ReceivedSpan['resource']): ReceivedSpan[] {
  const held = only('scopeSpans', json, ['scope', 'spans', 'schemaUrl']);
  const named = only('scope', held.scope, ['name', 'version', 'attributes', 'droppedAttributesCount']);
  const scope = {
    name: text(named.name),
    version: text(named.version),
    attributes: attributes(named.attributes),
    droppedAttributesCount: count(named.droppedAttributesCount),
    schemaUrl: text(held.schemaUrl),
  };
  return list(held.spans).map((entry) => ({ resource, scope, ...span(entry) }));
}

/** Every span of one request in OTLP JSON, in the order received. */
export function spansOf(request: unknown): ReceivedSpan[] {
  return list(only('request', request, ['resourceSpans']).resourceSpans).flatMap((entry) => {
    const held = only('resourceSpans', entry, ['resource', 'scopeSpans', 'schemaUrl']);
    const named = only('resource', held.resource, ['attributes', 'droppedAttributesCount', 'entityRefs']);
    const resource = {
      attributes: attributes(named.attributes),
      droppedAttributesCount: count(named.droppedAttributesCount),
      schemaUrl: text(held.schemaUrl),
    };
    return list(held.scopeSpans).flatMap((scope) => scopeSpans(scope, resource));
  });
}
