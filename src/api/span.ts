/**
 * The arena-mode span: a handle that records into a pooled list, and becomes bytes when it ends. It keeps its
 * ids for ever; every call after `end()` does nothing. Handles are never reused: one request's prompt cannot
 * appear in another's span. No #private members: processors wrap spans in Proxies.
 */
import type {
  Span as ApiSpan,
  Attributes,
  Exception,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
  TraceState,
} from '@opentelemetry/api';
import { warn, warnOnce } from '../diagnostics.ts';
import type { AttributeList } from './attribute-list.ts';
import { describe } from './attributes.ts';
import { type Anchor, currentAnchor, monotonicNow, readTimeInput, type Time } from './clock.ts';
import { commit, refusal } from './commit.ts';
import { makeDisposable } from './disposable.ts';
import {
  eachLink,
  exceptionAttributes,
  isTimeInput,
  type RecordedEvent,
  type RecordedLink,
  recordAttributes,
  recordLink,
  traceStateText,
} from './event.ts';
import type { Identity } from './identity.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { warnOfLimits } from './limit-warning.ts';
import { maskSpan } from './mask-span.ts';
import { overhead } from './overhead.ts';
import { parentTraceStateOf } from './parent-trace-state.ts';
import { ownSpanContext } from './random-flag.ts';
import { readableEvents, readableLinks, toHrTime } from './readable.ts';
import type { SpanExtension } from './span-extension.ts';
import { readStatus } from './status.ts';
import type { Tracer } from './tracer.ts';
import type { InstrumentationScope, Resource, TimedEvent } from './types.ts';

const STATUS_UNSET = 0;
const STATUS_OK = 1;

/** Written by the clock, read at once; never held across a call. */
const time: Time = { seconds: 0, nanos: 0 };
const NO_ATTRIBUTES: Attributes = Object.freeze({});

export class Span implements ApiSpan {
  readonly _trace0: number;
  readonly _trace1: number;
  readonly _trace2: number;
  readonly _trace3: number;
  readonly _span0: number;
  readonly _span1: number;
  readonly _parent0: number;
  readonly _parent1: number;
  /** Its own trace flags, and those of its parent a byte above. */
  readonly _flags: number;
  readonly _remoteParent: boolean;
  readonly _traceState: TraceState | undefined;
  /** Made at the start: a trace state may be a user's object, and `end()` must not call it. */
  readonly _traceStateText: string;
  readonly _kind: SpanKind;
  readonly _tracer: Tracer;
  _name: string;
  /** `null` when the start was given by the user: the wall clock then tells every other time. */
  _anchor: Anchor | null;
  _startSeconds: number;
  _startNanos: number;
  _endSeconds = 0;
  _endNanos = 0;
  _statusCode = STATUS_UNSET;
  _statusMessage = '';
  /** `null` after `end()`. */
  _attributes: AttributeList | null;
  _events: RecordedEvent[] | null = null;
  _links: RecordedLink[] | null = null;
  _droppedEvents = 0;
  _droppedLinks = 0;
  _droppedAttributes = 0;
  _context: SpanContext | undefined = undefined;
  /** `null` where no layer above has anything to add, and after it has. */
  _extension: SpanExtension | null = null;

  constructor(
    tracer: Tracer,
    name: string,
    kind: SpanKind,
    identity: Identity,
    anchor: Anchor,
    now: number,
    start: TimeInput | undefined,
  ) {
    this._trace0 = identity.trace0;
    this._trace1 = identity.trace1;
    this._trace2 = identity.trace2;
    this._trace3 = identity.trace3;
    this._span0 = identity.span0;
    this._span1 = identity.span1;
    this._parent0 = identity.parent0;
    this._parent1 = identity.parent1;
    this._flags = identity.flags | (identity.parentFlags << 8);
    this._remoteParent = identity.remote;
    this._traceState = identity.traceState;
    this._traceStateText = identity.traceState === undefined ? '' : traceStateText(identity.traceState);
    this._kind = kind;
    this._tracer = tracer;
    this._name = name;
    this._attributes = tracer.settings.lists.acquire();
    if (start !== undefined && readTimeInput(start, time)) {
      this._anchor = null;
    } else {
      this._anchor = anchor;
      anchor.at(now, time);
    }
    this._startSeconds = time.seconds;
    this._startNanos = time.nanos;
  }

