import { inspect } from 'node:util';
import {
  type Span as ApiSpan,
  type Context,
  context as contextApi,
  createContextKey,
  createTraceState,
  defaultTextMapSetter,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { suppressTracing as upstreamSuppress } from '@opentelemetry/core';
import { describe, expect, test } from 'vitest';
import { activeContext } from '../src/api/context.ts';
import { W3CTraceContextPropagator } from '../src/api/propagation.ts';
import type { Sampler } from '../src/api/sampler.ts';
import { AlwaysOffSampler, ParentBasedSampler } from '../src/api/sampler.ts';
import type { Span } from '../src/api/span.ts';
import { suppressTracing } from '../src/api/suppress-tracing.ts';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { captureWarnings, record } from './helpers/api-recorder.ts';

captureWarnings();

const remote = {
  ...{ traceId: '0123456789abcdef0123456789abcdef', spanId: 'fedcba9876543210', isRemote: true },
  ...{ traceFlags: TraceFlags.SAMPLED, traceState: createTraceState('vendor=1') },
};
const under = (span: ApiSpan): Context => trace.setSpan(ROOT_CONTEXT, span);
const underContext = (spanContext: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, spanContext);
const isValid = ({ traceId, spanId }: OtlpSpan): boolean =>
  isSpanContextValid({ traceId, spanId, traceFlags: 1 });
const sampler = (shouldSample: (...args: Parameters<Sampler['shouldSample']>) => unknown): Sampler => ({
  shouldSample: shouldSample as Sampler['shouldSample'],
});

describe('parents', () => {
  test('a span in the root context is a root: a new trace, no parent', () => {
    const { exporter, tracer } = record();
    tracer.startSpan('a', {}, ROOT_CONTEXT).end();
    tracer.startSpan('b', {}, ROOT_CONTEXT).end();
    const [a, b] = exporter.spans;
    expect([a.parentSpanId, b.parentSpanId]).toEqual(['', '']);
    expect(a.traceId).not.toBe(b.traceId);
    expect(isValid(a)).toBe(true);
  });

  test('a span under another is in its trace', () => {
    const { exporter, tracer } = record();
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, under(parent)).end();
    const { traceId, spanId } = parent.spanContext();
    expect(exporter.spans[0]).toMatchObject({ traceId, parentSpanId: spanId, flags: 0x103 });
    expect(exporter.spans[0].spanId).not.toBe(spanId);
  });

  test('the active span is the parent unless a context is given', () => {
    const { exporter, tracer } = record();
    tracer.startActiveSpan('outer', (outer) => {
      tracer.startSpan('inner').end();
      tracer.startSpan('apart', {}, ROOT_CONTEXT).end();
      expect(exporter.spans.map(({ parentSpanId }) => parentSpanId)).toEqual([
        outer.spanContext().spanId,
        '',
      ]);
    });
  });

  test('root: true leaves the active span out, for the sampler as well', () => {
    let seen: Context | undefined;
    const { exporter, tracer } = record({
      sampler: sampler((context) => {
        seen = context;
        return { decision: 2 };
      }),
    });
    const key = createContextKey('beside');
    const context = under(tracer.startSpan('parent')).setValue(key, 'value');
    tracer.startSpan('root', { root: true }, context).end();
    expect(exporter.spans[0].parentSpanId).toBe('');
    expect(trace.getSpan(seen as Context)).toBeUndefined();
    expect(seen?.getValue(key)).toBe('value');
  });

  test('a remote parent gives its trace, its state, and a flag that says remote', () => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', {}, underContext(remote));
    span.end();
    tracer.startSpan('child', {}, under(span)).end();
    const [first, second] = exporter.spans;
    expect(first).toMatchObject({
      ...{ traceId: remote.traceId, parentSpanId: remote.spanId, traceState: 'vendor=1', flags: 0x301 },
    });
    expect(second).toMatchObject({ traceId: remote.traceId, traceState: 'vendor=1', flags: 0x101 });
    expect(span.spanContext().traceState).toBe(remote.traceState);
    expect(span.spanContext().isRemote).toBeUndefined();
  });

  test('ids of a parent in capitals are the same ids', () => {
    const { exporter, tracer } = record();
    const { traceId, spanId } = remote;
    const loud = { ...remote, traceId: traceId.toUpperCase(), spanId: spanId.toUpperCase() };
    const span = tracer.startSpan('s', {}, underContext(loud));
    span.end();
    expect(exporter.spans[0]).toMatchObject({ traceId, parentSpanId: spanId });
    expect(span.spanContext().traceId).toBe(traceId);
  });

  test('only the sampled and the random flag are inherited, the latter out of sight of those who compare', () => {
    const { exporter, tracer } = record();
    const header = (span: ApiSpan) => {
      const headers: Record<string, string> = {};
      new W3CTraceContextPropagator().inject(under(span), headers, defaultTextMapSetter);
      return headers.traceparent.slice(-2);
    };
    const sampled = tracer.startSpan('s', {}, underContext({ ...remote, traceFlags: 0xff }));
    const child = tracer.startSpan('child', {}, under(sampled));
    const dropped = tracer.startSpan('s', {}, underContext({ ...remote, traceFlags: 0xfe }));
    const plain = tracer.startSpan('s', {}, underContext(remote));
    const root = tracer.startSpan('s', {}, ROOT_CONTEXT);
    const spans = [sampled, child, dropped, plain, root];
    expect(spans.map((span) => span.spanContext().traceFlags)).toEqual([1, 1, 0, 1, 1]);
    expect(spans.map(header)).toEqual(['03', '03', '02', '01', '03']);
    for (const span of spans) span.end();
    expect(exporter.spans.map(({ flags }) => flags & 0xff)).toEqual([3, 3, 1, 3]);
    expect(inspect(root.spanContext())).toMatch(/^\{/);
    expect(root.spanContext()).toStrictEqual({ ...root.spanContext() });
  });

  test.each([
    ['the invalid context', INVALID_SPAN_CONTEXT],
    ['a zero trace id', { ...remote, traceId: '0'.repeat(32) }],
    ['a short span id', { ...remote, spanId: 'abc' }],
    ['letters beyond f', { ...remote, traceId: 'z'.repeat(32) }],
  ])('%s makes a root', (_, spanContext) => {
    const { exporter, tracer } = record();
    const span = tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, spanContext)) as Span;
    expect(span.parentSpanContext).toBeUndefined();
    span.end();
    expect(exporter.spans[0]).toMatchObject({ parentSpanId: '', traceState: '', flags: 0x103 });
    expect(exporter.spans[0].traceId).not.toBe(spanContext.traceId);
  });

  test('a parent that does not record passes on its decision, and its trace', () => {
    const { provider, tracer } = record({
      sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    });
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    const child = tracer.startSpan('child', {}, under(parent));
    const grandchild = tracer.startSpan('grandchild', {}, under(child));
    const contexts = [parent, child, grandchild].map((span) => span.spanContext());
    expect([parent, child, grandchild].map((span) => span.isRecording())).toEqual([false, false, false]);
    expect(new Set(contexts.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(contexts.map(({ spanId }) => spanId)).size).toBe(3);
    expect(contexts.every(({ traceFlags }) => (traceFlags & TraceFlags.SAMPLED) === 0)).toBe(true);
    expect(provider.stats().started).toBe(0);
  });

  test('a span of another SDK is a parent like ours', () => {
    const { exporter, tracer } = record();
    tracer.startSpan('s', {}, under(trace.wrapSpanContext({ ...remote, isRemote: false }))).end();
    expect(exporter.spans[0]).toMatchObject({
      traceId: remote.traceId,
      parentSpanId: remote.spanId,
      flags: 0x101,
    });
  });
});

