/**
 * A span object of any make - ours in plug-in mode, another SDK's, a plain object - read once into what the encoder
 * takes. This is the first phase of encoding: getters and Proxies run here, and nothing of the object is read later.
 */
import {
  type Attributes,
  type HrTime,
  isValidSpanId,
  isValidTraceId,
  type Link,
  type SpanContext,
  type SpanStatus,
} from '@opentelemetry/api';
import type { KeyTable } from '../engine/key-table.ts';
import { AttributeList } from './attribute-list.ts';
import { describe } from './attributes.ts';
import { readTimeInput, type Time } from './clock.ts';
import type { EncodableSpan } from './encode-span.ts';
import { type RecordedEvent, type RecordedLink, traceStateText } from './event.ts';
import { hexToLane } from './ids.ts';
import { randomFlagOf } from './random-flag.ts';
import { validKind } from './span-kind.ts';
import type { ReadableSpan, TimedEvent } from './types.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;
const TRACE_ID = /^[0-9a-f]{32}$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
const STATUS_ERROR = 2;

const time: Time = { seconds: 0, nanos: 0 };

/** What travels of a span. */
export class SpanObject implements EncodableSpan {
  _trace0 = 0;
  _trace1 = 0;
  _trace2 = 0;
  _trace3 = 0;
  _span0 = 0;
  _span1 = 0;
  _parent0 = 0;
  _parent1 = 0;
  _flags = 0;
  _remoteParent = false;
  _traceStateText = '';
  _kind = 0;
  _name = '';
  _startSeconds = 0;
  _startNanos = 0;
  _endSeconds = 0;
  _endNanos = 0;
  _statusCode = 0;
  _statusMessage = '';
  _events: RecordedEvent[] | null = null;
  _links: RecordedLink[] | null = null;
  _droppedEvents = 0;
  _droppedLinks = 0;

  /**
   * Reads all of `span`; its attributes go into `list`, unlimited: whoever recorded the span has limited them.
   *
   * @throws TypeError when its ids are no ids, and whatever a getter of the object throws.
   */
  constructor(span: ReadableSpan, list: AttributeList, keyTable: KeyTable) {
    this.readIdentity(span);
    this._name = describe(span.name ?? '');
    this._kind = validKind(span.kind);
    readHrTime(span.startTime);
    this._startSeconds = time.seconds;
    this._startNanos = time.nanos;
    readHrTime(span.endTime);
    this._endSeconds = time.seconds;
    this._endNanos = time.nanos;
    this.readStatus(span.status);
    list.setAll(span.attributes);
    list.dropped += count(span.droppedAttributesCount);
    const { events, links } = span;
    if (Array.isArray(events) && events.length > 0) {
      this._events = events.map((event) => readEvent(event, keyTable));
    }
    this._droppedEvents = count(span.droppedEventsCount);
    this._droppedLinks = count(span.droppedLinksCount);
    if (Array.isArray(links) && links.length > 0) {
      this._links = links.map((link) => readLink(link, keyTable)).filter((link) => link !== undefined);
      this._droppedLinks += links.length - this._links.length;
    }
  }

  private readIdentity(span: ReadableSpan): void {
    const context = span.spanContext();
    const { traceId, spanId, traceFlags, traceState } = context;
    if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) {
      throw new TypeError(
        `expected a trace id and a span id in hex, got ${describe(traceId)}, ${describe(spanId)}`,
      );
    }
    this._trace0 = hexToLane(traceId, 0);
    this._trace1 = hexToLane(traceId, 8);
    this._trace2 = hexToLane(traceId, 16);
    this._trace3 = hexToLane(traceId, 24);
    this._span0 = hexToLane(spanId, 0);
    this._span1 = hexToLane(spanId, 8);
    this._flags = count(traceFlags) | randomFlagOf(context);
    this._traceStateText = traceStateText(traceState);
    const { parentSpanContext } = span;
    // SDKs of opentelemetry-js 1.x have the id alone.
    const parentId = parentSpanContext?.spanId ?? (span as { parentSpanId?: string }).parentSpanId;
    const hasParent = parentId !== undefined && isValidSpanId(parentId);
    this._parent0 = hasParent ? hexToLane(parentId, 0) : 0;
    this._parent1 = hasParent ? hexToLane(parentId, 8) : 0;
    this._remoteParent = parentSpanContext?.isRemote === true;
  }

  private readStatus(status: SpanStatus | undefined): void {
    const code = count(status?.code);
    const message = code === STATUS_ERROR ? status?.message : undefined;
    this._statusCode = code <= STATUS_ERROR ? code : 0;
    this._statusMessage = message === undefined || message === null ? '' : describe(message);
  }
}

/** A whole number of at least 0; 0 for anything else. */
function count(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= 0x7fffffff ? Math.floor(value) : 0;
}

/** Writes a time to `time`; the epoch for what is none. */
function readHrTime(input: HrTime): void {
  if (readTimeInput(input, time)) return;
  time.seconds = 0;
  time.nanos = 0;
}

function readEvent(event: TimedEvent, keyTable: KeyTable): RecordedEvent {
  const attributes = readAttributes(event.attributes, event.droppedAttributesCount, keyTable);
  const name = describe(event.name ?? '');
  readHrTime(event.time);
  return { name, seconds: time.seconds, nanos: time.nanos, attributes };
}

function readLink(link: Link, keyTable: KeyTable): RecordedLink | undefined {
  const { traceId, spanId, traceFlags, traceState, isRemote }: SpanContext = link.context;
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  return {
    context: { traceId, spanId, traceFlags: count(traceFlags), isRemote: isRemote === true },
    traceStateText: traceStateText(traceState),
    attributes: readAttributes(link.attributes, link.droppedAttributesCount, keyTable),
  };
}

function readAttributes(
  attributes: Attributes | undefined,
  droppedCount: number | undefined,
  keyTable: KeyTable,
): AttributeList | null {
  const dropped = count(droppedCount);
  if (dropped === 0 && (attributes === undefined || attributes === null)) return null;
  const list = new AttributeList(keyTable, UNLIMITED, UNLIMITED);
  if (attributes !== undefined && attributes !== null) list.setAll(attributes);
  list.dropped += dropped;
  return list;
}
