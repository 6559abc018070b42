/** Whose exporters are measured, and that no MeterProvider harms the traced program. */
import { type MeterProvider, ROOT_CONTEXT } from '@opentelemetry/api';
import * as upstream from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { type ExportResult, ExportResultCode, type ReadableSpan } from '../src/api/types.ts';
import { VERSION } from '../src/version.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { receive, until } from './helpers/fault-server.ts';
import { measure } from './helpers/metric-points.ts';
import { HeldExporter, processorOf, spanObject } from './helpers/object-spans.ts';

const lines = captureWarnings();
afterEach(() => vi.useRealTimers());

const IN_FLIGHT = 'otel.sdk.exporter.span.inflight';
const EXPORTED = 'otel.sdk.exporter.span.exported';
const PROCESSED = 'otel.sdk.processor.span.processed';
const DURATION = 'otel.sdk.exporter.operation.duration';

const exported = (exporter: OTLPTraceExporter, spans: ReadableSpan[]): Promise<ExportResult> =>
  new Promise((resolve) => exporter.export(spans, resolve));

describe('an exporter of another make', () => {
  function over(exporter: HeldExporter, options = {}) {
    const { meterProvider, collect } = measure();
    const processor = new BatchSpanProcessor(exporter, options);
    const provider = new TracerProvider({ meterProvider, spanProcessors: [processor] });
    const tracer = provider.getTracer('test');
    const end = (count: number): void => {
      for (let index = 0; index < count; index += 1) tracer.startSpan('s').end();
    };
    return { collect, provider, end };
  }

  test('is measured by the name of its class, its failures by that of the error', async () => {
    const exporter = new HeldExporter();
    const { collect, provider, end } = over(exporter);
    end(3);
    const flushed = provider.flush();
    await until(() => exporter.calls.length === 1);
    const during = await collect();
    expect(during.points(IN_FLIGHT)).toEqual([
      [
        {
          'otel.component.type': 'HeldExporter',
          'otel.component.name': expect.stringMatching(/^HeldExporter\/\d+$/),
        },
        3,
      ],
    ]);
    expect(during.byError(PROCESSED)).toEqual({ ok: 3 });
    exporter.calls[0].answer({ code: ExportResultCode.SUCCESS });
    await flushed;
    exporter.automatic = { code: ExportResultCode.FAILED, error: new RangeError('secret') };
    end(2);
    await provider.flush();
    exporter.automatic = { code: ExportResultCode.FAILED };
    end(1);
    await provider.flush();
    const after = await collect();
    expect(after.byError(EXPORTED)).toEqual({ ok: 3, RangeError: 2, _OTHER: 1 });
    expect(after.byError(PROCESSED)).toEqual({ ok: 6 });
    expect(after.points(DURATION).map(([attributes]) => attributes['error.type'])).toEqual([
      undefined,
      'RangeError',
      '_OTHER',
    ]);
    expect(after.sum(IN_FLIGHT)).toBe(0);
    expect(provider.stats()).toMatchObject({ exported: 3, failed: 3 });
  });

  test('that does not answer times out; one that throws fails', async () => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
    const exporter = new HeldExporter();
    const { collect, provider, end } = over(exporter, { exportTimeoutMillis: 100 });
    end(2);
    const flushed = provider.flush();
    await vi.advanceTimersByTimeAsync(150);
    await flushed;
    vi.spyOn(exporter, 'export').mockImplementation(() => {
      throw new TypeError('x');
    });
    end(4);
    await provider.flush();
    const collected = await collect();
    expect(collected.byError(EXPORTED)).toEqual({ ok: 0, timeout: 2, TypeError: 4 });
    expect(collected.points(DURATION)).toMatchObject([
      [{ 'error.type': 'timeout' }, { count: 1, sum: expect.closeTo(0.1, 3) }],
      [{ 'error.type': 'TypeError' }, { count: 1, sum: 0 }],
    ]);
  });
});

