import {
  context as contextApi,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  trace as traceApi,
} from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startSpan, trace } from '../src/ai/trace.ts';
import { AsyncLocalStorageContextManager } from '../src/api/context.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { flush, init, shutdown, stats } from '../src/init.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();

afterEach(async () => {
  vi.unstubAllEnvs();
  await shutdown(1000);
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
});

async function deliverOne(name = 'one'): Promise<void> {
  startSpan(name).end();
  await flush();
}

describe('the global provider', () => {
  test('is ours after init(): spans of the API are recorded, and headers carry them', async () => {
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base });
    const headers: Record<string, string> = {};
    traceApi.getTracer('instrumentation').startActiveSpan('api span', (span) => {
      propagation.inject(contextApi.active(), headers);
      trace(() => {}, { name: 'inner' })();
      span.end();
    });
    await flush();
    const [inner, outer] = ['inner', 'api span'].map((name) =>
      receiver.spans.find((one) => one.name === name),
    );
    expect(inner?.parentSpanId).toBe(outer?.spanId);
    expect(headers.traceparent).toContain(outer?.spanId);
  });

  test('stays what it was with registerGlobal: false', async () => {
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base, registerGlobal: false });
    traceApi.getTracer('instrumentation').startSpan('not ours').end();
    await deliverOne('ours');
    expect(receiver.spans.map(({ name }) => name)).toEqual(['ours']);
    expect(lines).toEqual([]);
  });

  test('of somebody else stays; ours is private, works, and says so once', async () => {
    const receiver = await receiveOtlp();
    const theirs = new BasicTracerProvider();
    traceApi.setGlobalTracerProvider(theirs);
    init({ endpoint: receiver.base });
    expect(traceApi.getTracer('x').startSpan('theirs').constructor.name).toBe('SpanImpl');
    await trace(
      async () => {
        await Promise.resolve();
        startSpan('child').end();
      },
      { name: 'parent' },
    )();
    await flush();
    const [child, parent] = ['child', 'parent'].map((name) =>
      receiver.spans.find((one) => one.name === name),
    );
    expect(child?.parentSpanId).toBe(parent?.spanId);
    expect(lines).toEqual([expect.stringMatching(/another OpenTelemetry provider.*only its own spans/)]);
  });

  test('a context manager and a propagator that are there stay', async () => {
    const key = createContextKey('theirs');
    const manager = new AsyncLocalStorageContextManager();
    contextApi.setGlobalContextManager(manager);
    const propagator = {
      inject() {},
      extract: () => ROOT_CONTEXT.setValue(key, 1),
      fields: () => ['theirs'],
    };
    propagation.setGlobalPropagator(propagator);
    init({ exporters: [] });
    expect(propagation.fields()).toEqual(['theirs']);
    manager.with(ROOT_CONTEXT.setValue(key, 2), () => expect(contextApi.active().getValue(key)).toBe(2));
    expect(lines).toEqual([]);
  });

  test.each([
    ['init()', () => void init({ exporters: [] })],
    ['register()', () => void new TracerProvider({ spanProcessors: [] }).register()],
  ])('%s registers every propagator of OTEL_PROPAGATORS, in order', (_name, start) => {
    vi.stubEnv('OTEL_PROPAGATORS', 'b3multi,baggage,jaeger,tracecontext,b3');
    start();
    expect(propagation.fields()).toEqual([
      ...['x-b3-traceid', 'x-b3-spanid', 'x-b3-flags', 'x-b3-sampled', 'x-b3-parentspanid'],
      ...['baggage', 'traceparent', 'tracestate', 'b3'],
    ]);
    expect(lines).toEqual([expect.stringMatching(/OTEL_PROPAGATORS.*jaeger, not supported/)]);
    // In order: where headers disagree, the last one named is the parent.
    const of = (digit: string) => [digit.repeat(32), digit.repeat(16)];
    const context = propagation.extract(ROOT_CONTEXT, {
      ...{ 'x-b3-traceid': of('1')[0], 'x-b3-spanid': of('1')[1], b3: of('3').join('-') },
      ...{ traceparent: `00-${of('2').join('-')}-01`, baggage: 'a=1' },
    });
    expect(traceApi.getSpanContext(context)?.traceId).toBe(of('3')[0]);
    expect(propagation.getBaggage(context)?.getEntry('a')?.value).toBe('1');
  });

  test('propagators are those of the options', () => {
    init({ exporters: [], propagators: ['baggage'] });
    expect(propagation.fields()).toEqual(['baggage']);
  });

  test('is given back by shutdown(), so that the next init() has it', async () => {
    const [first, second] = [await receiveOtlp(), await receiveOtlp()];
    init({ endpoint: first.base });
    await shutdown();
    init({ endpoint: second.base });
    traceApi.getTracer('instrumentation').startSpan('api span').end();
    await flush();
    expect(second.spans.map(({ name }) => name)).toEqual(['api span']);
    expect(lines).toEqual([]);
  });

  test('of somebody else is not taken away by shutdown()', async () => {
    const theirs = new BasicTracerProvider();
    traceApi.setGlobalTracerProvider(theirs);
    init({ exporters: [] });
    await shutdown();
    expect(traceApi.getTracer('x').startSpan('theirs').constructor.name).toBe('SpanImpl');
  });
});

describe('twice', () => {
  test('a second init() warns and changes nothing', async () => {
    const [first, second] = [await receiveOtlp(), await receiveOtlp()];
    init({ endpoint: first.base });
    init({ endpoint: second.base });
    init({ endpoint: second.base });
    await deliverOne();
    expect([first.spans.length, second.spans.length]).toEqual([1, 0]);
    expect(lines).toEqual([expect.stringMatching(/init\(\) was called again/)]);
  });

  test('after shutdown(), init() starts anew with numbers of its own', async () => {
    const [first, second] = [await receiveOtlp(), await receiveOtlp()];
    init({ endpoint: first.base });
    await deliverOne('a');
    await shutdown();
    expect(stats()).toMatchObject({ engine: 'none', started: 1, exported: 1 });
    init({ endpoint: second.base });
    expect(stats()).toMatchObject({ started: 0, exported: 0 });
    await deliverOne('b');
    expect([first.spans, second.spans].map((spans) => spans.map(({ name }) => name))).toEqual([['a'], ['b']]);
  });

  test('two shutdowns at once are one, and neither rejects', async () => {
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base });
    startSpan('s').end();
    await Promise.all([shutdown(), shutdown()]);
    await shutdown();
    expect(receiver.spans).toHaveLength(1);
  });
});
