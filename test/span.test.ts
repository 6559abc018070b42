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
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Span } from '../src/api/span.ts';
import { HOSTILE } from './helpers/api-hostile.ts';
import { captureWarnings, ENGINES, plain, plainAttributes, record } from './helpers/api-recorder.ts';

const lines = captureWarnings();

afterEach(() => {
  vi.useRealTimers();
});

const other = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED };

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('a span reaches the wire with everything that was recorded', () => {
    const { exporter, tracer } = record({ engine });
    const span = tracer.startSpan('start', { kind: SpanKind.CLIENT, startTime: [10, 5] }, ROOT_CONTEXT);
    span.setAttribute('a', 1).setAttributes({ b: 'two', c: [true, null] as never });
    span.addEvent('noted', { why: 'x' }, [11, 6]).addEvent('plain', [11, 7]);
    span.addLink({ context: other, attributes: { l: 1 } });
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' }).updateName('end');
    span.end([12, 999_999_999]);
    const [wire] = exporter.spans;
    expect(wire).toMatchObject({
      ...{ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId, parentSpanId: '' },
      ...{ name: 'end', kind: 3, traceState: '', flags: 0x103 },
      ...{ startTimeUnixNano: 10_000_000_005n, endTimeUnixNano: 12_999_999_999n },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
      status: { code: 2, message: 'broken' },
    });
    expect(plainAttributes(wire.attributes)).toEqual({ a: 1, b: 'two', c: [true, null] });
    expect(
      wire.events.map((event) => [event.name, event.timeUnixNano, plainAttributes(event.attributes)]),
    ).toEqual([
      ['noted', 11_000_000_006n, { why: 'x' }],
      ['plain', 11_000_000_007n, {}],
    ]);
    expect(wire.links).toHaveLength(1);
    expect(wire.links[0]).toMatchObject({ traceId: other.traceId, spanId: other.spanId, flags: 0x101 });
    expect(plainAttributes(wire.links[0].attributes)).toEqual({ l: 1 });
  });

  test.each([
    ['attributes', { attributes: { a: 1 } }, {}, 1],
    ['a trace state', {}, { traceState: createTraceState('v=1') }, 1],
    ['nothing else', {}, {}, 0],
    ['attributes that are refused', { attributes: { '': 1 } }, {}, 0],
  ])('a link to ids of zeros with %s', (_, more, state, kept) => {
    const { exporter, tracer } = record({ engine });
    const context = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0, ...state };
    tracer
      .startSpan('s')
      .addLink({ context, ...more })
      .end();
    const [wire] = exporter.spans;
    expect([wire.links.length, wire.droppedLinksCount]).toEqual([kept, 1 - kept]);
  });

  test('events and links keep their order', () => {
    const { exporter, tracer } = record({ engine });
    const span = tracer.startSpan('s', { links: [link(0), link(1)] });
    span.addLinks([link(2), link(3)]).addLink(link(4));
    for (let index = 0; index < 5; index += 1) span.addEvent(`e${index}`);
    span.end();
    const [{ events, links }] = exporter.spans;
    expect(events.map(({ name }) => name)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    expect(links.map(({ attributes }) => plainAttributes(attributes).index)).toEqual([0, 1, 2, 3, 4]);
  });

  test('beyond their limits the oldest events and links go, and are counted', () => {
    const spanLimits = {
      ...{ eventCountLimit: 2, linkCountLimit: 3 },
      ...{ attributePerEventCountLimit: 1, attributePerLinkCountLimit: 0 },
    };
    const { exporter, tracer } = record({ engine, spanLimits });
    const span = tracer.startSpan('s', { links: [0, 1, 2, 3].map(link) }) as Span;
    span.addLink(link(4));
    for (let index = 0; index < 5; index += 1) span.addEvent(`e${index}`, { index, more: 1, most: 2 });
    expect([span.droppedEventsCount, span.droppedLinksCount]).toEqual([3, 2]);
    span.end();
    const [wire] = exporter.spans;
    expect(wire.events.map(({ name }) => name)).toEqual(['e3', 'e4']);
    expect(wire.events.map(({ attributes }) => plainAttributes(attributes))).toEqual([
      { index: 3 },
      { index: 4 },
    ]);
    expect(wire.events.map((event) => event.droppedAttributesCount)).toEqual([2, 2]);
    expect(wire.links.map((one) => [one.attributes.length, one.droppedAttributesCount])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect([wire.droppedEventsCount, wire.droppedLinksCount]).toEqual([3, 2]);
  });

  test('limits of 0 keep nothing and count everything', () => {
    const spanLimits = { attributeCountLimit: 0, eventCountLimit: 0, linkCountLimit: 0 };
    const { exporter, tracer } = record({ engine, spanLimits });
    const span = tracer.startSpan('s', { attributes: { a: 1 }, links: [link(0)] });
    span.setAttribute('b', 1).addEvent('e').addLink(link(1)).end();
    expect(exporter.spans[0]).toMatchObject({
      ...{ attributes: [], events: [], links: [] },
      ...{ droppedAttributesCount: 2, droppedEventsCount: 1, droppedLinksCount: 2 },
    });
  });
});

