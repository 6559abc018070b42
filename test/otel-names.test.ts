import * as upstreamCore from '@opentelemetry/core';
import * as upstreamB3 from '@opentelemetry/propagator-b3';
import * as upstreamCarrier from '@opentelemetry/propagator-env-carrier';
import * as upstreamResources from '@opentelemetry/resources';
import * as upstreamComposite from '@opentelemetry/sampler-composite';
import * as upstream from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import * as spandrel from '../src/index.ts';
import * as otel from '../src/otel.ts';
import { WireRecorder } from './helpers/api-recorder.ts';

describe('spandrel/otel', () => {
  /** Names of opentelemetry-js that have no counterpart here, and why. */
  const ABSENT: Readonly<Record<string, string>> = {
    NoopSpanProcessor: 'a provider without processors is the same',
  };

  test('has the names of opentelemetry-js, of the same kind', () => {
    for (const [name, value] of Object.entries(upstream)) {
      if (name in ABSENT) {
        expect(otel).not.toHaveProperty(name);
        continue;
      }
      expect(otel, name).toHaveProperty(name);
      expect(typeof (otel as Record<string, unknown>)[name], name).toBe(typeof value);
    }
    const { CompositePropagator, TraceState, W3CBaggagePropagator, W3CTraceContextPropagator } = upstreamCore;
    const { isTracingSuppressed, suppressTracing, unsuppressTracing, ExportResultCode } = upstreamCore;
    for (const [name, value] of Object.entries({
      ...upstreamComposite,
      ...upstreamResources,
      ExportResultCode,
      ...{ CompositePropagator, TraceState, W3CBaggagePropagator, W3CTraceContextPropagator },
      ...{ isTracingSuppressed, suppressTracing, unsuppressTracing },
      ...upstreamB3,
      ...upstreamCarrier,
    })) {
      expect(typeof (otel as Record<string, unknown>)[name], name).toBe(typeof value);
    }
  });

  test('enumerations have the numbers of opentelemetry-js', () => {
    const numbers = (object: object) =>
      Object.entries(object).filter(([, value]) => typeof value === 'number');
    expect(numbers(otel.SamplingDecision)).toEqual(numbers(upstream.SamplingDecision));
    expect(numbers(otel.ExportResultCode)).toEqual(numbers(upstreamCore.ExportResultCode));
  });

  test('one provider has the three names that providers had', () => {
    expect(otel.BasicTracerProvider).toBe(otel.TracerProvider);
    expect(otel.NodeTracerProvider).toBe(otel.TracerProvider);
  });

  test('a program written for opentelemetry-js 2.x runs unchanged', async () => {
    const exporter = new otel.InMemorySpanExporter();
    const wire = new WireRecorder();
    const provider = new otel.NodeTracerProvider({
      resource: otel.resourceFromAttributes({ 'service.name': 'shop' }),
      sampler: new otel.ParentBasedSampler({ root: new otel.TraceIdRatioBasedSampler(1) }),
      spanLimits: { attributeCountLimit: 2 },
      idGenerator: new otel.RandomIdGenerator(),
      spanProcessors: [
        new otel.BatchSpanProcessor(wire, { maxQueueSize: 100, scheduledDelayMillis: 60_000 }),
        new otel.SimpleSpanProcessor(exporter),
      ],
    });
    const span = provider.getTracer('shop', '1').startSpan('checkout');
    span.setAttribute('a', 1).setAttribute('b', 2).setAttribute('c', 3).end();
    await provider.forceFlush();
    await provider.shutdown();
    const [seen] = wire.readable;
    expect(seen).toMatchObject({ name: 'checkout', attributes: { a: 1, b: 2 }, droppedAttributesCount: 1 });
    expect(seen.resource.attributes['service.name']).toBe('shop');
  });
});

test('spandrel has the few names of the quick start, and no more', () => {
  expect(Object.keys(spandrel).sort()).toEqual([
    ...['flush', 'init', 'shutdown', 'span', 'startSpan', 'stats', 'trace'],
  ]);
});
