import { createTraceState, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { NonRecordingSpan } from '../src/api/non-recording-span.ts';
import { AlwaysOffSampler } from '../src/api/sampler.ts';
import type { Span } from '../src/api/span.ts';
import { record } from './helpers/api-recorder.ts';

const remote = {
  ...{ traceId: '0123456789abcdef0123456789abcdef', spanId: 'fedcba9876543210', isRemote: true },
  ...{ traceFlags: 0, traceState: createTraceState('vendor=1') },
};

test('takes every call of a span, gives itself back, and records nothing', () => {
  const { exporter, provider, tracer } = record({ sampler: new AlwaysOffSampler() });
  const span = tracer.startSpan('s', { attributes: { a: 1 } });
  expect(span).toBeInstanceOf(NonRecordingSpan);
  const context = { ...remote };
  for (const result of [
    ...[
      span.setAttribute('a', 1),
      span.setAttributes({ a: 1 }),
      span.addEvent('e'),
      span.addLink({ context }),
    ],
    ...[span.addLinks([{ context }]), span.setStatus({ code: SpanStatusCode.ERROR }), span.updateName('n')],
  ]) {
    expect(result).toBe(span);
  }
  span.recordException(new Error('x'));
  span.end();
  span.end();
  expect(span.isRecording()).toBe(false);
  expect(exporter.requests).toEqual([]);
  expect(provider.stats()).toMatchObject({ started: 0, live: 0, dropped: {} });
});

test('has one context for ever: the trace and state of its parent, a span id of its own, not sampled', () => {
  const { tracer } = record();
  const span = tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, remote));
  const context = span.spanContext();
  expect(context).toMatchObject({ traceId: remote.traceId, traceFlags: 0, traceState: remote.traceState });
  expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(context.spanId).not.toBe(remote.spanId);
  expect(span.spanContext()).toBe(context);
});

test('spans under one have one trace, in whatever order they are asked', () => {
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
  ]) {
    const { tracer } = record({ sampler: new AlwaysOffSampler() });
    const chain = [tracer.startSpan('0', {}, ROOT_CONTEXT)];
    for (const name of ['1', '2', '3']) {
      chain.push(tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, chain[chain.length - 1])));
    }
    const contexts = order.map((index) => chain[index].spanContext());
    expect(new Set(contexts.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(contexts.map(({ spanId }) => spanId)).size).toBe(4);
  }
});

test('a recording span under one, as another sampler may have it, is in its trace', () => {
  const off = record({ sampler: new AlwaysOffSampler() });
  const on = record({ sampler: { shouldSample: () => ({ decision: 2 }) } });
  const parent = off.tracer.startSpan('parent', {}, ROOT_CONTEXT);
  const span = on.tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent)) as Span;
  span.end();
  const { traceId, spanId } = parent.spanContext();
  expect(on.exporter.spans[0]).toMatchObject({ traceId, parentSpanId: spanId });
});