function link(index: number): Link {
  return { context: other, attributes: { index } };
}

describe('names and kinds', () => {
  test.each([
    [SpanKind.INTERNAL, 1],
    [SpanKind.SERVER, 2],
    [SpanKind.CLIENT, 3],
    [SpanKind.PRODUCER, 4],
    [SpanKind.CONSUMER, 5],
    [undefined, 1],
  ])('kind %s of the API is %s on the wire', (kind, expected) => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', { kind }) as Span;
    expect(span.kind).toBe(kind ?? SpanKind.INTERNAL);
    span.end();
    expect(exporter.spans[0].kind).toBe(expected);
  });

  test('a name that is no string becomes one', () => {
    const { exporter, tracer } = record();
    for (const name of [undefined, null, 5, Symbol('s'), {}, Object.create(null)]) {
      tracer.startSpan(name as string).end();
    }
    const renamed = tracer.startSpan('s').updateName(7 as never);
    renamed.addEvent(8 as never).end();
    expect(exporter.spans.map(({ name }) => name)).toEqual([
      ...['undefined', 'null', '5', 'Symbol(s)', '[object Object]', '[object]', '7'],
    ]);
    expect(exporter.spans[6].events[0].name).toBe('8');
  });

  test('an empty name stays empty', () => {
    const { exporter, tracer } = record();
    tracer.startSpan('').end();
    expect(exporter.spans[0].name).toBe('');
  });

  test('half of a surrogate pair becomes U+FFFD', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('n\ud800');
    span.addEvent('e\udc00', { 'k\ud800': 'v\ud800' });
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'm\udfff' });
    span.end();
    const [{ name, events, status }] = exporter.spans;
    expect(name).toBe('n\ufffd');
    expect(events[0].name).toBe('e\ufffd');
    expect(plainAttributes(events[0].attributes)).toEqual({ 'k\ufffd': 'v\ufffd' });
    expect(status.message).toBe('m\ufffd');
  });
});