describe('the OTLP exporter by its own export', () => {
  test('under another SDK, counts into the MeterProvider it was given', async () => {
    const server = await receiveOtlp();
    const { meterProvider, collect } = measure();
    const exporter = new OTLPTraceExporter({
      url: `${server.base}/v1/traces`,
      selfObsMeterProvider: meterProvider,
    });
    const provider = new upstream.BasicTracerProvider({
      spanProcessors: [new upstream.BatchSpanProcessor(exporter)],
    });
    for (let index = 0; index < 20; index += 1) provider.getTracer('test').startSpan('s').end();
    await provider.forceFlush();
    const collected = await collect();
    expect(server.spans).toHaveLength(20);
    expect(collected.points(EXPORTED)).toMatchObject([
      [{ 'otel.component.type': 'otlp_http_span_exporter', 'server.address': '127.0.0.1' }, 20],
    ]);
    expect(collected.points(DURATION)).toMatchObject([
      [{ 'http.response.status_code': 200 }, { count: server.requests.length }],
    ]);
    expect(collected.sum(IN_FLIGHT)).toBe(0);
    await provider.shutdown();
  });

  test('in JSON form, is a component of another type', async () => {
    const server = await receive();
    const { meterProvider, collect } = measure();
    const exporter = new OTLPTraceExporter({
      url: server.url,
      protocol: 'http/json',
      selfObsMeterProvider: meterProvider,
    });
    await exported(exporter, [spanObject()]);
    expect((await collect()).points(EXPORTED)).toMatchObject([
      [{ 'otel.component.type': 'otlp_http_json_span_exporter' }, 1],
    ]);
    await exporter.shutdown();
  });

  test('as a subclass, is measured once, in the MeterProvider of our provider', async () => {
    class Enriching extends OTLPTraceExporter {}
    const server = await receiveOtlp();
    const { meterProvider, collect } = measure();
    const processor = new BatchSpanProcessor(new Enriching({ url: `${server.base}/v1/traces` }));
    const provider = new TracerProvider({ meterProvider, spanProcessors: [processor] });
    expect(provider.stats().mode).toBe('plug-in');
    for (let index = 0; index < 5; index += 1) provider.getTracer('test').startSpan('s').end();
    await provider.flush();
    const collected = await collect();
    expect(collected.points(EXPORTED)).toMatchObject([
      [{ 'otel.component.type': 'otlp_http_span_exporter' }, 5],
    ]);
    expect(collected.points(DURATION)).toMatchObject([[{}, { count: 1 }]]);
    expect(collected.byError(PROCESSED)).toEqual({ ok: 5 });
    await provider.shutdown();
  });

  test('counts each span once: delivered, rejected, refused, unreadable, in a batch that is, too late', async () => {
    const { meterProvider, collect } = measure();
    const rejecting = Uint8Array.from([0x0a, 0x02, 0x08, 0x02]);
    const server = await receive((response, index) => {
      if (index === 0) response.end(rejecting);
      else response.writeHead(400).end();
    });
    const exporter = new OTLPTraceExporter({ url: server.url, selfObsMeterProvider: meterProvider });
    const unreadable = { spanContext: undefined } as unknown as ReadableSpan;
    await exported(exporter, [spanObject(), spanObject(), spanObject(), unreadable]);
    await exported(exporter, [spanObject()]);
    const trapped = [spanObject(), spanObject(), spanObject()];
    Object.defineProperty(trapped, 1, {
      get() {
        throw new Error('hostile');
      },
    });
    await exported(exporter, trapped);
    await exporter.shutdown();
    await exported(exporter, [spanObject(), spanObject()]);
    const collected = await collect();
    expect(collected.byError(EXPORTED)).toEqual({
      ok: 1,
      rejected: 2,
      unreadable: 1,
      400: 1,
      _OTHER: 3,
      already_shutdown: 2,
    });
    expect(collected.points(DURATION)).toMatchObject([
      [{ 'http.response.status_code': 200, 'error.type': 'unreadable' }, { count: 1 }],
      [{ 'http.response.status_code': 400, 'error.type': '400' }, { count: 1 }],
      [{ 'error.type': '_OTHER' }, { count: 1 }],
      [{ 'error.type': 'already_shutdown' }, { count: 1 }],
    ]);
    expect(collected.sum(IN_FLIGHT)).toBe(0);
  });

  test('spans are in flight until the answer', async () => {
    let answer = (): void => {};
    const server = await receive((response) => {
      answer = () => response.end();
    });
    const { meterProvider, collect } = measure();
    const exporter = new OTLPTraceExporter({ url: server.url, selfObsMeterProvider: meterProvider });
    const one = exported(exporter, [spanObject(), spanObject()]);
    await until(() => server.requests.length === 1);
    expect((await collect()).sum(IN_FLIGHT)).toBe(2);
    answer();
    await one;
    expect((await collect()).sum(IN_FLIGHT)).toBe(0);
    await exporter.shutdown();
  });
});

/** A MeterProvider that works but for what `break_` does to its parts. */
function brokenIn(part: string, fault: () => never): MeterProvider {
  const instrument: Record<string, unknown> = { add() {}, record() {} };
  const meter: Record<string, unknown> = {};
  const names = ['Counter', 'UpDownCounter', 'Histogram', 'ObservableCounter', 'ObservableUpDownCounter'];
  for (const name of names) meter[`create${name}`] = () => instrument;
  // Collects at once, and as often as a callback is there.
  meter.addBatchObservableCallback = (callback: (result: unknown) => void) => {
    callback({ observe: part === 'observe' ? fault : () => {} });
  };
  meter.removeBatchObservableCallback = () => {};
  const provider: Record<string, unknown> = { getMeter: () => meter };
  for (const owner of [provider, meter, instrument]) if (part in owner) owner[part] = fault;
  return provider as unknown as MeterProvider;
}

