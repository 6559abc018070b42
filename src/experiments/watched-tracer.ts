/** Tells the item of its spans, while runs are under way: those of `trace`, of `span` and of instrumented clients. */
import {
  type Context,
  createContextKey,
  isSpanContextValid,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { activeContext, spanOf, withContext } from '../api/context.ts';
import { watchTracers } from '../init.ts';
import type { ItemTimeline } from './timeline.ts';

interface Place {
  readonly timeline: ItemTimeline;
  readonly isTask: boolean;
}

const PLACE = createContextKey('spandrel experiment item');

/** Runs `fn`, whose spans are the item's. */
export function inTimeline<R>(timeline: ItemTimeline, isTask: boolean, fn: () => R): R {
  const place: Place = { timeline, isTask };
  return withContext(activeContext().setValue(PLACE, place), fn);
}

class WatchedTracer implements Tracer {
  private readonly tracer: Tracer;

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  startSpan(name: string, options?: SpanOptions, context: Context = activeContext()): Span {
    const span = this.tracer.startSpan(name, options, context);
    const place = context.getValue(PLACE) as Place | undefined;
    if (place === undefined || !span.isRecording()) return span;
    const parent = spanOf(context)?.spanContext();
    const parentSpanId = parent !== undefined && isSpanContextValid(parent) ? parent.spanId : null;
    place.timeline.follow(span, name, parentSpanId, place.isTask);
    return span;
  }

  startActiveSpan(...given: unknown[]): never {
    return (this.tracer.startActiveSpan as (...all: unknown[]) => never)(...given);
  }
}

const watched = new WeakMap<Tracer, WatchedTracer>();
let underWay = 0;

function watchedOf(tracer: Tracer): Tracer {
  let found = watched.get(tracer);
  if (found === undefined) {
    found = new WatchedTracer(tracer);
    watched.set(tracer, found);
  }
  return found;
}

/** Watches until the returned function is called, as often as that takes. */
export function watchSpans(): () => void {
  underWay += 1;
  watchTracers(watchedOf);
  return () => {
    underWay -= 1;
    if (underWay === 0) watchTracers(null);
  };
}