describe('times', () => {
  const epoch = Date.UTC(2020, 0, 1, 0, 0, 0, 250);
  const nanos = BigInt(epoch) * 1_000_000n;

  test.each([
    ['HrTime', [epoch / 1000 - 0.25, 250_000_000]],
    ['a Date', new Date(epoch)],
    ['milliseconds since the epoch', epoch],
    ['HrTime with more nanoseconds than a second has', [epoch / 1000 - 1.25, 1_250_000_000]],
  ] as const)('%s is taken for start, end and events', (_, input) => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', { startTime: input as never });
    span.addEvent('e', {}, input as never);
    span.end(input as never);
    const [wire] = exporter.spans;
    expect([wire.startTimeUnixNano, wire.endTimeUnixNano, wire.events[0].timeUnixNano]).toEqual([
      nanos,
      nanos,
      nanos,
    ]);
  });

  test('a number of performance.now() counts from the time origin', () => {
    const { exporter, tracer } = record();
    const before = performance.now();
    const span = tracer.startSpan('s', { startTime: before });
    const after = performance.now();
    span.end(after);
    const [{ startTimeUnixNano, endTimeUnixNano }] = exporter.spans;
    expect(Number(endTimeUnixNano - startTimeUnixNano)).toBeCloseTo((after - before) * 1e6, -1);
    expect(Math.abs(Number(startTimeUnixNano / 1_000_000n) - (performance.timeOrigin + before))).toBeLessThan(
      1000,
    );
  });

  test.each([
    ...[Number.NaN, -1, Number.POSITIVE_INFINITY, new Date(Number.NaN), new Date(-1), [], [1], [1, 2, 3]],
    ...[[-1, 0], [0, -1], ['1', 2], [Number.NaN, 0], 'now', {}, null, true, 5n],
    // Later than a nanosecond count of 64 bits reaches.
    ...[new Date(8.64e15), [18_446_744_074, 0], 1e300, [1e300, 0]],
  ])('an invalid time %s is ignored: now is used', (input) => {
    const { exporter, tracer } = record();
    const before = BigInt(Date.now() - 1000) * 1_000_000n;
    const span = tracer.startSpan('s', { startTime: input as never });
    span.addEvent('e', {}, input as never);
    expect(() => span.end(input as never)).not.toThrow();
    const [wire] = exporter.spans;
    for (const time of [wire.startTimeUnixNano, wire.events[0].timeUnixNano, wire.endTimeUnixNano]) {
      expect(time).toBeGreaterThan(before);
      expect(time).toBeLessThan(before + 60_000_000_000n);
    }
  });

  test('an end before the start becomes the start, and is said', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', { startTime: [100, 5] }) as Span;
    span.end([100, 4]);
    expect(span.duration).toEqual([0, 0]);
    expect(exporter.spans[0]).toMatchObject({
      startTimeUnixNano: 100_000_000_005n,
      endTimeUnixNano: 100_000_000_005n,
    });
    expect(lines).toEqual([expect.stringMatching(/span "s" was ended before its start/)]);
  });

  test.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('a wall clock set %s while a span is open changes neither order nor duration', (_, change) => {
    const { exporter, tracer } = record();
    const parent = tracer.startSpan('parent') as Span;
    const started = performance.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + change);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)) as Span;
    child.addEvent('inside').end();
    parent.end();
    const took = performance.now() - started;
    const [inner, outer] = exporter.spans;
    const times = [
      ...[outer.startTimeUnixNano, inner.startTimeUnixNano, inner.events[0].timeUnixNano],
      ...[inner.endTimeUnixNano, outer.endTimeUnixNano],
    ];
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
    expect(Number(outer.endTimeUnixNano - outer.startTimeUnixNano) / 1e6).toBeLessThan(took + 1000);
    expect(parent.duration[0]).toBeLessThan(60);
  });

  test('a span that was given its start by the user still never ends before it', () => {
    const { exporter, tracer } = record();
    const future = Date.now() + 3_600_000;
    const span = tracer.startSpan('s', { startTime: future }) as Span;
    span.end();
    expect(span.duration).toEqual([0, 0]);
    expect(exporter.spans[0].endTimeUnixNano).toBe(exporter.spans[0].startTimeUnixNano);
  });
});

