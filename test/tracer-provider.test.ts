import {
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { AsyncLocalStorageContextManager } from '../src/api/context.ts';
import { W3CTraceContextPropagator } from '../src/api/propagation.ts';
import { resourceFromAttributes } from '../src/api/resource.ts';
import { AlwaysOnSampler } from '../src/api/sampler.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import {
  balance,
  captureWarnings,
  plainAttributes,
  record,
  recordBatches,
  WireRecorder,
} from './helpers/api-recorder.ts';

const lines = captureWarnings();

afterEach(() => {
  trace.disable();
  contextApi.disable();
  propagation.disable();
});

describe.each(['wasm', 'ts'] as const)('TracerProvider on the %s engine', (engine) => {
  it('hands a finished span to a simple processor before end() returns', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ engine, spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const span = provider
      .getTracer('test', '1.2')
      .startSpan('work', { attributes: { model: 'm', tokens: 12 } });
    span.setAttribute('text', 'grüße 🌊').setAttribute('ratio', 0.5).setAttribute('ok', true);
    span.end();
    const [finished] = exporter.getFinishedSpans();
    expect(provider.stats().engine).toBe(engine);
    expect(finished.name).toBe('work');
    expect(finished.attributes).toEqual({ model: 'm', tokens: 12, text: 'grüße 🌊', ratio: 0.5, ok: true });
    expect(finished.spanContext()).toMatchObject({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
    });
    expect(finished.instrumentationScope).toMatchObject({ name: 'test', version: '1.2' });
  });

  it('gives each of two processors every span', async () => {
    const [one, two] = [new WireRecorder(), new WireRecorder()];
    const provider = new TracerProvider({
      engine,
      spanProcessors: [
        new SimpleSpanProcessor(one),
        new BatchSpanProcessor(two, { scheduledDelayMillis: 60_000 }),
      ],
    });
    const tracer = provider.getTracer('test');
    for (let index = 0; index < 5; index += 1) tracer.startSpan(`s${index}`).end();
    expect([one.spans.length, two.spans.length]).toEqual([5, 0]);
    await provider.forceFlush();
    const names = ['s0', 's1', 's2', 's3', 's4'];
    expect(one.spans.map(({ name }) => name)).toEqual(names);
    expect(two.spans.map(({ name }) => name).sort()).toEqual(names);
    expect(balance(provider.stats())).toBe(0);
    await provider.shutdown();
    expect([one.closed, two.closed]).toEqual([1, 1]);
  });

  it('spans of several scopes travel under their own', async () => {
    const { exporter, provider } = recordBatches({}, { engine });
    const scopes = [
      provider.getTracer('a', '1', { schemaUrl: 'schema:a' }),
      provider.getTracer('b', undefined, { attributes: { 'scope.key': [1, 'x'] } as never }),
    ];
    for (const tracer of [...scopes, ...scopes]) tracer.startSpan(tracer.scope.name).end();
    await provider.forceFlush();
    const [{ resourceSpans }] = exporter.requests;
    expect(resourceSpans).toHaveLength(1);
    const seen = resourceSpans[0].scopeSpans.map(({ scope, schemaUrl, spans }) => ({
      ...{
        name: scope.name,
        version: scope.version,
        schemaUrl,
        attributes: plainAttributes(scope.attributes),
      },
      spans: spans.map(({ name }) => name),
    }));
    expect(seen).toEqual([
      { name: 'a', version: '1', schemaUrl: 'schema:a', attributes: {}, spans: ['a', 'a'] },
      { name: 'b', version: '', schemaUrl: '', attributes: { 'scope.key': [1, 'x'] }, spans: ['b', 'b'] },
    ]);
  });
});