const PARTS = [
  ...['getMeter', 'createCounter', 'createUpDownCounter', 'createHistogram', 'createObservableCounter'],
  ...['createObservableUpDownCounter', 'addBatchObservableCallback', 'observe', 'add', 'record'],
];

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    PARTS.map((part) => [
      `${part} throws`,
      () =>
        brokenIn(part, () => {
          throw new Error('hostile');
        }),
    ]),
  ),
  'it throws what cannot be read': () =>
    brokenIn('add', () => {
      throw hostileProxy();
    }),
  'it is a proxy that refuses': () => hostileProxy(),
  'it is text': () => 'meters',
  'it is a number': () => 7,
  'it has no getMeter': () => ({}),
  'it gives no meter': () => ({ getMeter: () => undefined }),
  'its meter is of another kind': () => ({ getMeter: () => ({ createCounter: () => ({}) }) }),
  'its instruments are none': () => ({ getMeter: () => new Proxy({}, { get: () => () => undefined }) }),
};

describe.each(['arena', 'plug-in'] as const)('a hostile MeterProvider, in %s mode', (mode) => {
  test.each(Object.keys(HOSTILE))('costs no span and says so once: %s', async (name) => {
    const meterProvider = HOSTILE[name]() as MeterProvider;
    const exporter = new WireRecorder();
    const also = mode === 'arena' ? [] : [processorOf({})];
    const provider = new TracerProvider({
      meterProvider,
      spanProcessors: [new BatchSpanProcessor(exporter), ...also],
    });
    const tracer = provider.getTracer('test');
    for (let index = 0; index < 3; index += 1) {
      const span = tracer.startSpan('outer', {}, ROOT_CONTEXT);
      expect(span.isRecording()).toBe(true);
      span.end();
    }
    await provider.flush();
    await provider.shutdown();
    expect(exporter.spans.filter((span) => span.name === 'outer')).toHaveLength(3);
    expect(new Set(exporter.spans.map(({ spanId }) => spanId)).size).toBe(exporter.spans.length);
    expect(lines).toEqual([expect.stringMatching(/^spandrel: meterProvider: expected .*are off/)]);
  });
});

test('after its first fault, nothing of a meter is called', () => {
  let calls = 0;
  const meterProvider = brokenIn('add', () => {
    calls += 1;
    throw new Error('hostile');
  });
  const provider = new TracerProvider({ meterProvider });
  for (let index = 0; index < 5; index += 1) provider.getTracer('test').startSpan('s').end();
  expect(calls).toBe(1);
  // Nor are meters asked for again: this MeterProvider is known to fail.
  expect(new TracerProvider({ meterProvider }).settings.metrics).toBeNull();
});

test('what is observed are whole numbers, whatever bounds the queue', async () => {
  const { meterProvider } = measure();
  const observed: unknown[] = [];
  const meter = meterProvider.getMeter('spandrel', VERSION);
  const add = vi.spyOn(meter, 'addBatchObservableCallback');
  const provider = new TracerProvider({
    meterProvider,
    spanProcessors: [new BatchSpanProcessor(new WireRecorder())],
  });
  provider.getTracer('test').startSpan('s').end();
  await add.mock.calls[0][0]({ observe: (_, value) => observed.push(value) });
  expect(observed.length).toBeGreaterThan(3);
  expect(observed.filter((value) => !Number.isSafeInteger(value))).toEqual([]);
  await provider.shutdown();
});

test('an instrument that traces whenever it is called changes nothing in the spans that are counted', async () => {
  const exporter = new WireRecorder();
  let calls = 0;
  const never = (): never => {
    throw new Error('not called');
  };
  const meterProvider = brokenIn('none', never);
  const instrument = meterProvider.getMeter('').createCounter('') as { add: () => void };
  instrument.add = () => {
    calls += 1;
    provider.getTracer('inner').startSpan('inner', {}, ROOT_CONTEXT).end();
  };
  const provider = new TracerProvider({ meterProvider, spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  const expected = Array.from({ length: 3 }, (_, index) => {
    const span = tracer.startSpan('outer', { attributes: { index } }, ROOT_CONTEXT);
    const { traceId, spanId } = span.spanContext();
    span.end();
    return { traceId, spanId };
  });
  await provider.flush();
  const outer = exporter.spans.filter(({ name }) => name === 'outer').reverse();
  expect(outer.map(({ traceId, spanId }) => ({ traceId, spanId }))).toEqual(expected);
  // For each `started`, `live` and its end.
  expect(calls).toBe(9);
  expect(exporter.spans).toHaveLength(3 + calls);
  expect(lines).toEqual([]);
});
