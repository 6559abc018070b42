/** Events and links of a span while it records. Trace API specification, "Add Events" and "Link". */
import {
  type Attributes,
  isSpanContextValid,
  type Link,
  type SpanContext,
  type TimeInput,
  type TraceState,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { AttributeList } from './attribute-list.ts';
import { describe } from './attributes.ts';
import type { SpanSettings } from './span-settings.ts';

const HEX_TRACE_ID = /^[0-9a-f]{32}$/i;
const HEX_SPAN_ID = /^[0-9a-f]{16}$/i;

/** Links read of one list: a sparse array of 2^32 - 1, or an iterator without an end, must not hold the program up. */
const MAXIMUM_LINKS = 10_000;

/**
 * Gives the links of a list to `add`. False when some could not be read or are too many to be: no list, one that refuses,
 * or one of more than 10,000.
 */
export function eachLink(links: Iterable<Link>, add: (link: Link) => void): boolean {
  try {
    let count = 0;
    for (const link of links) {
      if (count === MAXIMUM_LINKS) return false;
      count += 1;
      add(link);
    }
    return true;
  } catch {
    return false;
  }
}

export interface RecordedEvent {
  readonly name: string;
  readonly seconds: number;
  readonly nanos: number;
  /** `null` when it has none. */
  readonly attributes: AttributeList | null;
}

export interface RecordedLink {
  readonly context: SpanContext;
  /** The context's trace state as a header; '' for none. */
  readonly traceStateText: string;
  readonly attributes: AttributeList | null;
}

/** Attributes of an event or link, snapshots within the limits. */
export function recordAttributes(
  attributes: Attributes | undefined,
  countLimit: number,
  settings: SpanSettings,
): AttributeList | null {
  if (attributes === undefined || attributes === null) return null;
  const list = new AttributeList(settings.keyTable, countLimit, settings.limits.attributeValueLengthLimit);
  list.setAll(attributes);
  return list;
}

/**
 * A link with what the wire needs of its context, copied; `undefined` when that is no valid context. Ids of zeros are
 * kept if the link says something else (Trace API specification, "Link").
 */
export function recordLink(link: Link, settings: SpanSettings): RecordedLink | undefined {
  try {
    const { traceId, spanId, traceFlags, traceState, isRemote } = link.context;
    const recorded: RecordedLink = {
      // Not taken on trust: `end()` computes with the flags, and must not call what a user supplied.
      context: {
        traceId,
        spanId,
        traceFlags: typeof traceFlags === 'number' ? traceFlags : 0,
        traceState,
        isRemote,
      },
      traceStateText: traceStateText(traceState),
      attributes: recordAttributes(link.attributes, settings.limits.attributePerLinkCountLimit, settings),
    };
    if (isSpanContextValid(recorded.context)) return recorded;
    const saysMore = recorded.traceStateText !== '' || (recorded.attributes?.count ?? 0) > 0;
    return saysMore && HEX_TRACE_ID.test(traceId) && HEX_SPAN_ID.test(spanId) ? recorded : undefined;
  } catch {
    return undefined;
  }
}

/** A trace state as a header: '' for none, and for one that throws or answers with something else. */
export function traceStateText(traceState: TraceState | undefined): string {
  if (traceState === undefined || traceState === null) return '';
  try {
    const text = traceState.serialize();
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

/** Whether `addEvent`'s second argument is a time and no attributes (the rule of the API's overload). */
export function isTimeInput(value: unknown): value is TimeInput {
  if (typeof value === 'number') return true;
  try {
    if (value instanceof Date) return true;
    return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
  } catch {
    return false;
  }
}

/**
 * Attributes of an exception event (semantic conventions, "Exceptions on spans"). `undefined`, with a
 * warning, when nothing is known of it. Reads members of a foreign object, so it may run a getter; one that throws costs its attribute.
 */
export function exceptionAttributes(exception: unknown): Attributes | undefined {
  const attributes = readException(exception);
  if (attributes === undefined) {
    warn(
      'exception',
      'recordException: expected an error or a string with a name or message; nothing is recorded.',
    );
  }
  return attributes;
}

function readException(exception: unknown): Attributes | undefined {
  if (typeof exception === 'string') return exception === '' ? undefined : { 'exception.message': exception };
  if (typeof exception !== 'object' || exception === null) return undefined;
  const attributes: Attributes = {};
  const type = readMember(exception, 'code') ?? readMember(exception, 'name');
  const message = readMember(exception, 'message');
  const stack = readMember(exception, 'stack');
  if (type !== undefined) attributes['exception.type'] = type;
  if (message !== undefined) attributes['exception.message'] = message;
  if (type === undefined && message === undefined) return undefined;
  if (stack !== undefined) attributes['exception.stacktrace'] = stack;
  return attributes;
}

function readMember(object: object, name: string): string | undefined {
  try {
    const value = (object as Record<string, unknown>)[name];
    return value ? describe(value) : undefined;
  } catch {
    return undefined;
  }
}
