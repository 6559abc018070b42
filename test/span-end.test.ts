import {
  type Attributes,
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import type { Span } from '../src/api/span.ts';
import { balance, captureWarnings, record } from './helpers/api-recorder.ts';

const lines = captureWarnings();

const other = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED };

function link(index: number): Link {
  return { context: other, attributes: { index } };
}

describe('after end()', () => {
  test('every call does nothing, and the span keeps its context for ever', () => {
    const { exporter, provider, tracer } = record();
    const span = tracer.startSpan('s', { attributes: { a: 1 }, startTime: [4, 0] }) as Span;
    const { traceId, spanId } = span.spanContext();
    span.end([5, 0]);
    const before = exporter.spans[0];
    span
      .setAttribute('b', 1)
      .setAttributes({ c: 1 })
      .addEvent('e')
      .addLink(link(0))
      .addLinks([link(1)]);
    span.setStatus({ code: SpanStatusCode.ERROR }).updateName('other').recordException(new Error('x'));
    expect(span.isRecording()).toBe(false);
    expect(exporter.spans).toEqual([before]);
    expect(span.spanContext()).toMatchObject({ traceId, spanId, traceFlags: 1 });
    expect(span.name).toBe('s');
    expect(span.events).toEqual([]);
    expect(span.links).toEqual([]);
    expect(span.status).toEqual({ code: 0 });
    expect(balance(provider.stats())).toBe(0);
    expect(lines).toEqual([]);
  });

  test('a second end() does nothing, and is said', () => {
    const { exporter, provider, tracer } = record();
    const span = tracer.startSpan('s', { startTime: [4, 0] }) as Span;
    span.end([5, 0]);
    span.end([6, 0]);
    expect(exporter.spans).toHaveLength(1);
    expect(provider.stats()).toMatchObject({ started: 1, live: 0, exported: 1 });
    expect(lines).toEqual([expect.stringMatching(/end\(\) was called again on span "s"/)]);
  });

  test('its attributes are an empty frozen object', () => {
    const { tracer } = record();
    const span = tracer.startSpan('s', { attributes: { a: 1 } }) as Span;
    span.end();
    expect(span.attributes).toEqual({});
    expect(Object.isFrozen(span.attributes)).toBe(true);
    expect(span.ended).toBe(true);
  });

  test('a context made only now has the ids that were sent', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s');
    span.end();
    const [{ traceId, spanId }] = exporter.spans;
    expect(span.spanContext()).toMatchObject({ traceId, spanId });
    expect(span.spanContext()).toBe(span.spanContext());
  });
});