  spanContext(): SpanContext {
    this._context ??= ownSpanContext(
      traceIdOf(this._trace0, this._trace1, this._trace2, this._trace3),
      spanIdOf(this._span0, this._span1),
      this._flags & 0xff,
      this._traceState,
    );
    return this._context;
  }

  isRecording(): boolean {
    return this._attributes !== null;
  }

  /**
   * Sets an attribute. A value that is no string, number or boolean is copied now; `undefined` sets nothing. At
   * `attributeCountLimit` a new key is dropped and counted, a known one overwritten.
   */
  setAttribute(key: string, value: unknown): this {
    const list = this._attributes;
    if (list === null) return this;
    list.set(key, value);
    return this;
  }

  /** Sets captured content: under load it may be shortened or left out, unlike attributes. */
  _setContent(key: string, text: string): void {
    this._attributes?.setContent(key, text);
  }

  /** Notes content that was not even made into text. @param units - its length, -1 where nobody knows. */
  _leaveOutContent(key: string, units: number): void {
    if (this._attributes === null) return;
    this._attributes.setOriginalLength(key, units);
    this._tracer.settings.ledger.countShed(0, 1, false);
  }

  setAttributes(attributes: Attributes): this {
    const list = this._attributes;
    if (list === null) return this;
    list.setAll(attributes);
    return this;
  }

