/**
 * The second phase of `end()`: the recorded span becomes cells, and the engine encodes them. Nothing here calls
 * code that a user can supply; staging is one shared area.
 */
import {
  HEAD_END,
  HEAD_FLAGS,
  HEAD_KIND,
  HEAD_PARENT_SPAN_ID,
  HEAD_SPAN_ID,
  HEAD_START,
  HEAD_TRACE_ID,
  WAITING_BYTES,
} from '../../assembly/layout.ts';
import {
  EVENT_ATTRIBUTES,
  EVENT_DROPPED_ATTRIBUTES,
  EVENT_NAME,
  EVENT_TIME,
  LINK_ATTRIBUTES,
  LINK_DROPPED_ATTRIBUTES,
  LINK_FLAGS,
  LINK_SPAN_ID,
  LINK_TRACE_ID,
  LINK_TRACE_STATE,
  SPAN_DROPPED_ATTRIBUTES,
  SPAN_DROPPED_EVENTS,
  SPAN_DROPPED_LINKS,
  SPAN_EVENTS,
  SPAN_LINKS,
  SPAN_STATUS,
  SPAN_TRACE_STATE,
  STATUS_CODE,
  STATUS_MESSAGE,
} from '../../assembly/wire.ts';
import { type Arena, dropReason } from '../engine/arena.ts';
import type { CellWriter } from '../engine/cell-writer.ts';
import type { SpanQueue } from '../export/span-queue.ts';
import type { AttributeList } from './attribute-list.ts';
import type { RecordedEvent, RecordedLink } from './event.ts';
import { hexToLane } from './ids.ts';

/** SpanFlags of trace.proto: the low byte is the W3C flags; is-remote is known; the parent is remote. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
/** Cells of an event or link without its attributes. */
const MESSAGE_CELLS = 9;

/** What the encoder reads of a span: a live one of arena mode, or what was read of a span object. */
export interface EncodableSpan {
  readonly _trace0: number;
  readonly _trace1: number;
  readonly _trace2: number;
  readonly _trace3: number;
  readonly _span0: number;
  readonly _span1: number;
  readonly _parent0: number;
  readonly _parent1: number;
  readonly _flags: number;
  readonly _remoteParent: boolean;
  readonly _traceStateText: string;
  readonly _kind: number;
  readonly _name: string;
  readonly _startSeconds: number;
  readonly _startNanos: number;
  readonly _endSeconds: number;
  readonly _endNanos: number;
  readonly _statusCode: number;
  readonly _statusMessage: string;
  readonly _events: readonly RecordedEvent[] | null;
  readonly _links: readonly RecordedLink[] | null;
  _droppedEvents: number;
  _droppedLinks: number;
}

/** Encodes a span into a stream. Returns the piece it lies in, or a negative reason why it lies in none. */
export function encode(
  span: EncodableSpan,
  list: AttributeList,
  stream: number,
  arena: Arena,
  queue: SpanQueue,
): number {
  return commitStaged(stream, stage(span, list, arena), arena, queue);
}

/** Lays a span out as cells and staged text. Returns the address after the text. */
export function stage(span: EncodableSpan, list: AttributeList, { writer, engine }: Arena): number {
  writer.begin();
  writeHead(span, engine.words, writer);
  writeBody(span, list, writer);
  return writer.finishText();
}

/** Encodes the staged span; returns as `encode`. The cells stay as they are: a refused span can be tried again. */
export function commitStaged(
  stream: number,
  textEnd: number,
  { writer, engine, keyTable }: Arena,
  queue: SpanQueue,
): number {
  let before = engine.words[WAITING_BYTES >> 2];
  let piece = engine.core.commitSpan(stream, writer.cellCount, textEnd);
  while (piece < 0) {
    if (dropReason(piece) === 'malformed' || !queue.makeRoom()) return piece;
    before = engine.words[WAITING_BYTES >> 2];
    piece = engine.core.commitSpan(stream, writer.cellCount, textEnd);
  }
  if (keyTable.hasPending) keyTable.remembered();
  queue.committed += 1;
  queue.committedBytes += engine.words[WAITING_BYTES >> 2] - before;
  queue.waiting += 1;
  return piece;
}