describe('reading a live span', () => {
  const live = () => {
    const { provider } = record({ spanLimits: { attributeCountLimit: 2 } });
    const tracer = provider.getTracer('scope', '1.0', { schemaUrl: 'schema:x' });
    const parent = tracer.startSpan('parent');
    const options = { kind: SpanKind.SERVER, startTime: [5, 6] as [number, number] };
    const span = tracer.startSpan('s', options, trace.setSpan(ROOT_CONTEXT, parent)) as Span;
    span.setAttributes({ a: 1, list: ['x'], over: 1 } as Attributes);
    span.addEvent('e', { k: 'v' }, [7, 8]).addLink(link(3));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'm' });
    return { provider, parent, span };
  };

  const expectFields = (span: Span, { provider, parent }: ReturnType<typeof live>): void => {
    expect(span.isRecording()).toBe(true);
    expect({ ...read(span) }).toEqual({
      ...{ name: 's', kind: SpanKind.SERVER, startTime: [5, 6], endTime: [0, 0], duration: [-1, -1] },
      ...{ ended: false, status: { code: 2, message: 'm' }, attributes: { a: 1, list: ['x'] } },
      events: [{ name: 'e', time: [7, 8], attributes: { k: 'v' }, droppedAttributesCount: 0 }],
      links: [{ context: other, attributes: { index: 3 }, droppedAttributesCount: 0 }],
      resource: provider.settings.resource,
      instrumentationScope: { name: 'scope', version: '1.0', schemaUrl: 'schema:x' },
      ...{ droppedAttributesCount: 1, droppedEventsCount: 0, droppedLinksCount: 0 },
    });
    const { traceId, spanId } = parent.spanContext();
    expect(span.parentSpanContext).toMatchObject({ traceId, spanId });
  };

  test('shows what was recorded so far', () => {
    const it = live();
    expectFields(it.span, it);
  });

  test('works through a Proxy, with methods and getters that run with the Proxy as this', () => {
    const it = live();
    const reflected = new Proxy(it.span, { get: (span, key, receiver) => Reflect.get(span, key, receiver) });
    expectFields(reflected, it);
    reflected.setAttribute('a', 2).addEvent('later').updateName('renamed');
    reflected.end();
    expect(it.span.ended).toBe(true);
    expect(it.span.name).toBe('renamed');
  });

  test('gives copies: changing them does not change the span', () => {
    const it = live();
    const { attributes, events, links } = it.span;
    attributes.a = 99;
    (attributes.list as string[]).push('y');
    events.length = 0;
    links.length = 0;
    expectFields(it.span, it);
  });

  test('a span without a parent has no parent context; a remote one is marked', () => {
    const { tracer } = record();
    expect((tracer.startSpan('s', { root: true }) as Span).parentSpanContext).toBeUndefined();
    const parent = { ...other, isRemote: true, traceState: createTraceState('vendor=1') };
    const context = trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = tracer.startSpan('s', {}, context) as Span;
    expect(span.parentSpanContext).toEqual(parent);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, span)) as Span;
    expect(child.parentSpanContext).toEqual({ ...span.spanContext() });
  });

  test('accepts symbols, as processors set them', () => {
    const mark = Symbol('mark');
    const { span } = live();
    Object.defineProperty(span, mark, { value: 5 });
    expect(Reflect.get(span, mark)).toBe(5);
  });

  test.each([
    ...['name', 'kind', 'status', 'attributes', 'events', 'links', 'startTime', 'endTime', 'duration'],
    ...['parentSpanContext', 'resource', 'instrumentationScope', 'ended', 'droppedAttributesCount'],
    ...['droppedEventsCount', 'droppedLinksCount'],
  ])('assigning %s changes nothing, does not throw, and is said once', (field) => {
    const it = live();
    expect(() => {
      (it.span as unknown as Record<string, unknown>)[field] = 'written';
      (it.span as unknown as Record<string, unknown>)[field] = 'again';
    }).not.toThrow();
    expectFields(it.span, it);
    expect(lines).toEqual([expect.stringContaining('read-only')]);
  });

  test('the duration of an ended span borrows a second for its nanoseconds', () => {
    const { tracer } = record();
    const span = tracer.startSpan('s', { startTime: [5, 900_000_000] }) as Span;
    span.end([7, 100_000_000]);
    expect([span.endTime, span.duration]).toEqual([
      [7, 100_000_000],
      [1, 200_000_000],
    ]);
  });
});

function read(span: Span): object {
  const { name, kind, startTime, endTime, duration, ended, status, attributes, events, links } = span;
  const { resource, instrumentationScope } = span;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  return {
    ...{ name, kind, startTime, endTime, duration, ended, status, attributes, events, links },
    ...{ resource, instrumentationScope, droppedAttributesCount, droppedEventsCount, droppedLinksCount },
  };
}

test('a span ended by a getter of the value being set gives nothing to the next span', () => {
  const { exporter, tracer } = record();
  const span = tracer.startSpan('first');
  span.setAttribute('prompt', {
    get text() {
      span.end();
      return 'secret';
    },
  } as never);
  const next = tracer.startSpan('next');
  next.end();
  const [, second] = exporter.spans;
  expect(second.name).toBe('next');
  expect(second.attributes).toEqual([]);
});

test('a span ended by a getter of an event, an exception or a link records none of it, and stays ended', () => {
  const { exporter, provider, tracer } = record();
  const trap = (span: { end(): void }, value: object): never =>
    Object.defineProperty(value, 'message', {
      enumerable: true,
      get() {
        span.end();
        return 'secret';
      },
    }) as never;
  const ended = ['event', 'exception', 'link'].map((name) => tracer.startSpan(name) as Span);
  ended[0].addEvent('e', trap(ended[0], {}));
  ended[1].recordException(trap(ended[1], {}));
  ended[2].addLink({ context: other, attributes: trap(ended[2], {}) });
  for (const span of ended) {
    expect(span.ended).toBe(true);
    expect([span.events, span.links]).toEqual([[], []]);
  }
  expect(exporter.spans.map(({ events, links }) => events.length + links.length)).toEqual([0, 0, 0]);
  expect(balance(provider.stats())).toBe(0);
});
