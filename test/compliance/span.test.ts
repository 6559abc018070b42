/** Trace API specification, "Span", in both span modes: what the receiver decodes of each operation. */
import {
  type Span as ApiSpan,
  context as contextApi,
  defaultTextMapSetter,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import type { IdGenerator } from '../../src/api/ids.ts';
import { W3CTraceContextPropagator } from '../../src/api/propagation.ts';
import type { ReadableSpan } from '../../src/api/types.ts';
import { MODES, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings, plainAttributes } from '../helpers/api-recorder.ts';

captureWarnings();

afterEach(() => {
  trace.disable();
  contextApi.disable();
});

const remote = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED };
const readable = (span: ApiSpan): ReadableSpan => span as unknown as ReadableSpan;
const link = (index: number): Link => ({ context: remote, attributes: { index } });

describe.each(MODES)('in %s mode', (mode) => {
  test('a span without a parent is a root: a valid context, a trace of its own', () => {
    const { exporter, tracer } = recordIn(mode);
    const spans = [tracer.startSpan('a', {}, ROOT_CONTEXT), tracer.startSpan('b', {}, ROOT_CONTEXT)];
    for (const span of spans) span.end();
    expect(spans.map((span) => isSpanContextValid(span.spanContext()))).toEqual([true, true]);
    expect(spans.map((span) => readable(span).parentSpanContext)).toEqual([undefined, undefined]);
    expect(exporter.spans.map(({ parentSpanId }) => parentSpanId)).toEqual(['', '']);
    expect(new Set(exporter.spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  test('the active span is the parent by default, a context given beats it, and root: true has none', () => {
    const { exporter, provider, tracer } = recordIn(mode);
    provider.register();
    const other = tracer.startSpan('other', {}, ROOT_CONTEXT);
    const active = tracer.startActiveSpan('active', (span) => {
      tracer.startSpan('by default').end();
      tracer.startSpan('by context', {}, trace.setSpan(ROOT_CONTEXT, other)).end();
      tracer.startSpan('root', { root: true }).end();
      return span;
    });
    const parents = exporter.spans.map(({ name, parentSpanId }) => [name, parentSpanId]);
    expect(parents).toEqual([
      ['by default', active.spanContext().spanId],
      ['by context', other.spanContext().spanId],
      ['root', ''],
    ]);
  });

  test('a span or a span context is no parent when it is given as one: only a context is', () => {
    const { exporter, tracer } = recordIn(mode);
    const other = tracer.startSpan('other', {}, ROOT_CONTEXT);
    const options = { parent: other, parentSpanContext: other.spanContext() };
    tracer.startSpan('s', options as never, ROOT_CONTEXT).end();
    expect(exporter.spans[0].parentSpanId).toBe('');
    expect(exporter.spans[0].traceId).not.toBe(other.spanContext().traceId);
  });

  test('a parent says whether it is remote, and the span under it is not', () => {
    const { exporter, tracer } = recordIn(mode);
    const under = (isRemote: boolean) => trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote });
    const spans = [true, false].map((isRemote) => tracer.startSpan('s', {}, under(isRemote)));
    for (const span of spans) span.end();
    expect(spans.map((span) => readable(span).parentSpanContext?.isRemote === true)).toEqual([true, false]);
    expect(spans.map((span) => span.spanContext().isRemote === true)).toEqual([false, false]);
    // Bits 8 and 9 of the flags: is-remote is known, the parent is remote.
    expect(exporter.spans.map(({ flags }) => flags >> 8)).toEqual([3, 1]);
  });

  test('the trace id of a root is random, and its flags say so, unless a generator of the program made it', () => {
    const ids = { generateTraceId: () => 'a'.repeat(32), generateSpanId: () => 'b'.repeat(16) };
    const propagator = new W3CTraceContextPropagator();
    const flagsOf = (idGenerator?: IdGenerator) => {
      const { exporter, tracer } = recordIn(mode, { idGenerator });
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const context = trace.setSpan(ROOT_CONTEXT, root);
      const headers: Record<string, string> = {};
      propagator.inject(context, headers, defaultTextMapSetter);
      tracer.startSpan('child', {}, context).end();
      root.end();
      return [headers.traceparent.slice(-2), ...exporter.spans.map(({ flags }) => flags & 0xff)];
    };
    expect(flagsOf()).toEqual(['03', 3, 3]);
    expect(flagsOf(ids)).toEqual(['01', 1, 1]);
    expect(flagsOf({ ...ids, hasRandomTraceIds: true })).toEqual(['03', 3, 3]);
  });

  test('updateName changes the name until the end', () => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('first');
    expect(readable(span.updateName('second')).name).toBe('second');
    span.end();
    expect(exporter.spans[0].name).toBe('second');
  });

  test.each<[string, TimeInput, TimeInput]>([
    ['HrTime', [1_700_000_000, 1], [1_700_000_001, 999_999_999]],
    ['Date', new Date(1_700_000_000_001), new Date(1_700_000_002_002)],
    ['milliseconds', 1_700_000_000_001, 1_700_000_002_002],
  ])('start and end may be given as %s', (_, startTime, endTime) => {
    const { exporter, tracer } = recordIn(mode);
    tracer.startSpan('s', { startTime }).end(endTime);
    const nanos = (time: TimeInput): bigint =>
      Array.isArray(time)
        ? BigInt(time[0]) * 1_000_000_000n + BigInt(time[1])
        : BigInt(Number(time)) * 1_000_000n;
    expect(exporter.spans[0]).toMatchObject({
      ...{ startTimeUnixNano: nanos(startTime), endTimeUnixNano: nanos(endTime) },
    });
  });

  test('end delivers the span, once; it records until then, and no call changes it afterwards', () => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('s', { attributes: { a: 1 } });
    const context = span.spanContext();
    expect([span.isRecording(), exporter.spans.length]).toEqual([true, 0]);
    span.end();
    expect([span.isRecording(), exporter.spans.length]).toEqual([false, 1]);
    const delivered = structuredClone(exporter.spans);
    const fields = () => {
      const { name, status, attributes, events, links, endTime } = readable(span);
      return structuredClone({ name, status, attributes, events, links, endTime });
    };
    const ended = fields();
    span.setAttribute('b', 1).addEvent('e').addLink(link(1)).setStatus({ code: 1 }).updateName('late');
    span.recordException(new Error('late'));
    span.end();
    expect(exporter.spans).toEqual(delivered);
    expect(fields()).toEqual(ended);
    expect(span.spanContext()).toEqual(context);
  });

  test('a child may outlive its parent', () => {
    const { exporter, tracer } = recordIn(mode);
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent));
    parent.end();
    expect(child.isRecording()).toBe(true);
    child.setAttribute('after', true).end();
    expect(exporter.spans.map(({ name, attributes }) => [name, plainAttributes(attributes)])).toEqual([
      ['parent', {}],
      ['child', { after: true }],
    ]);
  });

  test.each<[string, [SpanStatusCode, string?][], { code: number; message: string }]>([
    ['Unset', [], { code: 0, message: '' }],
    ['Ok, without its description', [[SpanStatusCode.OK, 'm']], { code: 1, message: '' }],
    ['Error, with its description', [[SpanStatusCode.ERROR, 'm']], { code: 2, message: 'm' }],
    ['Ok after Error', [[SpanStatusCode.ERROR, 'm'], [SpanStatusCode.OK]], { code: 1, message: '' }],
    ['Error after Ok, ignored', [[SpanStatusCode.OK], [SpanStatusCode.ERROR]], { code: 1, message: '' }],
    ['Unset, ignored', [[SpanStatusCode.ERROR, 'm'], [SpanStatusCode.UNSET]], { code: 2, message: 'm' }],
  ])('the status is %s', (_, calls, expected) => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('s');
    for (const [code, message] of calls) span.setStatus({ code, message });
    span.end();
    expect(exporter.spans[0].status).toEqual(expected);
  });

  test('an exception is an event with its type, message, stack and time', () => {
    const { exporter, tracer } = recordIn(mode);
    const error = new RangeError('too far');
    const span = tracer.startSpan('s', { startTime: [10, 0] });
    span.recordException(error, [11, 5]);
    span.end([12, 0]);
    const [{ events }] = exporter.spans;
    expect(events.map(({ name, timeUnixNano }) => [name, timeUnixNano])).toEqual([
      ['exception', 11_000_000_005n],
    ]);
    expect(plainAttributes(events[0].attributes)).toEqual({
      'exception.type': 'RangeError',
      'exception.message': 'too far',
      'exception.stacktrace': error.stack,
    });
  });

  test('links come from the start and from later calls, and events from calls, in order', () => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('s', { links: [link(0), link(1)] });
    span.addLink(link(2)).addLinks([link(3), link(4)]);
    for (let index = 0; index < 5; index += 1) span.addEvent(`e${index}`, { index });
    span.end();
    const [{ events, links }] = exporter.spans;
    expect(links.map(({ attributes }) => plainAttributes(attributes).index)).toEqual([0, 1, 2, 3, 4]);
    expect(events.map(({ name, attributes }) => [name, plainAttributes(attributes).index])).toEqual(
      [0, 1, 2, 3, 4].map((index) => [`e${index}`, index]),
    );
    expect(links[0]).toMatchObject({ traceId: remote.traceId, spanId: remote.spanId });
  });
});