function writeHead(span: EncodableSpan, words: Int32Array, writer: CellWriter): void {
  words[HEAD_TRACE_ID >> 2] = span._trace0;
  words[(HEAD_TRACE_ID >> 2) + 1] = span._trace1;
  words[(HEAD_TRACE_ID >> 2) + 2] = span._trace2;
  words[(HEAD_TRACE_ID >> 2) + 3] = span._trace3;
  words[HEAD_SPAN_ID >> 2] = span._span0;
  words[(HEAD_SPAN_ID >> 2) + 1] = span._span1;
  words[HEAD_PARENT_SPAN_ID >> 2] = span._parent0;
  words[(HEAD_PARENT_SPAN_ID >> 2) + 1] = span._parent1;
  words[HEAD_FLAGS >> 2] = (span._flags & 0xff) | HAS_IS_REMOTE | (span._remoteParent ? IS_REMOTE : 0);
  // The wire counts kinds from 1; 0 there means unspecified.
  words[HEAD_KIND >> 2] = span._kind + 1;
  writer.writeTime(HEAD_START >> 2, span._startSeconds, span._startNanos);
  writer.writeTime(HEAD_END >> 2, span._endSeconds, span._endNanos);
}

function writeBody(span: EncodableSpan, list: AttributeList, writer: CellWriter): void {
  if (span._traceStateText !== '') writer.textField(SPAN_TRACE_STATE, span._traceStateText);
  writer.name(span._name);
  list.dropped += writer.attributes(list.keys, list.values, list.names, list.count, true);
  if (list.dropped !== 0) writer.varintField(SPAN_DROPPED_ATTRIBUTES, list.dropped);
  if (span._events !== null) writeEvents(span, span._events, writer);
  if (span._droppedEvents !== 0) writer.varintField(SPAN_DROPPED_EVENTS, span._droppedEvents);
  if (span._links !== null) writeLinks(span, span._links, writer);
  if (span._droppedLinks !== 0) writer.varintField(SPAN_DROPPED_LINKS, span._droppedLinks);
  if (span._statusCode !== 0) {
    writer.openMessage(SPAN_STATUS);
    writer.textField(STATUS_MESSAGE, span._statusMessage);
    writer.varintField(STATUS_CODE, span._statusCode);
    writer.closeMessage(0);
  }
}

function writeEvents(span: EncodableSpan, events: readonly RecordedEvent[], writer: CellWriter): void {
  for (const event of events) {
    if (!writer.hasRoom(MESSAGE_CELLS)) {
      span._droppedEvents += 1;
      continue;
    }
    writer.openMessage(SPAN_EVENTS);
    writer.timeField(EVENT_TIME, event.seconds, event.nanos);
    writer.textField(EVENT_NAME, event.name);
    writeList(event.attributes, EVENT_DROPPED_ATTRIBUTES, writer);
    writer.closeMessage(EVENT_ATTRIBUTES);
  }
}

function writeLinks(span: EncodableSpan, links: readonly RecordedLink[], writer: CellWriter): void {
  for (const { context, traceStateText, attributes } of links) {
    if (!writer.hasRoom(MESSAGE_CELLS)) {
      span._droppedLinks += 1;
      continue;
    }
    const { traceId, spanId } = context;
    writer.openMessage(SPAN_LINKS);
    writer.traceIdField(
      LINK_TRACE_ID,
      hexToLane(traceId, 0),
      hexToLane(traceId, 8),
      hexToLane(traceId, 16),
      hexToLane(traceId, 24),
    );
    writer.spanIdField(LINK_SPAN_ID, hexToLane(spanId, 0), hexToLane(spanId, 8));
    writer.textField(LINK_TRACE_STATE, traceStateText);
    writeList(attributes, LINK_DROPPED_ATTRIBUTES, writer);
    writer.fixed32Field(
      LINK_FLAGS,
      (context.traceFlags & 0xff) | HAS_IS_REMOTE | (context.isRemote ? IS_REMOTE : 0),
    );
    writer.closeMessage(LINK_ATTRIBUTES);
  }
}

function writeList(list: AttributeList | null, droppedTag: number, writer: CellWriter): void {
  if (list === null) return;
  const noRoom = writer.attributes(list.keys, list.values, list.names, list.count, false);
  writer.varintField(droppedTag, list.dropped + noRoom);
}