describe('status', () => {
  const cases: [string, [SpanStatusCode, string?][], { code: number; message: string }][] = [
    ['none', [], { code: 0, message: '' }],
    ['OK', [[SpanStatusCode.OK]], { code: 1, message: '' }],
    ['OK ignores its message', [[SpanStatusCode.OK, 'm']], { code: 1, message: '' }],
    ['ERROR', [[SpanStatusCode.ERROR]], { code: 2, message: '' }],
    ['ERROR with a message', [[SpanStatusCode.ERROR, 'm']], { code: 2, message: 'm' }],
    [
      'the last ERROR counts, with its message',
      [
        [SpanStatusCode.ERROR, 'a'],
        [SpanStatusCode.ERROR, 'b'],
      ],
      { code: 2, message: 'b' },
    ],
    ['OK is final', [[SpanStatusCode.OK], [SpanStatusCode.ERROR, 'm']], { code: 1, message: '' }],
    ['OK beats ERROR', [[SpanStatusCode.ERROR, 'm'], [SpanStatusCode.OK]], { code: 1, message: '' }],
    [
      'UNSET changes nothing',
      [[SpanStatusCode.ERROR, 'm'], [SpanStatusCode.UNSET]],
      { code: 2, message: 'm' },
    ],
    ['an unknown code changes nothing', [[7 as SpanStatusCode, 'm']], { code: 0, message: '' }],
  ];

  test.each(cases)('%s', (_, calls, expected) => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s') as Span;
    for (const [code, message] of calls) span.setStatus({ code, message });
    const { code, message = '' } = span.status;
    expect({ code, message }).toEqual(expected);
    span.end();
    expect(exporter.spans[0].status).toEqual(expected);
  });

  test('a message that is no string becomes one; no status at all changes nothing', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s');
    span.setStatus({ code: SpanStatusCode.ERROR, message: 5 as never });
    span
      .setStatus(undefined as never)
      .setStatus(null as never)
      .setStatus('ERROR' as never);
    span.end();
    expect(exporter.spans[0].status).toEqual({ code: 2, message: '5' });
  });
});

describe('exceptions', () => {
  const attributesOf = (exception: unknown): Record<string, unknown> | undefined => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s');
    span.recordException(exception as Error, [7, 0]);
    span.end();
    const [event] = exporter.spans[0].events;
    if (event === undefined) return undefined;
    expect([event.name, event.timeUnixNano]).toEqual(['exception', 7_000_000_000n]);
    return plainAttributes(event.attributes);
  };

  test('an error is an event with its type, message and stack', () => {
    const error = new RangeError('too far');
    expect(attributesOf(error)).toEqual({
      'exception.type': 'RangeError',
      'exception.message': 'too far',
      'exception.stacktrace': error.stack,
    });
  });

  test('a code is the type, as opentelemetry-js has it', () => {
    expect(attributesOf({ code: 404, name: 'x', message: 'none' })).toEqual({
      'exception.type': '404',
      'exception.message': 'none',
    });
  });

  test('a string is the message', () => {
    expect(attributesOf('broken')).toEqual({ 'exception.message': 'broken' });
  });

  test('a member that cannot be read costs only itself', () => {
    const error = Object.defineProperty(new Error('m'), 'stack', {
      get() {
        throw new Error('no');
      },
    });
    expect(attributesOf(error)).toEqual({ 'exception.type': 'Error', 'exception.message': 'm' });
  });

  test.each([undefined, null, 5, {}, true])('%s is said and not recorded', (exception) => {
    expect(attributesOf(exception)).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining('recordException')]);
  });
});

test.each(Object.entries(HOSTILE))('%s inside an event or link costs that attribute only', (_, make) => {
  const { exporter, tracer } = record();
  const span = tracer.startSpan('s');
  span.addEvent('e', { bad: make(), good: 1 } as Attributes);
  span.addLink({ context: other, attributes: { bad: make(), good: 1 } as Attributes });
  span.end();
  const [{ events, links }] = exporter.spans;
  for (const { attributes } of [...events, ...links]) {
    expect(plain(attributes.find(({ key }) => key === 'good')?.value as never)).toBe(1);
  }
});
