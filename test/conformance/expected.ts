/** @module How the corpus must arrive at a receiver: the OTLP mapping of its values, written apart from the encoder. */

import {
  type ReceivedAttribute,
  type ReceivedSpan,
  type ReceivedValue,
  sortAttributes,
} from '../helpers/received-spans.ts';
import {
  type CorpusAttributes,
  type CorpusContext,
  type CorpusSpan,
  type CorpusTime,
  type CorpusValue,
  remoteParent,
  resource,
  scopes,
} from './corpus.mjs';

/** What a sender says of the spans it made, by the corpus' keys. */
export type Identities = Readonly<
  Record<string, { readonly traceId: string; readonly spanId: string; readonly traceFlags: number }>
>;

// opentelemetry-proto trace.proto, SpanFlags.
const hasIsRemote = 0x100;
const isRemote = 0x200;

/** A strict decoder never sees half a surrogate pair: U+FFFD takes its place. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));

function expectedValue(value: CorpusValue): ReceivedValue {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: wellFormed(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) <= 2 ** 53
      ? { intValue: String(value) }
      : { doubleValue: value };
  }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: value.map(expectedValue) };
  return { kvlistValue: expectedAttributes(value as CorpusAttributes) };
}

function expectedAttributes(attributes: CorpusAttributes): ReceivedAttribute[] {
  const entries = Object.entries(attributes);
  return sortAttributes(entries.map(([key, value]) => ({ key, value: expectedValue(value) })));
}

const nanoseconds = ([seconds, rest]: CorpusTime): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

/** W3C Trace Context Level 2: the trace id was made at random, here. */
const RANDOM = 2;

const flags = (context: Pick<CorpusContext, 'traceFlags' | 'isRemote'> | undefined, traceFlags: number) =>
  traceFlags | hasIsRemote | (context?.isRemote ? isRemote : 0);

const excess = (attributes: CorpusAttributes | undefined): number => Object.keys(attributes ?? {}).length;

function parentOf(span: CorpusSpan, identities: Identities): CorpusContext | undefined {
  if (span.parent === undefined) return undefined;
  return span.parent === 'remote' ? remoteParent : identities[span.parent];
}

/**
 * What a receiver must report for one span of the corpus.
 *
 * @param random - the random flag of traces that begin here; opentelemetry-js has none.
 */
export function expectedSpan(span: CorpusSpan, identities: Identities, random = RANDOM): ReceivedSpan {
  const { name, version, schemaUrl } = scopes[span.scope];
  const parent = parentOf(span, identities);
  const own = identities[span.key];
  return {
    resource: {
      attributes: expectedAttributes(resource.attributes),
      droppedAttributesCount: 0,
      schemaUrl: resource.schemaUrl,
    },
    scope: { name, version, attributes: [], droppedAttributesCount: 0, schemaUrl },
    traceId: parent?.traceId ?? own.traceId,
    spanId: own.spanId,
    parentSpanId: parent?.spanId ?? '',
    traceState: parent?.traceState ?? '',
    flags: flags(parent, own.traceFlags | (own.traceId === remoteParent.traceId ? 0 : random)),
    name: span.name,
    // OTLP keeps 0 for a kind that was not said.
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.start),
    endTimeUnixNano: nanoseconds(span.end),
    attributes: expectedAttributes(span.attributes),
    droppedAttributesCount: excess(span.excessAttributes),
    events: span.events.map((event) => ({
      timeUnixNano: nanoseconds(event.time),
      name: event.name,
      attributes: expectedAttributes(event.attributes),
      droppedAttributesCount: excess(event.excessAttributes),
    })),
    droppedEventsCount: span.excessEvents,
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      traceState: link.context.traceState ?? '',
      attributes: expectedAttributes(link.attributes),
      droppedAttributesCount: excess(link.excessAttributes),
      flags: flags(link.context, link.context.traceFlags),
    })),
    droppedLinksCount: span.excessLinks,
    status: { code: span.status.code, message: span.status.message ?? '' },
  };
}
