/** What a live span shows of itself: copies in the shapes of `ReadableSpan`. */
import type { HrTime, Link } from '@opentelemetry/api';
import type { RecordedEvent, RecordedLink } from './event.ts';
import type { TimedEvent } from './types.ts';

const NANOS_PER_SECOND = 1_000_000_000;

/** Borrows a second when the nanoseconds are negative. */
export function toHrTime(seconds: number, nanos: number): HrTime {
  return nanos < 0 ? [seconds - 1, nanos + NANOS_PER_SECOND] : [seconds, nanos];
}

export function readableEvents(events: readonly RecordedEvent[] | null): TimedEvent[] {
  return (events ?? []).map((event) => ({
    name: event.name,
    time: [event.seconds, event.nanos],
    attributes: event.attributes?.toObject() ?? {},
    droppedAttributesCount: event.attributes?.dropped ?? 0,
  }));
}

export function readableLinks(links: readonly RecordedLink[] | null): Link[] {
  return (links ?? []).map((link) => ({
    context: link.context,
    ...(link.attributes && {
      attributes: link.attributes.toObject(),
      droppedAttributesCount: link.attributes.dropped,
    }),
  }));
}
