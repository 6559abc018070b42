import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as upstreamCore from '@opentelemetry/core';
import type * as upstreamResources from '@opentelemetry/resources';
import * as upstream from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { ABSENT, isInstalled, OWN, readOwn, readUpstream } from '../scripts/otel-names.mjs';
import * as spandrel from '../src/index.ts';
import * as otel from '../src/otel.ts';
import { WireRecorder } from './helpers/api-recorder.ts';
import { requireCounterpart } from './helpers/counterparts.ts';

const describeNames = requireCounterpart('the projects under test/ecosystem', () =>
  isInstalled()
    ? undefined
    : 'Expected `npm ci --prefix test/ecosystem` and `npm ci --prefix test/ecosystem/version-3`; run both first.',
);

describeNames('the names of opentelemetry-js', () => {
  const upstreamNames = isInstalled() ? readUpstream() : [];

  test('are read from both versions, and from our entry', async () => {
    expect(upstreamNames.length).toBeGreaterThan(90);
    const sources = new Set(upstreamNames.flatMap(({ from }) => from));
    expect(sources.size).toBe(18);
    expect(await readOwn()).toEqual(Object.keys(otel).sort());
  });

  test('are here, of the same kind, or absent for a reason', () => {
    const missing = upstreamNames.filter(({ name }) => !(name in otel));
    expect(missing.map(({ name }) => name).sort()).toEqual(Object.keys(ABSENT).sort());
    for (const { name, type } of upstreamNames) {
      if (name in otel) expect(typeof (otel as Record<string, unknown>)[name], name).toBe(type);
    }
  });

  test('are absent each for a reason of its own', () => {
    const reasons = Object.values(ABSENT);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(reasons.filter((reason) => reason.trim().length < 8)).toEqual([]);
  });

  test('are all that spandrel/otel has, but for what is listed as its own', () => {
    const known = new Set(upstreamNames.map(({ name }) => name));
    const others = Object.keys(otel).filter((name) => !known.has(name));
    expect(others.sort()).toEqual(Object.keys(OWN).sort());
  });

  test('are on docs/otel-names.md', () => {
    const script = fileURLToPath(new URL('../scripts/write-otel-names.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(`${status} ${stderr}`).toBe('0 ');
  });
});

describe('spandrel/otel', () => {
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

/** Compiles only where a value of the first type fits where the second is wanted. */
type Fits<Given extends Wanted, Wanted> = Given;

test('option types written for opentelemetry-js 2.x fit here, and ours there', () => {
  // The compiler checks them, each way that holds.
  type Pairs = [
    Fits<otel.TracerConfig, upstream.TracerConfig>,
    Fits<upstream.TracerConfig, otel.TracerConfig>,
    Fits<otel.NodeTracerConfig, upstream.TracerConfig>,
    Fits<upstream.TracerConfig, otel.NodeTracerConfig>,
    Fits<otel.SDKRegistrationConfig, upstream.SDKRegistrationConfig>,
    Fits<upstream.SDKRegistrationConfig, otel.SDKRegistrationConfig>,
    Fits<otel.GeneralLimits, upstream.GeneralLimits>,
    Fits<upstream.GeneralLimits, otel.GeneralLimits>,
    Fits<otel.BufferConfig, upstream.BufferConfig>,
    Fits<upstream.BufferConfig, otel.BufferConfig>,
    Fits<otel.BatchSpanProcessorBrowserConfig, upstream.BatchSpanProcessorBrowserConfig>,
    Fits<upstream.BatchSpanProcessorBrowserConfig, otel.BatchSpanProcessorBrowserConfig>,
    Fits<otel.RawResourceAttribute, upstreamResources.RawResourceAttribute>,
    Fits<upstreamResources.RawResourceAttribute, otel.RawResourceAttribute>,
    Fits<otel.MaybePromise<string>, upstreamResources.MaybePromise<string>>,
    Fits<upstreamResources.MaybePromise<string>, otel.MaybePromise<string>>,
    Fits<otel.CompositePropagatorConfig, upstreamCore.CompositePropagatorConfig>,
    Fits<upstreamCore.CompositePropagatorConfig, otel.CompositePropagatorConfig>,
  ];
  const registration: Pairs[4] = { propagator: null, contextManager: null };
  const config: Pairs[0] = { generalLimits: { attributeCountLimit: 1 }, forceFlushTimeoutMillis: 5 };
  const propagators: Pairs[16] = { propagators: [] };
  const browser: Pairs[10] = { disableAutoFlushOnDocumentHide: true, maxQueueSize: 5 };
  const provider = new otel.NodeTracerProvider({
    ...config,
    spanProcessors: [new otel.BatchSpanProcessor(new otel.InMemorySpanExporter(), browser)],
  });
  expect(provider.settings.limits.attributeCountLimit).toBe(1);
  expect(new otel.CompositePropagator(propagators).fields()).toEqual([]);
  const wanted: Parameters<typeof provider.register>[0] = registration;
  expect(wanted).toEqual({ propagator: null, contextManager: null });
});

test('spandrel has the names of the quick start and of the AI layer, and no more', () => {
  expect(Object.keys(spandrel).sort()).toEqual([
    ...['currentSpan', 'enrichSpan', 'extract', 'flush', 'init', 'inject', 'instrument', 'lazy', 'shutdown'],
    ...['span', 'startSpan', 'stats', 'trace', 'traceAgent', 'traceChain', 'traceClass', 'traceEmbedding'],
    ...['traceEvaluator', 'traceGuardrail', 'traceModel', 'traceReranker', 'traceRetriever', 'traceTool'],
    ...['usage', 'withAttributes', 'withSession'],
  ]);
});