  /** Adds an event. At `eventCountLimit` the oldest one is dropped and counted. */
  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, eventTime?: TimeInput): this {
    if (this._attributes === null) return this;
    const { settings } = this._tracer;
    const timeFirst = isTimeInput(attributesOrTime);
    const attributes = recordAttributes(
      timeFirst ? undefined : attributesOrTime,
      settings.limits.attributePerEventCountLimit,
      settings,
    );
    const eventName = describe(name);
    // A getter among the attributes, or a name's toString, may have ended the span.
    if (this._attributes === null) return this;
    this._readTime(eventTime ?? (timeFirst ? attributesOrTime : undefined));
    this._events ??= [];
    this._events.push({ name: eventName, seconds: time.seconds, nanos: time.nanos, attributes });
    if (this._events.length > settings.limits.eventCountLimit) {
      this._events.shift();
      this._droppedEvents += 1;
    }
    return this;
  }

  /** Adds a link. At `linkCountLimit` the oldest one is dropped and counted, as is one with an invalid context. */
  addLink(link: Link): this {
    if (this._attributes === null) return this;
    const { settings } = this._tracer;
    const recorded = recordLink(link, settings);
    if (this._attributes === null) return this;
    if (recorded === undefined) {
      this._droppedLinks += 1;
      return this;
    }
    this._links ??= [];
    this._links.push(recorded);
    if (this._links.length > settings.limits.linkCountLimit) {
      this._links.shift();
      this._droppedLinks += 1;
    }
    return this;
  }

  /** Adds each of a list; beyond 10,000 the rest is not read, and counts as one that was dropped. */
  addLinks(links: Link[]): this {
    // How many links are lost nobody can know.
    if (!eachLink(links, (link) => this.addLink(link)) && this._attributes !== null) this._droppedLinks += 1;
    return this;
  }

  /** UNSET is ignored and OK is final (Trace API specification, "Set Status"); a message counts with ERROR only. */
  setStatus(status: SpanStatus): this {
    const read = readStatus(status);
    if (read === undefined || this._attributes === null || this._statusCode === STATUS_OK) return this;
    this._statusCode = read.code;
    this._statusMessage = read.message ?? '';
    return this;
  }

  updateName(name: string): this {
    if (this._attributes !== null) this._name = describe(name);
    return this;
  }

  recordException(exception: Exception, eventTime?: TimeInput): void {
    if (this._attributes === null) return;
    const attributes = exceptionAttributes(exception);
    if (attributes !== undefined) this.addEvent('exception', attributes, eventTime);
  }

  /** Ends the span and encodes it. A second call does nothing and warns. An end before the start becomes the start. */
  end(endTime?: TimeInput): void {
    const budget = overhead;
    if (budget === null) {
      this._end(endTime);
      return;
    }
    const begun = budget.begin();
    try {
      this._end(endTime);
    } finally {
      budget.end(begun);
    }
  }

  _end(endTime: TimeInput | undefined): void {
    const list = this._attributes;
    if (list === null) {
      warn('ended-twice', `end() was called again on span "${this._name}"; the first call counts.`);
      return;
    }
    this._readTime(endTime);
    // A date's getTime may be a user's, and may have ended the span.
    if (this._attributes !== list) return;
    const early =
      time.seconds < this._startSeconds ||
      (time.seconds === this._startSeconds && time.nanos < this._startNanos);
    this._endSeconds = early ? this._startSeconds : time.seconds;
    this._endNanos = early ? this._startNanos : time.nanos;
    if (early && endTime !== undefined) {
      warn('end-before-start', `span "${this._name}" was ended before its start; its duration is set to 0.`);
    }
    if (this._extension !== null) {
      this._extend(this._extension);
      // It calls code of the user, which may have ended the span: that was a whole end, with what there was by then.
      if (this._attributes !== list) return;
    }
    // Closed from here on: neither a mask nor what it calls can write to the span.
    this._attributes = null;
    const { mask } = this._tracer.settings;
    if (mask !== null && refusal(this) === null) maskSpan(this, list, mask);
    commit(this, list);
    this._droppedAttributes = list.dropped;
    if ((list.dropped | this._droppedEvents | this._droppedLinks) !== 0) {
      warnOfLimits(this._name, list.dropped, this._droppedEvents, this._droppedLinks);
    }
    this._events = null;
    this._links = null;
    const { lists, metrics } = this._tracer.settings;
    lists.release(list);
    // Last: an instrument is user code.
    if (metrics !== null) metrics.ended(this._flags);
  }

  /** Lets the extension add what it has, unless the span is about to be dropped. */
  _extend(extension: SpanExtension): void {
    this._extension = null;
    if (refusal(this) === null) extension.finish(this);
  }

  /** @see ExtensibleSpan */
  _setCore(key: string, value: unknown): void {
    this._attributes?.setCore(key, value);
  }

  /** Writes a user's time, or now, to `time`. */
  _readTime(input: TimeInput | undefined): void {
    if (input !== undefined && readTimeInput(input, time)) return;
    const now = monotonicNow();
    (this._anchor ?? currentAnchor(now)).at(now, time);
  }

  get name(): string {
    return this._name;
  }

  get kind(): SpanKind {
    return this._kind;
  }

  get startTime(): HrTime {
    return [this._startSeconds, this._startNanos];
  }

  get endTime(): HrTime {
    return [this._endSeconds, this._endNanos];
  }

  /** `[-1, -1]` while the span is open, as upstream has it. */
  get duration(): HrTime {
    if (this._attributes !== null) return [-1, -1];
    return toHrTime(this._endSeconds - this._startSeconds, this._endNanos - this._startNanos);
  }

  get ended(): boolean {
    return this._attributes === null;
  }

  get status(): SpanStatus {
    const message = this._statusMessage;
    return message === '' ? { code: this._statusCode } : { code: this._statusCode, message };
  }

  /** A copy of what was set so far; after `end()` an empty frozen object: the attributes are bytes by then. */
  get attributes(): Attributes {
    return this._attributes?.toObject() ?? NO_ATTRIBUTES;
  }

  get events(): TimedEvent[] {
    return readableEvents(this._events);
  }

  get links(): Link[] {
    return readableLinks(this._links);
  }

  get parentSpanContext(): SpanContext | undefined {
    if ((this._parent0 | this._parent1) === 0) return undefined;
    const traceState = parentTraceStateOf(this);
    return {
      traceId: this.spanContext().traceId,
      spanId: spanIdOf(this._parent0, this._parent1),
      traceFlags: (this._flags >>> 8) & 0xff,
      ...(traceState !== undefined && { traceState }),
      ...(this._remoteParent && { isRemote: true }),
    };
  }

  get resource(): Resource {
    return this._tracer.settings.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this._tracer.scope;
  }

  get droppedAttributesCount(): number {
    return this._attributes?.dropped ?? this._droppedAttributes;
  }

  get droppedEventsCount(): number {
    return this._droppedEvents;
  }

  get droppedLinksCount(): number {
    return this._droppedLinks;
  }
}

function warnReadOnly(): void {
  warnOnce(
    'span-read-only',
    'fields of a span are read-only with these processors; use setAttribute, updateName or setStatus.',
  );
}

// In strict code, assigning to a getter without a setter throws; upstream's fields are writable.
for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Span.prototype))) {
  if (descriptor.get) Object.defineProperty(Span.prototype, name, { ...descriptor, set: warnReadOnly });
}

makeDisposable(Span.prototype);
