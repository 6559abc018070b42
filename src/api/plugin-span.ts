/**
 * The plug-in mode span: a plain object with own, writable data properties, as upstream's is, for processors that
 * write to them, wrap the span in a Proxy or keep it. Same identity from `onStart` to long after `onEnd`. No
 * `#private` members: methods and getters must work with a Proxy as `this`.
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
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { ownKeys } from './attribute-list.ts';
import { define, describe, messageOf, NOTHING, snapshot, toPlain, truncate } from './attributes.ts';
import { type CapturedText, originalLengthKey } from './captured-text.ts';
import { type Anchor, currentAnchor, monotonicNow, readTimeInput, type Time } from './clock.ts';
import { makeDisposable } from './disposable.ts';
import { eachLink, exceptionAttributes, isTimeInput, recordAttributes, recordLink } from './event.ts';
import { warnOfLimits } from './limit-warning.ts';
import type { LiveMark } from './live-marks.ts';
import { maskSpanObject } from './mask-span.ts';
import { NOT_TIMED, overhead } from './overhead.ts';
import { toHrTime } from './readable.ts';
import { SHORTEST_CONTENT, shortenContent } from './shorten-content.ts';
import type { SpanExtension } from './span-extension.ts';
import { readStatus } from './status.ts';
import type { Tracer } from './tracer.ts';
import type { InstrumentationScope, Resource, TimedEvent } from './types.ts';

const STATUS_OK = 1;

/** Written by the clock, read at once; never held across a call. */
const time: Time = { seconds: 0, nanos: 0 };

export class PluginSpan implements ApiSpan {
  name: string;
  kind: SpanKind;
  /** Absent on a root span. */
  parentSpanContext: SpanContext | undefined;
  startTime: HrTime;
  /** `[0, 0]` while the span is open. */
  endTime: HrTime = [0, 0];
  /** `[-1, -1]` while the span is open. */
  duration: HrTime = [-1, -1];
  status: SpanStatus = { code: 0 };
  attributes: Attributes = {};
  links: Link[] = [];
  events: TimedEvent[] = [];
  ended = false;
  resource: Resource;
  instrumentationScope: InstrumentationScope;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  readonly _spanContext: SpanContext;
  readonly _tracer: Tracer;
  /** `null` when the start was given by the user: the wall clock then tells every other time. */
  readonly _anchor: Anchor | null;
  /** Attributes that were set here; a processor may delete or add others. */
  _attributeCount = 0;
  _isEnding = false;
  _extension: SpanExtension | null = null;
  /** Attributes with places of their own. */
  _coreKeys: Set<string> | null = null;
  /** `null` after `end()`. */
  _mark: LiveMark | null;
  /** What of the attributes is captured content, by key; `null` for none. */
  _content: Map<string, CapturedText> | null = null;

  constructor(
    tracer: Tracer,
    name: string,
    kind: SpanKind,
    context: SpanContext,
    parent: SpanContext | undefined,
    anchor: Anchor,
    now: number,
    start: TimeInput | undefined,
  ) {
    this.name = name;
    this.kind = kind;
    this.parentSpanContext = parent;
    this.resource = tracer.settings.resource;
    this.instrumentationScope = tracer.scope;
    this._spanContext = context;
    this._tracer = tracer;
    if (start !== undefined && readTimeInput(start, time)) {
      this._anchor = null;
    } else {
      this._anchor = anchor;
      anchor.at(now, time);
    }
    this.startTime = [time.seconds, time.nanos];
    this._mark = tracer.settings.ledger.marks.acquire();
  }

