/**
 * @module The corpus as opentelemetry-js puts it on the wire: spans made by hand, bytes by its serialiser. It proves
 * the receivers, the reading of their answers and the expected values against an encoder that is not ours.
 */

import { createTraceState, type SpanContext } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import {
  type CorpusAttributes,
  type CorpusContext,
  type CorpusSpan,
  type CorpusTime,
  remoteParent,
  resource,
  scopes,
  spans,
} from './corpus.mjs';
import type { Identities } from './expected.ts';

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');

/** Bigints upstream leaves empty, and a number outside int64 it writes as a wrapped integer. */
function supported(attributes: CorpusAttributes): CorpusAttributes {
  const fits = (value: unknown) =>
    typeof value !== 'bigint' && !(Number.isInteger(value) && Math.abs(value as number) > 2 ** 53);
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => fits(value)));
}

/** The part of the corpus that upstream's serialiser can carry. */
export const upstreamCorpus: readonly CorpusSpan[] = spans.map((span) => ({
  ...span,
  attributes: supported(span.attributes),
}));

/** Ids for the spans; a child has its parent's trace id. */
export const upstreamIdentities: Identities = Object.fromEntries(
  upstreamCorpus.map((span, index) => [
    span.key,
    { traceId: hex(7, 32), spanId: hex(index + 1, 16), traceFlags: 1 },
  ]),
);

const hrTime = ([seconds, nanoseconds]: CorpusTime): [number, number] => [seconds, nanoseconds];

function spanContext(context: CorpusContext): SpanContext {
  const { traceState, ...rest } = context;
  return { ...rest, ...(traceState && { traceState: createTraceState(traceState) }) };
}

const upstreamResource = resourceFromAttributes(
  resource.attributes as Parameters<typeof resourceFromAttributes>[0],
  { schemaUrl: resource.schemaUrl },
);

function readable(span: CorpusSpan): ReadableSpan {
  const local = span.parent === undefined ? undefined : upstreamIdentities[span.parent];
  const parent = span.parent === 'remote' ? remoteParent : local;
  const own = { ...upstreamIdentities[span.key], ...(parent && { traceId: parent.traceId }) };
  const withState = parent === remoteParent ? { ...own, traceState: remoteParent.traceState } : own;
  const fields = {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext(withState),
    parentSpanContext: parent && spanContext(parent),
    startTime: hrTime(span.start),
    endTime: hrTime(span.end),
    duration: hrTime([0, 0]),
    status: span.status,
    attributes: span.attributes,
    links: span.links.map((link) => ({
      context: spanContext(link.context),
      attributes: link.attributes,
      droppedAttributesCount: Object.keys(link.excessAttributes ?? {}).length,
    })),
    events: span.events.map((event) => ({
      name: event.name,
      time: hrTime(event.time),
      attributes: event.attributes,
      droppedAttributesCount: Object.keys(event.excessAttributes ?? {}).length,
    })),
    ended: true,
    resource: upstreamResource,
    instrumentationScope: scopes[span.scope],
    droppedAttributesCount: Object.keys(span.excessAttributes).length,
    droppedEventsCount: span.excessEvents,
    droppedLinksCount: span.excessLinks,
  };
  return fields as unknown as ReadableSpan;
}

/** One request body for these spans of the corpus. */
export function upstreamBody(corpus: readonly CorpusSpan[] = upstreamCorpus): Uint8Array {
  const body = ProtobufTraceSerializer.serializeRequest(corpus.map(readable));
  if (body === undefined) throw new Error('expected a request body from the upstream serialiser, got none');
  return body;
}

/** Posts a body as an OTLP exporter would; answers with the status. */
export async function post(url: string, body: Uint8Array): Promise<number> {
  const headers = { 'content-type': 'application/x-protobuf' };
  const answer = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
  await answer.arrayBuffer();
  return answer.status;
}
