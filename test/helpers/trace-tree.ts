/**
 * @module Received spans as trees, without what differs between two runs of one program: ids, times, ports. Two
 * SDKs that record the same give equal trees.
 */

import type { ReceivedAttribute, ReceivedSpan, ReceivedValue } from './received-spans.ts';

/** A span with the spans below it. */
export interface TraceTree {
  readonly name: string;
  readonly kind: number;
  readonly scope: string;
  readonly status: ReceivedSpan['status'];
  /** The trace-flags but the random flag, and the bits that say whether the parent is remote (opentelemetry-proto, `SpanFlags`). */
  readonly flags: number;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, ReceivedValue>>;
  readonly events: readonly { readonly name: string; readonly attributes: Record<string, ReceivedValue> }[];
  /** Each as the name of the span it leads to, or `?` when that did not arrive. */
  readonly links: readonly { readonly to: string; readonly attributes: Record<string, ReceivedValue> }[];
  readonly dropped: readonly number[];
  /** Start, end and events, where the program gave them: a start before 2020. */
  readonly times: readonly string[];
  /** `root`, `child`, or `orphan`: a parent that did not arrive. */
  readonly place: 'root' | 'child' | 'orphan';
  readonly children: readonly TraceTree[];
}

/** Loopback addresses carry a port, JSON in an attribute carries ids, some of them as UUIDs, and a stack paths. */
function withoutRun(text: string): string {
  return text
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT')
    .replaceAll(/\b0{8}-0000-0000-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'SPAN-ID')
    .replaceAll(/sample_rand=0\.\d+/g, 'sample_rand=NUMBER')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'TRACE-ID')
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'SPAN-ID')
    .replaceAll(/\n\s+at [^\n]*/g, '');
}

function normalise(value: ReceivedValue): ReceivedValue {
  if ('stringValue' in value) return { stringValue: withoutRun(value.stringValue) };
  if ('arrayValue' in value) return { arrayValue: value.arrayValue.map(normalise) };
  return value;
}

/** Keys whose value is a port, or a time that was measured. */
const MEASURED = /(^|\.)port$|duration|time_to_|_ms$|timestamp|per_second|msTo[A-Z]/;

function attributesOf(attributes: readonly ReceivedAttribute[]): Record<string, ReceivedValue> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      MEASURED.test(key) ? { stringValue: Object.keys(value).join() } : normalise(value),
    ]),
  );
}

const byContent = (a: TraceTree, b: TraceTree): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** W3C trace context level 2; opentelemetry-js does not know it. */
const RANDOM_TRACE_ID = 2;

const FIRST_MEASURED = 1_577_836_800_000_000_000n;

function timesOf(span: ReceivedSpan): string[] {
  if (BigInt(span.startTimeUnixNano) >= FIRST_MEASURED) return [];
  return [span.startTimeUnixNano, span.endTimeUnixNano, ...span.events.map((event) => event.timeUnixNano)];
}

/** The trees of all spans, siblings ordered by what they hold. */
export function traceTrees(spans: readonly ReceivedSpan[]): TraceTree[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const grow = (span: ReceivedSpan): TraceTree => ({
    name: withoutRun(span.name),
    kind: span.kind,
    scope: `${span.scope.name}@${span.scope.version}`,
    status: { code: span.status.code, message: withoutRun(span.status.message) },
    flags: span.flags & ~RANDOM_TRACE_ID,
    traceState: withoutRun(span.traceState),
    attributes: attributesOf(span.attributes),
    events: span.events.map((event) => ({ name: event.name, attributes: attributesOf(event.attributes) })),
    links: span.links.map((link) => ({
      to: names.get(link.spanId) ?? '?',
      attributes: attributesOf(link.attributes),
    })),
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
    times: timesOf(span),
    place: span.parentSpanId === '' ? 'root' : names.has(span.parentSpanId) ? 'child' : 'orphan',
    children: spans
      .filter(({ parentSpanId, traceId }) => parentSpanId === span.spanId && traceId === span.traceId)
      .map(grow)
      .sort(byContent),
  });
  return spans
    .filter(({ parentSpanId }) => parentSpanId === '' || !names.has(parentSpanId))
    .map(grow)
    .sort(byContent);
}

/** Names of a tree and those below it, indented: for saying what a test saw. */
export function outline(trees: readonly TraceTree[], depth = 0): string[] {
  return trees.flatMap((tree) => [`${'  '.repeat(depth)}${tree.name}`, ...outline(tree.children, depth + 1)]);
}