  spanContext(): SpanContext {
    return this._spanContext;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  /** As in arena mode: other values than strings, numbers and booleans are copied now; at the limit counted. */
  setAttribute(key: string, value: unknown): this {
    if (this.ended) return this;
    try {
      this._set(key, value);
    } catch (error) {
      // A processor froze or replaced the attributes.
      this._warnUnwritable(error);
    }
    return this;
  }

  /** As in arena mode. */
  _setContent(key: string, text: string): void {
    if (this.ended) return;
    const { attributeValueLengthLimit: limit } = this._tracer.settings.limits;
    const isLong = text.length > limit && limit >= SHORTEST_CONTENT;
    const captured = isLong ? shortenContent(text, limit) : text;
    this._setCore(key, captured);
    if (isLong) this._setOriginalLength(key, text.length);
    this._content ??= new Map();
    this._content.set(key, { text: captured, units: text.length });
  }

  _leaveOutContent(key: string, units: number): void {
    if (this.ended) return;
    this._setOriginalLength(key, units);
    this._tracer.settings.ledger.countShed(0, 1, false);
  }

  _setOriginalLength(key: string, units: number): void {
    if (this._attributeCount >= this._tracer.settings.limits.attributeCountLimit) return;
    this.setAttribute(originalLengthKey(key), units);
  }

  setAttributes(attributes: Attributes): this {
    if (this.ended) return this;
    const keys = ownKeys(attributes);
    if (keys === undefined) this.droppedAttributesCount += 1;
    for (const key of keys ?? []) {
      try {
        this.setAttribute(key, attributes[key]);
      } catch {
        // A getter threw: it costs its own attribute.
        if (!this.ended) this.droppedAttributesCount += 1;
      }
    }
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, eventTime?: TimeInput): this {
    if (this.ended) return this;
    const { settings } = this._tracer;
    const timeFirst = isTimeInput(attributesOrTime);
    const limit = settings.limits.attributePerEventCountLimit;
    const list = recordAttributes(timeFirst ? undefined : attributesOrTime, limit, settings);
    const eventName = describe(name);
    if (this.ended) return this;
    this._readTime(eventTime ?? (timeFirst ? attributesOrTime : undefined));
    this._push('events', settings.limits.eventCountLimit, {
      name: eventName,
      attributes: list?.toObject() ?? {},
      time: [time.seconds, time.nanos],
      droppedAttributesCount: list?.dropped ?? 0,
    });
    return this;
  }

  addLink(link: Link): this {
    if (this.ended) return this;
    const { settings } = this._tracer;
    const recorded = recordLink(link, settings);
    if (this.ended) return this;
    if (recorded === undefined) {
      this.droppedLinksCount += 1;
      return this;
    }
    const { context, attributes } = recorded;
    this._push('links', settings.limits.linkCountLimit, {
      context,
      ...(attributes !== null && {
        attributes: attributes.toObject(),
        droppedAttributesCount: attributes.dropped,
      }),
    });
    return this;
  }

  addLinks(links: Link[]): this {
    if (!eachLink(links, (link) => this.addLink(link)) && !this.ended) this.droppedLinksCount += 1;
    return this;
  }

  /** UNSET is ignored and OK is final (Trace API specification, "Set Status"); a message counts with ERROR only. */
  setStatus(status: SpanStatus): this {
    const read = readStatus(status);
    if (read === undefined || this.ended || this.status?.code === STATUS_OK) return this;
    this._write('status', read);
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this._write('name', describe(name));
    return this;
  }

  recordException(exception: Exception, eventTime?: TimeInput): void {
    if (this.ended) return;
    const attributes = exceptionAttributes(exception);
    if (attributes !== undefined) this.addEvent('exception', attributes, eventTime);
  }

  /** Ends the span: `onEnding` of every processor, which may still write, then `onEnd` of every processor. */
  end(endTime?: TimeInput): void {
    const budget = overhead;
    const begun = budget === null ? NOT_TIMED : budget.begin();
    try {
      this._end(endTime);
    } catch (error) {
      this._warnUnwritable(error);
    } finally {
      if (budget !== null) budget.end(begun);
    }
  }

  _end(endTime: TimeInput | undefined): void {
    if (this.ended || this._isEnding) {
      warn('ended-twice', `end() was called again on span "${describe(this.name)}"; the first call counts.`);
      return;
    }
    this._readTime(endTime);
    if (this.ended || this._isEnding) return;
    this._isEnding = true;
    const extension = this._extension;
    this._extension = null;
    extension?.finish(this);
    const [seconds, nanos] = this.startTime;
    const early = time.seconds < seconds || (time.seconds === seconds && time.nanos < nanos);
    if (early && endTime !== undefined) {
      warn('end-before-start', `span "${this.name}" was ended before its start; its duration is set to 0.`);
    }
    this.endTime = early ? [seconds, nanos] : [time.seconds, time.nanos];
    this.duration = toHrTime(this.endTime[0] - seconds, this.endTime[1] - nanos);
    const { ledger, metrics, processors } = this._tracer.settings;
    processors?.onEnding(this);
    this.ended = true;
    const { mask } = this._tracer.settings;
    if (mask !== null) maskSpanObject(this, mask);
    ledger.ended += 1;
    if (this._mark !== null) ledger.marks.release(this._mark);
    this._mark = null;
    if (metrics !== null) metrics.ended(this._spanContext.traceFlags);
    warnOfLimits(this.name, this.droppedAttributesCount, this.droppedEventsCount, this.droppedLinksCount);
    processors?.onEnd(this);
  }

  _set(key: unknown, value: unknown): void {
    const { attributeCountLimit, attributeValueLengthLimit } = this._tracer.settings.limits;
    if (typeof key !== 'string' || key === '') {
      this.droppedAttributesCount += 1;
      return;
    }
    let plain = value;
    if (typeof value === 'string') {
      plain = truncate(value, attributeValueLengthLimit);
    } else if (typeof value !== 'number' && typeof value !== 'boolean') {
      const copy = snapshot(value, attributeValueLengthLimit);
      // A getter of the value may have ended the span.
      if (copy === NOTHING || this.ended) return;
      plain = toPlain(copy);
    }
    const { attributes } = this;
    // The program's own value now.
    this._content?.delete(key);
    if (!Object.hasOwn(attributes, key)) {
      if (this._attributeCount >= attributeCountLimit) {
        this.droppedAttributesCount += 1;
        return;
      }
      this._attributeCount += 1;
    }
    if (key === '__proto__') define(attributes, key, plain);
    else (attributes as Record<string, unknown>)[key] = plain;
  }

  /** @see ExtensibleSpan */
  _setCore(key: string, value: unknown): void {
    if (value === undefined || this.ended) return;
    const { attributes } = this;
    const { attributeCountLimit } = this._tracer.settings.limits;
    if (this._attributeCount >= attributeCountLimit && !Object.hasOwn(attributes, key)) {
      const victim = Object.keys(attributes).findLast((one) => !this._coreKeys?.has(one));
      if (victim === undefined) {
        this.droppedAttributesCount += 1;
        return;
      }
      delete attributes[victim];
      this._attributeCount -= 1;
      this.droppedAttributesCount += 1;
    }
    this._coreKeys ??= new Set();
    this._coreKeys.add(key);
    this.setAttribute(key, value);
  }

  _write<Field extends 'name' | 'status'>(field: Field, value: this[Field]): void {
    try {
      this[field] = value;
    } catch (error) {
      this._warnUnwritable(error);
    }
  }

  /** Adds to a list of the span; beyond the limit the oldest is dropped and counted. */
  _push<List extends 'events' | 'links'>(list: List, limit: number, item: this[List][number]): void {
    try {
      const items = this[list] as unknown[];
      items.push(item);
      if (items.length <= limit) return;
      items.shift();
      if (list === 'events') this.droppedEventsCount += 1;
      else this.droppedLinksCount += 1;
    } catch (error) {
      this._warnUnwritable(error);
    }
  }

  /** Writes a user's time, or now, to `time`. */
  _readTime(input: TimeInput | undefined): void {
    if (input !== undefined && readTimeInput(input, time)) return;
    const now = monotonicNow();
    (this._anchor ?? currentAnchor(now)).at(now, time);
  }

  _warnUnwritable(error: unknown): void {
    warn('span-unwritable', `a span processor made a span unwritable: ${messageOf(error)}; a value is lost.`);
  }
}

makeDisposable(PluginSpan.prototype);