describe('a suppressed context', () => {
  test.each([
    ['ours', suppressTracing],
    ['that of opentelemetry-js', upstreamSuppress],
  ])('%s gives spans that are invalid and record nothing', (_, suppress) => {
    const { provider, tracer } = record();
    const span = tracer.startSpan('s', {}, suppress(underContext(remote)));
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toEqual(INVALID_SPAN_CONTEXT);
    expect(provider.stats().started).toBe(0);
  });
});

describe('startActiveSpan', () => {
  test('makes the span active and gives back what the function returns, in every form', () => {
    const { exporter, tracer } = record();
    const finish = (span: ApiSpan): string => {
      expect(trace.getSpan(activeContext())).toBe(span);
      span.end();
      return 'returned';
    };
    const context = underContext(remote);
    const attributes = { a: 1 };
    expect(tracer.startActiveSpan('1', finish)).toBe('returned');
    expect(tracer.startActiveSpan('2', { attributes }, finish)).toBe('returned');
    expect(tracer.startActiveSpan('3', { attributes }, context, finish)).toBe('returned');
    expect(tracer.startActiveSpan('4', { attributes }, undefined as never, finish)).toBe('returned');
    expect(exporter.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ...[
        ['1', ''],
        ['2', ''],
        ['3', remote.spanId],
        ['4', ''],
      ],
    ]);
    expect(exporter.spans.map((span) => span.attributes.length)).toEqual([0, 1, 1, 1]);
    expect(trace.getSpan(activeContext())).toBeUndefined();
  });

  test('keeps the values of the context it was given', () => {
    const { tracer } = record();
    const key = createContextKey('beside');
    const context = ROOT_CONTEXT.setValue(key, 'value');
    tracer.startActiveSpan('s', {}, context, () => {
      expect(activeContext().getValue(key)).toBe('value');
    });
  });

  test('throws on what the function throws, and leaves the span to its caller', () => {
    const { tracer } = record();
    const error = new Error('mine');
    let span: ApiSpan | undefined;
    const run = () =>
      tracer.startActiveSpan('s', (started) => {
        span = started;
        throw error;
      });
    expect(run).toThrow(error);
    expect(span?.isRecording()).toBe(true);
    expect(trace.getSpan(activeContext())).toBeUndefined();
  });

  test('stays active through await', async () => {
    const { exporter, tracer } = record();
    await tracer.startActiveSpan('outer', async (outer) => {
      await new Promise((resolve) => setImmediate(resolve));
      tracer.startSpan('inner').end();
      expect(exporter.spans[0].parentSpanId).toBe(outer.spanContext().spanId);
    });
  });

  test('without a function does nothing', () => {
    const { provider, tracer } = record();
    expect(tracer.startActiveSpan('s', undefined as never)).toBeUndefined();
    expect(tracer.startActiveSpan('s', {}, undefined as never)).toBeUndefined();
    expect(provider.stats().started).toBe(0);
  });

  test('a context of null, and options of null, are none', () => {
    const { exporter, tracer } = record();
    const end = (span: ApiSpan) => span.end();
    expect(() => tracer.startActiveSpan('a', {}, null as never, end)).not.toThrow();
    expect(() => tracer.startActiveSpan('b', null as never, end)).not.toThrow();
    expect(exporter.spans.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

test('the global API reaches our spans', () => {
  const { exporter, provider } = record();
  expect(provider.register()).toBe(true);
  try {
    trace.getTracer('through the API').startActiveSpan('outer', (outer) => {
      expect(trace.getActiveSpan()).toBe(outer);
      contextApi.with(ROOT_CONTEXT, () => trace.getTracer('t').startSpan('apart').end());
      trace.getTracer('t').startSpan('inner').end();
      outer.end();
    });
    expect(exporter.spans.map(({ name, parentSpanId }) => [name, parentSpanId === ''])).toEqual([
      ...[
        ['apart', true],
        ['inner', false],
        ['outer', true],
      ],
    ]);
  } finally {
    trace.disable();
    contextApi.disable();
  }
});