describe('getTracer', () => {
  test('gives the same tracer for the same scope, another for another', () => {
    const { provider } = record();
    const tracer = provider.getTracer('a', '1', { schemaUrl: 'schema:a' });
    expect(provider.getTracer('a', '1', { schemaUrl: 'schema:a' })).toBe(tracer);
    const others = [
      ...[provider.getTracer('b', '1', { schemaUrl: 'schema:a' }), provider.getTracer('a', '2')],
      ...[
        provider.getTracer('a', '1'),
        provider.getTracer('a'),
        provider.getTracer('a', '1', { schemaUrl: 'x' }),
      ],
      provider.getTracer('a', '1', { schemaUrl: 'schema:a', attributes: { k: 1 } }),
    ];
    expect(new Set([tracer, ...others]).size).toBe(others.length + 1);
  });

  test('never throws: a scope that is no scope is described', () => {
    const { exporter, provider } = record();
    const bad: [unknown, unknown?, unknown?][] = [
      [undefined],
      [null, null, null],
      [5, 6, { schemaUrl: 7 }],
      [Symbol('s'), {}, { attributes: 'none' }],
      ['bigint', '1', { attributes: { big: 1n } }],
      [
        'cycle',
        '1',
        {
          attributes: {
            get bad(): never {
              throw new Error('x');
            },
          },
        },
      ],
      ['hostile', '1', { attributes: hostileProxy() }],
    ];
    for (const args of bad) {
      expect(() =>
        provider
          .getTracer(...(args as [string]))
          .startSpan('s')
          .end(),
      ).not.toThrow();
    }
    expect(exporter.spans).toHaveLength(bad.length);
  });
});

describe('register', () => {
  test('registers the provider, a context manager and the W3C propagators', () => {
    const { exporter, provider } = record();
    expect(provider.register()).toBe(true);
    const headers: Record<string, string> = {};
    trace.getTracer('api').startActiveSpan('s', (span) => {
      propagation.inject(contextApi.active(), headers);
      expect(headers.traceparent).toBe(`00-${span.spanContext().traceId}-${span.spanContext().spanId}-03`);
      span.end();
    });
    expect(exporter.spans).toHaveLength(1);
    expect(propagation.fields()).toEqual(expect.arrayContaining(['traceparent', 'tracestate', 'baggage']));
  });

  test('leaves out what is null, and takes what is given', () => {
    const { provider } = record();
    expect(provider.register({ contextManager: null, propagator: null })).toBe(true);
    expect(propagation.fields()).toEqual([]);
    trace.disable();
    const contextManager = new AsyncLocalStorageContextManager();
    provider.register({ contextManager, propagator: new W3CTraceContextPropagator() });
    contextManager.with(ROOT_CONTEXT.setValue(Symbol.for('k'), 1), () => {
      expect(contextApi.active().getValue(Symbol.for('k'))).toBe(1);
    });
    expect(propagation.fields()).toEqual(['traceparent', 'tracestate']);
  });

  test('answers false when another provider is there', () => {
    expect(record().provider.register()).toBe(true);
    expect(record().provider.register({ contextManager: null, propagator: null })).toBe(false);
  });
});

describe('shutdown', () => {
  test('flushes, closes exporters once, and resolves the same promise for every call', async () => {
    const { exporter, provider, tracer } = recordBatches({ scheduledDelayMillis: 60_000 });
    tracer.startSpan('s').end();
    const first = provider.shutdown();
    expect(provider.shutdown()).toBe(first);
    await first;
    expect(exporter.sizes).toEqual([1]);
    expect(exporter.closed).toBe(1);
    expect(provider.stats()).toMatchObject({ exported: 1, waiting: 0 });
  });

  test('afterwards new spans do not record, and open ones are dropped and counted', async () => {
    const { exporter, provider, tracer } = record();
    const open = tracer.startSpan('open');
    await provider.shutdown();
    open.setAttribute('a', 1).end();
    const late = tracer.startSpan('late');
    expect(late.isRecording()).toBe(false);
    expect(late.spanContext()).toEqual(INVALID_SPAN_CONTEXT);
    expect(provider.getTracer('new').startSpan('s').isRecording()).toBe(false);
    expect(tracer.startActiveSpan('active', (span) => span.isRecording())).toBe(false);
    await provider.forceFlush();
    expect(exporter.spans).toEqual([]);
    expect(provider.stats()).toMatchObject({ started: 1, live: 0, exported: 0, dropped: { shutdown: 1 } });
    expect(balance(provider.stats())).toBe(0);
  });

  test('and forceFlush never reject, whatever the exporter does', async () => {
    for (const answer of [
      () => {
        throw new Error('exporter');
      },
      () => Promise.reject(new Error('exporter')),
      () => ({ kind: 'failed', reason: 'no' }) as const,
      () => undefined as never,
    ]) {
      const { exporter, provider, tracer } = record();
      exporter.answer = answer;
      expect(() => tracer.startSpan('s').end()).not.toThrow();
      await expect(provider.forceFlush({ timeoutMillis: 20 })).resolves.toBeUndefined();
      await expect(provider.shutdown(20)).resolves.toBeUndefined();
      expect(balance(provider.stats())).toBe(0);
      expect(provider.stats().exported).toBe(0);
    }
  });

  test('gives up at its deadline on an exporter that never answers, and counts', async () => {
    const { exporter, provider, tracer } = record();
    exporter.answer = () => new Promise(() => {});
    tracer.startSpan('a').end();
    tracer.startSpan('b').end();
    await provider.shutdown(20);
    expect(provider.stats()).toMatchObject({ started: 2, exported: 0, dropped: { shutdown: 2 } });
  });
});

