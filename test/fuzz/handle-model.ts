/**
 * @module Random programs over span handles, and a model of what each span must be. Every text in a span names its
 * number, so a write that reached another span shows whatever it was.
 */
import { ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import type { PluginSpan } from '../../src/api/plugin-span.ts';
import type { Span } from '../../src/api/span.ts';
import type { SeededRandom } from '../helpers/engine-random.ts';

export const LIMITS = { attributeCountLimit: 10, eventCountLimit: 3, linkCountLimit: 3 };
/** More than the pool of attribute lists keeps. */
const CROWD = 300;
/** Ended handles that are still written to. */
const GRAVES = 64;

/** What must be decoded for one span. */
export interface Expected {
  name: string;
  attributes: Map<string, string>;
  droppedAttributes: number;
  events: string[];
  droppedEvents: number;
  links: string[];
  droppedLinks: number;
  status: string;
}

export interface Handle {
  readonly span: Span | PluginSpan;
  readonly number: number;
  readonly spanId: string;
  readonly expected: Expected;
  isOk: boolean;
  ended: boolean;
  /** Ended when the provider was shut down already. */
  late: boolean;
}

/** A text that no other span has, and no other call of this one. */
function canary(handle: Handle, random: SeededRandom): string {
  const text = `<${handle.number}>`;
  return random.chance(0.05)
    ? text.repeat(400)
    : `${text}${random.below(1e9)}${random.chance(0.2) ? 'ü漢🌊' : ''}`;
}

export class HandlePrograms {
  readonly live: Handle[] = [];
  readonly ended: Handle[] = [];
  readonly graves: Handle[] = [];
  /** Callbacks of requests, which run later and in any order. */
  readonly callbacks: (() => void)[] = [];
  isShutdown = false;
  /** Started while the provider was working. */
  started = 0;
  /** Calls on handles that had ended. */
  useAfterEnd = 0;
  private next = 0;
  private readonly tracer: Tracer;

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  /** One program: a few steps over the handles that are there, those of other programs included. */
  run(random: SeededRandom): void {
    for (let step = 4 + random.below(12); step > 0; step -= 1) this.step(random);
    while (this.callbacks.length > 8) this.callBack(random);
    while (this.live.length > 40) this.end(random.pick(this.live), random);
  }

  /** More live handles than are pooled, ended in any order. */
  crowd(random: SeededRandom): void {
    for (let count = 0; count < CROWD; count += 1) this.write(this.start(random), random);
    while (this.live.length > 20) this.end(random.pick(this.live), random);
  }

  finish(random: SeededRandom): void {
    while (this.callbacks.length > 0) this.callBack(random);
    while (this.live.length > 0) this.end(this.live[0], random);
  }

  private step(random: SeededRandom): void {
    const action = random.next();
    if (this.live.length === 0 || action < 0.15) this.start(random);
    else if (action < 0.72) this.write(random.pick(this.live), random);
    else if (action < 0.84) this.end(random.pick(this.live), random);
    else if (action < 0.92 && this.graves.length > 0) this.write(random.pick(this.graves), random);
    else if (action < 0.96) this.callBack(random);
    else this.defer(random);
  }

  start(random: SeededRandom): Handle {
    this.next += 1;
    const number = this.next;
    const name = `span <${number}>`;
    const given = random.chance(0.3);
    const key = `k${random.below(14)}`;
    const options = given ? { attributes: { [key]: `<${number}> at the start` } } : undefined;
    const span = this.tracer.startSpan(name, options, ROOT_CONTEXT) as Span | PluginSpan;
    const expected: Expected = {
      ...{ name, attributes: new Map(), droppedAttributes: 0, events: [], droppedEvents: 0 },
      ...{ links: [], droppedLinks: 0, status: '' },
    };
    if (given) expected.attributes.set(key, `<${number}> at the start`);
    const { spanId } = span.spanContext();
    const handle = {
      span,
      number,
      spanId,
      expected,
      isOk: false,
      ended: this.isShutdown,
      late: this.isShutdown,
    };
    if (this.isShutdown) return handle;
    this.started += 1;
    this.live.push(handle);
    return handle;
  }

  /** One write, to a live handle or to one that ended. */
  private write(handle: Handle, random: SeededRandom): void {
    if (handle.ended) this.useAfterEnd += 1;
    const text = canary(handle, random);
    const key = random.chance(0.95) ? `k${random.below(14)}` : `${'long '.repeat(40)}<${handle.number}>`;
    const { span } = handle;
    const action = random.below(11);
    if (action < 3) {
      span.setAttribute(key, text);
      this.set(handle, key, text);
    } else if (action < 5) {
      this.setMany(handle, key, text, random);
    } else if (action === 5) {
      span.addEvent(text, { [key]: text });
      this.push(handle, 'events', `${text} ${key}=${text}`, LIMITS.eventCountLimit);
    } else if (action === 6) {
      this.link(handle, key, text, random);
    } else if (action === 7) {
      span.updateName(text);
      if (!handle.ended) handle.expected.name = text;
    } else if (action === 8) {
      this.status(handle, text, random);
    } else if (action === 9) {
      span.recordException({ name: 'Own', message: text });
      const event = `exception exception.type=Own,exception.message=${text}`;
      this.push(handle, 'events', event, LIMITS.eventCountLimit);
    } else {
      this.reenter(handle, key, text, random);
    }
  }

  private setMany(handle: Handle, key: string, text: string, random: SeededRandom): void {
    const more = `m${random.below(6)}`;
    handle.span.setAttributes({ [key]: text, [more]: `${text} more` });
    this.set(handle, key, text);
    this.set(handle, more, `${text} more`);
  }

  private link(handle: Handle, key: string, text: string, random: SeededRandom): void {
    const traceId = `${'0'.repeat(24)}${(handle.number + 0x10000000).toString(16)}`;
    const context = {
      traceId,
      spanId: `${(random.below(1e9) + 1).toString(16).padStart(16, '0')}`,
      traceFlags: 1,
    };
    const link = { context, attributes: { [key]: text } };
    if (random.chance(0.5)) handle.span.addLink(link);
    else handle.span.addLinks([link]);
    this.push(handle, 'links', `${traceId} ${context.spanId} ${key}=${text}`, LIMITS.linkCountLimit);
  }

  private status(handle: Handle, text: string, random: SeededRandom): void {
    const code = random.chance(0.3) ? 1 : 2;
    handle.span.setStatus({ code, message: text });
    if (handle.ended || handle.isOk) return;
    handle.isOk = code === 1;
    handle.expected.status = code === 1 ? '1 ' : `2 ${text}`;
  }

  /** A value that, while it is read, ends this span or another, starts one, or writes to any. */
  private reenter(handle: Handle, key: string, text: string, random: SeededRandom): void {
    const toJSON = (): string => {
      const action = random.below(4);
      if (action === 0) this.end(handle, random);
      else if (action === 1 && this.live.length > 0) this.end(random.pick(this.live), random);
      else if (action === 2) this.write(this.start(random), random);
      else if (this.live.length > 0) this.write(random.pick(this.live), random);
      return text;
    };
    if (random.chance(0.6) || handle.ended) {
      handle.span.setAttribute(key, { toJSON } as never);
      this.set(handle, key, text);
      return;
    }
    const before = handle.span;
    before.addEvent(text, { inner: { toJSON } as never });
    this.push(handle, 'events', `${text} inner=${text}`, LIMITS.eventCountLimit);
  }

  /** Ends it, and now and then again. */
  end(handle: Handle, random: SeededRandom): void {
    const wasEnded = handle.ended;
    handle.ended = true;
    if (!wasEnded) {
      this.live.splice(this.live.indexOf(handle), 1);
      handle.late = this.isShutdown;
      this.ended.push(handle);
      this.graves.push(handle);
      if (this.graves.length > GRAVES) this.graves.shift();
    }
    handle.span.end();
    if (random.chance(0.1)) {
      this.useAfterEnd += 1;
      handle.span.end();
    }
  }

  /** A callback of one request that writes to the span of another and ends it. */
  private defer(random: SeededRandom): void {
    const handle = random.pick(this.live.length > 0 ? this.live : this.graves);
    if (handle === undefined) return;
    this.callbacks.push(() => {
      this.write(handle, random);
      this.end(handle, random);
      this.write(handle, random);
    });
  }

  private callBack(random: SeededRandom): void {
    if (this.callbacks.length > 0) this.callbacks.splice(random.below(this.callbacks.length), 1)[0]();
  }

  private set({ ended, expected }: Handle, key: string, text: string): void {
    if (ended) return;
    const { attributes } = expected;
    if (attributes.has(key) || attributes.size < LIMITS.attributeCountLimit) attributes.set(key, text);
    else expected.droppedAttributes += 1;
  }

  private push({ ended, expected }: Handle, list: 'events' | 'links', item: string, limit: number): void {
    if (ended) return;
    expected[list].push(item);
    if (expected[list].length <= limit) return;
    expected[list].shift();
    if (list === 'events') expected.droppedEvents += 1;
    else expected.droppedLinks += 1;
  }
}
