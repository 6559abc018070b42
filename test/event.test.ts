import { type Attributes, createTraceState, type Link, type TraceState } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { exceptionAttributes, isTimeInput, recordLink, traceStateText } from '../src/api/event.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { MODES, recordIn } from './helpers/api-modes.ts';
import { balance, captureWarnings, plainAttributes, record } from './helpers/api-recorder.ts';

captureWarnings();

const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

describe('the second argument of addEvent', () => {
  test.each([
    [5, true],
    [new Date(0), true],
    [[1, 2], true],
    [[1, 2, 3], false],
    [['1', 2], false],
    [{ a: 1 }, false],
    [undefined, false],
    [null, false],
    ['2020', false],
  ])('%s is a time: %s', (value, expected) => {
    expect(isTimeInput(value)).toBe(expected);
  });

  test('a time there is the time of the event; a third argument beats it', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', { startTime: [1, 0] });
    span.addEvent('a', [5, 1]).addEvent('b', new Date(6000)).addEvent('c', [5, 1], [7, 0]);
    span.addEvent('d', undefined, [8, 0]).addEvent('e', null as never, [9, 0]);
    span.end();
    expect(exporter.spans[0].events.map((event) => event.timeUnixNano / 1_000_000_000n)).toEqual([
      ...[5n, 6n, 7n, 8n, 9n],
    ]);
  });

  test('without a time, an event lies between start and end', () => {
    const { exporter, tracer } = record();
    tracer.startSpan('s').addEvent('e').end();
    const [{ startTimeUnixNano, endTimeUnixNano, events }] = exporter.spans;
    expect(events[0].timeUnixNano).toBeGreaterThanOrEqual(startTimeUnixNano);
    expect(events[0].timeUnixNano).toBeLessThanOrEqual(endTimeUnixNano);
  });
});

test.each(MODES)('in %s mode infinite limits keep more than the default ones', (mode) => {
  const most = Number.POSITIVE_INFINITY;
  const spanLimits = {
    ...{ attributeCountLimit: most, eventCountLimit: most, linkCountLimit: most },
    ...{ attributePerEventCountLimit: most, attributePerLinkCountLimit: most },
  };
  const { exporter, tracer } = recordIn(mode, { spanLimits });
  const attributes = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`k${index}`, index]));
  const span = tracer.startSpan('s', { attributes });
  for (let index = 0; index < 149; index += 1) span.addEvent('e').addLink({ context });
  span.addEvent('e', attributes).addLink({ context, attributes }).end();
  const [{ events, links, ...sent }] = exporter.spans;
  expect([sent.attributes.length, events.length, links.length]).toEqual([150, 150, 150]);
  expect([events[149].attributes.length, links[149].attributes.length]).toEqual([150, 150]);
});

describe('links', () => {
  test('keep trace state, flags and whether they are remote', () => {
    const { exporter, tracer } = record();
    const traceState = createTraceState('vendor=1');
    const span = tracer.startSpan('s');
    span.addLink({ context: { ...context, traceFlags: 0, isRemote: true, traceState } });
    span.addLink({ context: { ...context, traceId: 'A'.repeat(32), spanId: 'B'.repeat(16) } });
    span.end();
    expect(exporter.spans[0].links).toMatchObject([
      { ...{ traceId: context.traceId, spanId: context.spanId }, traceState: 'vendor=1', flags: 0x300 },
      { ...{ traceId: context.traceId, spanId: context.spanId }, traceState: '', flags: 0x101 },
    ]);
  });

  test('their context is copied when they are added', () => {
    const { exporter, tracer } = record();
    const changing = { ...context };
    const attributes: Attributes = { a: 1 };
    const span = tracer.startSpan('s', { links: [{ context: changing, attributes }] });
    changing.spanId = '9'.repeat(16);
    attributes.a = 2;
    span.end();
    const [link] = exporter.spans[0].links;
    expect(link.spanId).toBe(context.spanId);
    expect(plainAttributes(link.attributes)).toEqual({ a: 1 });
  });

  test.each([
    ['none', undefined],
    ['null', null],
    ['text', 'link'],
    ['without a context', {}],
    ['with an invalid trace id', { context: { ...context, traceId: '0'.repeat(32) } }],
    ['with a short span id', { context: { ...context, spanId: 'abc' } }],
    ['that throws', () => hostileProxy()],
    ['whose context throws', () => ({ context: hostileProxy() })],
  ])('one %s is dropped and counted', (_, make) => {
    // A function, where the test runner could not print the value.
    const link = typeof make === 'function' ? make() : make;
    const { exporter, provider, tracer } = record();
    const span = tracer.startSpan('s', { links: [{ context }, link as Link] });
    span.addLink(link as Link);
    span.end();
    expect(exporter.spans[0]).toMatchObject({ links: [{ spanId: context.spanId }], droppedLinksCount: 2 });
    expect(balance(provider.stats())).toBe(0);
  });

  test('flags that are no number cost the link at most', () => {
    const { exporter, tracer } = record();
    for (const traceFlags of [1n, 'x', {}, null, undefined, Number.NaN, Symbol('f'), hostileProxy()]) {
      const span = tracer.startSpan('s', {
        links: [{ context: { ...context, traceFlags: traceFlags as never } }],
      });
      expect(() => span.end()).not.toThrow();
    }
    expect(exporter.spans).toHaveLength(8);
  });

  test.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a number', () => 5],
    ['no list', () => ({})],
    ['hostile', () => hostileProxy()],
  ])('a list of links that is %s adds none', (_, make) => {
    const links = make();
    const { exporter, tracer } = record();
    const start = () => tracer.startSpan('s', { links: links as never }).addLinks(links as never);
    expect(start).not.toThrow();
    start().end();
    expect(exporter.spans[0].links).toEqual([]);
  });
});

describe('trace states', () => {
  test.each([
    ['none', undefined, ''],
    ['null', null, ''],
    ['one that throws', { serialize: () => hostileProxy([]).toString() }, ''],
    ['one that answers with a number', { serialize: () => 5 }, ''],
    ['one without serialize', {}, ''],
    ['a good one', createTraceState('a=1,b=2'), 'a=1,b=2'],
  ])('%s as a header', (_, state, expected) => {
    expect(traceStateText(state as TraceState)).toBe(expected);
  });

  test('a link is recorded although its trace state cannot be', () => {
    const { provider } = record();
    const link = { context: { ...context, traceState: {} as TraceState } };
    expect(recordLink(link, provider.settings)).toMatchObject({ traceStateText: '' });
  });
});

test('an exception without name and message is nothing', () => {
  expect(exceptionAttributes({ stack: 'only' })).toBeUndefined();
  expect(exceptionAttributes('')).toBeUndefined();
  expect(exceptionAttributes({ name: 'N' })).toEqual({ 'exception.type': 'N' });
  expect(exceptionAttributes(hostileProxy())).toBeUndefined();
});

test('hostile event attributes and times cost what they are', () => {
  const { exporter, tracer } = record();
  const span = tracer.startSpan('s');
  span.setAttribute('good', 1);
  const add = () => {
    span.addEvent('a', hostileProxy() as Attributes);
    span.addEvent('b', {}, hostileProxy() as never);
    span.addEvent('c', hostileProxy([]) as never);
    span.recordException(hostileProxy() as never, hostileProxy([1, 2]) as never);
    span.setStatus(hostileProxy() as never);
  };
  expect(add).not.toThrow();
  span.end(hostileProxy() as never);
  expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ good: 1 });
  expect(exporter.spans[0].events.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});