describe('flush', () => {
  test('says what happened since it was called', async () => {
    const { provider, tracer } = recordBatches({ scheduledDelayMillis: 60_000 });
    for (let index = 0; index < 3; index += 1) tracer.startSpan('s').end();
    expect(provider.stats()).toMatchObject({ waiting: 3, exported: 0 });
    expect(provider.stats().bytes).toBeGreaterThan(100);
    const { bytes } = provider.stats();
    const done = { exported: 3, dropped: 0, waiting: 0, bytes };
    expect(await provider.flush()).toEqual({ ...done, destinations: [{ name: 'WireRecorder', ...done }] });
    const none = { exported: 0, dropped: 0, waiting: 0, bytes: 0 };
    expect(await provider.flush()).toEqual({ ...none, destinations: [{ name: 'WireRecorder', ...none }] });
  });

  test('ends at its deadline, with what still waits', async () => {
    const { exporter, provider, tracer } = recordBatches({}, { forceFlushTimeoutMillis: 20 });
    exporter.answer = () => new Promise(() => {});
    tracer.startSpan('s').end();
    expect(await provider.flush()).toMatchObject({ exported: 0, waiting: 1 });
    expect(await provider.flush(10)).toMatchObject({ exported: 0, waiting: 1 });
  });

  test('of two processors the slower one counts', async () => {
    const [fast, slow] = [new WireRecorder(), new WireRecorder()];
    slow.answer = () => new Promise(() => {});
    const provider = new TracerProvider({
      spanProcessors: [new BatchSpanProcessor(fast), new BatchSpanProcessor(slow)],
    });
    provider.getTracer('t').startSpan('s').end();
    expect(await provider.flush(20)).toMatchObject({ exported: 0, waiting: 1 });
    expect(fast.spans).toHaveLength(1);
  });
});

describe('the numbers of a provider', () => {
  test('add up at every moment', async () => {
    const { exporter, provider, tracer } = recordBatches({ maxQueueSize: 4, scheduledDelayMillis: 60_000 });
    const check = (expected: object) => {
      expect(provider.stats()).toMatchObject(expected);
      expect(balance(provider.stats())).toBe(0);
    };
    check({ started: 0, live: 0, waiting: 0, exported: 0, dropped: {} });
    const open = Array.from({ length: 6 }, () => tracer.startSpan('s'));
    check({ started: 6, live: 6, waiting: 0 });
    for (const span of open.slice(0, 5)) span.end();
    check({ started: 6, live: 1, waiting: 4, dropped: { queue_full: 1 } });
    exporter.answer = () => ({ kind: 'delivered', rejected: 1, message: 'no' });
    await provider.flush();
    check({ started: 6, live: 1, waiting: 0, exported: 3, rejected: 1, dropped: { queue_full: 1 } });
    expect(provider.stats().lastError).toContain('rejected 1');
    expect(provider.stats().lastErrorTime).toBeLessThanOrEqual(Date.now());
    exporter.answer = () => ({ kind: 'failed', reason: 'status 400' });
    open[5].end();
    await provider.flush();
    check({ started: 6, live: 0, waiting: 0, exported: 3, rejected: 1, failed: 1 });
    expect(provider.stats().lastError).toBe('status 400');
    expect(provider.stats().memo.keys).toBeGreaterThan(0);
  });

  test('without a processor, spans record, and are dropped and counted when they end', async () => {
    const provider = new TracerProvider();
    const span = provider.getTracer('t').startSpan('s');
    expect(span.isRecording()).toBe(true);
    span.end();
    expect(provider.stats()).toMatchObject({ started: 1, live: 0, dropped: { no_processor: 1 } });
    expect(await provider.flush()).toEqual({
      exported: 0,
      dropped: 0,
      waiting: 0,
      bytes: 0,
      destinations: [],
    });
    await provider.shutdown();
  });

  test('what was read does not change afterwards', () => {
    const { provider, tracer } = record({ sampler: { shouldSample: () => ({ decision: 1 }) } });
    const before = provider.stats();
    tracer.startSpan('s').end();
    expect(before).toMatchObject({ started: 0, dropped: {} });
    expect(provider.stats()).toMatchObject({ started: 1, dropped: { not_sampled: 1 } });
  });
});

test('null for options, and a context that is none, throw nothing', async () => {
  const provider = new TracerProvider(null as never);
  const tracer = provider.getTracer('t');
  expect(tracer.startActiveSpan('s', {}, {} as never, (span) => span.isRecording())).toBe(true);
  await provider.forceFlush(null as never);
  expect(provider.register(null as never)).toBe(true);
});

test('register() enables the context manager it is given', () => {
  const contextManager = new AsyncLocalStorageContextManager();
  const enable = vi.spyOn(contextManager, 'enable');
  record().provider.register({ contextManager });
  expect(enable).toHaveBeenCalledTimes(1);
});

describe('the environment', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('describes the resource where none is given', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=a,service.name=listed');
    vi.stubEnv('OTEL_SERVICE_NAME', 'named');
    const { exporter, tracer } = record();
    tracer.startSpan('s').end();
    expect(exporter.readable[0].resource.attributes).toMatchObject({
      ...{ 'service.name': 'named', team: 'a', 'telemetry.sdk.name': 'spandrel' },
    });
    const given = record({ resource: resourceFromAttributes({ own: 1 }) });
    given.tracer.startSpan('s').end();
    expect(given.exporter.readable[0].resource.attributes).toEqual({ own: 1 });
  });

  test('turns tracing off: nothing records, and contexts are still handed on', () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    const { exporter, provider, tracer } = record({ sampler: new AlwaysOnSampler() });
    const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
    const span = tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toEqual(parent);
    const root = tracer.startSpan('s', { root: true }, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(root.spanContext()).toEqual(INVALID_SPAN_CONTEXT);
    for (const one of [span, root]) one.end();
    expect(exporter.spans).toEqual([]);
    expect(provider.stats().started).toBe(0);
  });
});

test('a processor pushed into a provider that exists gets no spans, and that is said', () => {
  const { provider } = record();
  const pushed = provider._activeSpanProcessor._spanProcessors.push({ onStart() {}, onEnd() {} });
  expect(pushed).toBe(0);
  expect(lines).toEqual([expect.stringContaining('spanProcessors')]);
});

describe('bad options', () => {
  test('a processor that is none gets no spans, and is named once', () => {
    const provider = new TracerProvider({ spanProcessors: [null, 5, { onStart: 1 }] as never });
    provider.getTracer('t').startSpan('s').end();
    expect(provider.stats()).toMatchObject({ mode: 'arena', dropped: { no_processor: 1 } });
    expect(lines.filter((line) => line.includes('spanProcessors'))).toHaveLength(1);
    expect(() => new TracerProvider({ spanProcessors: 'all' as never })).not.toThrow();
  });

  test('a sampler or limits that are none are named once, and the defaults count', () => {
    const { exporter, tracer } = record({
      sampler: { decide: true } as never,
      spanLimits: { attributeCountLimit: -1, eventCountLimit: '5', linkCountLimit: 1.5 } as never,
      generalLimits: null as never,
    });
    const span = tracer.startSpan('s');
    for (let index = 0; index < 200; index += 1)
      span.setAttribute(`default limit ${index}`, index).addEvent('e');
    span.end();
    expect(exporter.spans[0].attributes).toHaveLength(128);
    expect(exporter.spans[0].events).toHaveLength(128);
    for (const name of ['sampler', 'attributeCountLimit', 'eventCountLimit', 'linkCountLimit']) {
      expect(lines.filter((line) => line.includes(name))).toHaveLength(1);
    }
  });

  test('a general limit counts where the span limit is left out', () => {
    const { exporter, tracer } = record({
      spanLimits: { attributeCountLimit: 3 },
      generalLimits: { attributeCountLimit: 1, attributeValueLengthLimit: 2 },
    });
    tracer.startSpan('s', { attributes: { a: 'abc', b: 1, c: 1, d: 1 } }).end();
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ a: 'ab', b: 1, c: 1 });
  });

  test('another arena size for a second provider is named once', () => {
    record({ engine: 'wasm' });
    record({ engine: 'wasm', arenaBytes: 8 << 20 });
    record({ engine: 'wasm', arenaBytes: 8 << 20 });
    expect(lines).toEqual([expect.stringMatching(/arenaBytes.*already/)]);
  });
});
