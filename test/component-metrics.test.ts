/** `otel.sdk.processor.*` and `otel.sdk.exporter.*`, against stats() and what the receiver got, in both modes. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor, type BatchSpanProcessorOptions } from '../src/api/batch-span-processor.ts';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import type { SendResult } from '../src/export/exporter.ts';
import { VERSION } from '../src/version.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { balance, captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { receive } from './helpers/fault-server.ts';
import { measure } from './helpers/metric-points.ts';
import { processorOf } from './helpers/object-spans.ts';

captureWarnings();

const SIZE = 'otel.sdk.processor.span.queue.size';
const CAPACITY = 'otel.sdk.processor.span.queue.capacity';
const PROCESSED = 'otel.sdk.processor.span.processed';
const IN_FLIGHT = 'otel.sdk.exporter.span.inflight';
const EXPORTED = 'otel.sdk.exporter.span.exported';
const DURATION = 'otel.sdk.exporter.operation.duration';

const UNAVAILABLE: SendResult = { kind: 'retryable', reason: 'HTTP 503', code: 503 };

describe.each(['arena', 'plug-in'] as const)('in %s mode', (mode) => {
  const also = () => (mode === 'arena' ? [] : [processorOf({})]);

  /** A provider with one batch processor, its exporter and its metrics. */
  function record(options: Partial<BatchSpanProcessorOptions> = {}, temporality?: AggregationTemporality) {
    const exporter = new WireRecorder();
    const { meterProvider, collect } = measure(temporality);
    const processor = new BatchSpanProcessor({ exporter, ...options });
    const provider = new TracerProvider({ meterProvider, spanProcessors: [processor, ...also()] });
    expect(provider.stats().mode).toBe(mode);
    const tracer = provider.getTracer('test');
    const end = (count: number): void => {
      for (let index = 0; index < count; index += 1) tracer.startSpan('s', {}, ROOT_CONTEXT).end();
    };
    return { exporter, meterProvider, collect, processor, provider, tracer, end };
  }

  describe('over HTTP', () => {
    function over(url: string) {
      const { meterProvider, collect } = measure();
      const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url }));
      const provider = new TracerProvider({ meterProvider, spanProcessors: [processor, ...also()] });
      const tracer = provider.getTracer('test');
      return { collect, provider, tracer };
    }

    test('what was delivered is what the receiver got, under the names of the conventions', async () => {
      const server = await receiveOtlp();
      const { collect, provider, tracer } = over(`${server.base}/v1/traces`);
      for (let index = 0; index < 10; index += 1) tracer.startSpan('s').end();
      await provider.flush();
      const collected = await collect();
      expect(server.spans).toHaveLength(10);
      const [[exporter, exported]] = collected.points(EXPORTED);
      expect(exported).toBe(10);
      expect(exporter).toEqual({
        'otel.component.type': 'otlp_http_span_exporter',
        'otel.component.name': expect.stringMatching(/^otlp_http_span_exporter\/\d+$/),
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(server.base).port),
      });
      expect(collected.points(IN_FLIGHT)).toEqual([[exporter, 0]]);
      const [[attributes, duration]] = collected.points(DURATION);
      expect(attributes).toEqual({ ...exporter, 'http.response.status_code': 200 });
      expect(duration).toEqual({ count: server.requests.length, sum: expect.any(Number) });
      const [[processor, processed]] = collected.points(PROCESSED);
      expect(processed).toBe(10);
      expect(processor).toEqual({
        'otel.component.type': 'batching_span_processor',
        'otel.component.name': expect.stringMatching(/^batching_span_processor\/\d+$/),
      });
      expect(collected.points(SIZE)).toEqual([[processor, 0]]);
      expect(
        Object.fromEntries(collected.metrics.map(({ descriptor: { name, unit } }) => [name, unit])),
      ).toEqual({
        'otel.sdk.span.started': '{span}',
        'otel.sdk.span.live': '{span}',
        [SIZE]: '{span}',
        [PROCESSED]: '{span}',
        [IN_FLIGHT]: '{span}',
        [EXPORTED]: '{span}',
        [DURATION]: 's',
      });
      await provider.shutdown();
    });

    test('rejected spans failed, and so did the operation', async () => {
      const body = Uint8Array.from([0x0a, 0x02, 0x08, 0x03]);
      const server = await receiveOtlp((response) => response.end(body));
      const { collect, provider, tracer } = over(`${server.base}/v1/traces`);
      for (let index = 0; index < 10; index += 1) tracer.startSpan('s').end();
      await provider.flush();
      const collected = await collect();
      expect(collected.byError(EXPORTED)).toEqual({ ok: 7, rejected: 3 });
      expect(collected.byError(PROCESSED)).toEqual({ ok: 10 });
      expect(collected.points(DURATION)).toMatchObject([
        [{ 'http.response.status_code': 200, 'error.type': 'rejected' }, { count: 1 }],
      ]);
      expect(provider.stats()).toMatchObject({ exported: 7, rejected: 3 });
      await provider.shutdown();
    });

    test('a refusal counts under its status', async () => {
      const server = await receive((response) => response.writeHead(400).end());
      const { collect, provider, tracer } = over(server.url);
      for (let index = 0; index < 4; index += 1) tracer.startSpan('s').end();
      await provider.flush();
      const collected = await collect();
      expect(collected.byError(EXPORTED)).toEqual({ ok: 0, 400: 4 });
      expect(collected.byError(PROCESSED)).toEqual({ ok: 4 });
      expect(collected.points(DURATION)).toMatchObject([
        [{ 'http.response.status_code': 400, 'error.type': '400' }, { count: 1 }],
      ]);
      await provider.shutdown();
    });
  });

  describe('under a clock of the test', () => {
    beforeEach(() => {
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'Date'],
      });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test('spans wait in the queue, then are in flight through retries and pauses; one observation', async () => {
      vi.spyOn(Math, 'random').mockReturnValue(0.5);
      const { exporter, collect, provider, end } = record();
      exporter.answer = () => UNAVAILABLE;
      end(5);
      let collected = await collect();
      expect(collected.sum(SIZE)).toBe(5);
      expect(collected.byError(PROCESSED)).toEqual({ ok: 0 });
      const flushed = provider.flush();
      await vi.advanceTimersByTimeAsync(1);
      end(2);
      // Pauses of 500 and 1,000 ms.
      for (const millis of [0, 498, 900]) {
        await vi.advanceTimersByTimeAsync(millis);
        collected = await collect();
        expect(collected.sum(IN_FLIGHT)).toBe(5);
        expect(collected.sum(SIZE)).toBe(2);
        expect(collected.byError(PROCESSED)).toEqual({ ok: 5 });
        expect(collected.byError(EXPORTED)).toEqual({ ok: 0 });
        expect(collected.points(DURATION)).toEqual([]);
      }
      exporter.answer = () => ({ kind: 'delivered', rejected: 0, code: 202 });
      await vi.advanceTimersByTimeAsync(200);
      await flushed;
      await settle(provider.flush());
      collected = await collect();
      expect(exporter.sizes).toEqual([5, 5, 5, 2]);
      expect(collected.byError(EXPORTED)).toEqual({ ok: 7 });
      expect(collected.sum(IN_FLIGHT)).toBe(0);
      const [[attributes, duration]] = collected.points(DURATION);
      expect(attributes).toMatchObject({ 'http.response.status_code': 202 });
      expect(attributes).not.toHaveProperty('error.type');
      // The other two spans left at the first try.
      expect(duration).toEqual({ count: 2, sum: expect.closeTo(1.5, 2) });
    });

    test('a request that was cut counts each span once', async () => {
      const { exporter, collect, provider, end } = record();
      exporter.answer = () =>
        (exporter.sizes.at(-1) ?? 0) > 3
          ? { kind: 'failed', reason: 'HTTP 413', code: 413, tooLarge: true }
          : { kind: 'delivered', rejected: 0, code: 200 };
      end(10);
      await settle(provider.flush());
      const collected = await collect();
      expect(exporter.sizes).toEqual([10, 5, 2, 3, 5, 2, 3]);
      expect(collected.byError(EXPORTED)).toEqual({ ok: 10 });
      expect(collected.points(DURATION)).toMatchObject([[{}, { count: 4 }]]);
    });

    test('a full queue drops and says so; its capacity is told when it is one of spans', async () => {
      const { collect, provider, end } = record({ maxQueueSize: 3 });
      end(8);
      const collected = await collect();
      expect(collected.byError(PROCESSED)).toEqual({ ok: 0, queue_full: 5 });
      expect([collected.sum(SIZE), collected.sum(CAPACITY)]).toEqual([3, 3]);
      expect(provider.stats()).toMatchObject({ waiting: 3, dropped: { queue_full: 5 } });
      await settle(provider.shutdown());
      const last = await collect();
      expect(last.byError(PROCESSED)).toEqual({ ok: 3, queue_full: 5 });
      expect([last.sum(SIZE), last.sum(CAPACITY)]).toEqual([0, 0]);
    });

    test('spans without the sampled flag are none of the processor', async () => {
      const exporter = new WireRecorder();
      const { meterProvider, collect } = measure();
      const provider = new TracerProvider({
        meterProvider,
        sampler: { shouldSample: () => ({ decision: 1 }), toString: () => 'record' },
        spanProcessors: [new BatchSpanProcessor(exporter), ...also()],
      });
      provider.getTracer('test').startSpan('s').end();
      await settle(provider.flush());
      expect((await collect()).byError(PROCESSED)).toEqual({ ok: 0 });
      expect(provider.stats().dropped).toEqual({ not_sampled: 1 });
    });

    test.each([
      ['cumulative', AggregationTemporality.CUMULATIVE],
      ['delta', AggregationTemporality.DELTA],
    ])(
      'after shutdown the next collection tells the rest, then no more is read (%s)',
      async (_, temporality) => {
        const { exporter, meterProvider, collect, provider, tracer, end } = record({}, temporality);
        const remove = vi.spyOn(meterProvider.getMeter('spandrel', VERSION), 'removeBatchObservableCallback');
        exporter.answer = () => UNAVAILABLE;
        end(4);
        await collect();
        const late = tracer.startSpan('late');
        const stopped = provider.shutdown(100);
        end(0);
        await vi.advanceTimersByTimeAsync(200);
        await stopped;
        late.end();
        const last = await collect();
        // The batch of 4 was sent once, and its answer was 503; `late` came too late.
        expect(last.byError(PROCESSED)).toEqual({ ok: 4, already_shutdown: 1 });
        expect(last.byError(EXPORTED)).toEqual({ ok: 0, 503: 4 });
        expect(last.points(DURATION)).toMatchObject([
          [{ 'error.type': '503', 'http.response.status_code': 503 }, { count: 1 }],
        ]);
        expect(last.sum(IN_FLIGHT)).toBe(0);
        expect(provider.stats().dropped).toEqual({ shutdown: 5 });
        expect(remove).toHaveBeenCalledTimes(1);
        await collect();
        expect(remove).toHaveBeenCalledTimes(1);
      },
    );

    test('what hangs at shutdown was in flight, what waited behind it was not', async () => {
      const { exporter, collect, provider, end } = record();
      exporter.answer = () => new Promise(() => {});
      end(4);
      void provider.flush();
      await vi.advanceTimersByTimeAsync(1);
      end(3);
      const stopped = provider.shutdown(100);
      await vi.advanceTimersByTimeAsync(1_000);
      await stopped;
      const last = await collect();
      expect(last.byError(PROCESSED)).toEqual({ ok: 4, already_shutdown: 3 });
      expect(last.byError(EXPORTED)).toEqual({ ok: 0, aborted: 4 });
      expect(last.points(DURATION)).toMatchObject([[{ 'error.type': 'aborted' }, { count: 1 }]]);
    });

    test('at every collection the numbers add up and are those of stats()', async () => {
      const answer: fc.Arbitrary<SendResult | 'late'> = fc.oneof(
        fc.record({ kind: fc.constant('delivered' as const), rejected: fc.nat(3) }),
        fc.constantFrom<SendResult | 'late'>(
          UNAVAILABLE,
          { kind: 'retryable', reason: 'no answer' },
          { kind: 'failed', reason: 'HTTP 400', code: 400 },
          { kind: 'failed', reason: 'HTTP 413', code: 413, tooLarge: true },
          'late',
        ),
      );
      const step = fc.oneof(
        fc.record({ do: fc.constant('end' as const), count: fc.integer({ min: 1, max: 6 }) }),
        fc.record({ do: fc.constant('wait' as const), millis: fc.constantFrom(1, 600, 5_000) }),
        fc.record({ do: fc.constant('flush' as const) }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(answer, { minLength: 1, maxLength: 4 }),
          fc.array(step, { minLength: 1, maxLength: 12 }),
          fc.constantFrom(undefined, 5),
          fc.boolean(),
          async (answers, steps, maxQueueSize, stops) => {
            const { exporter, collect, provider, end } = record({ maxQueueSize });
            let answered = 0;
            exporter.answer = () => {
              const next = answers[answered++ % answers.length];
              if (next !== 'late') return next;
              return new Promise((resolve) => {
                setTimeout(() => resolve({ kind: 'delivered', rejected: 0 }), 700);
              });
            };
            let ended = 0;
            const check = async (): Promise<void> => {
              // What goes on between two reads is none of the numbers'.
              await vi.advanceTimersByTimeAsync(0);
              const collected = await collect();
              const { ok: handed = 0, ...dropped } = collected.byError(PROCESSED);
              const { ok: exported = 0, rejected = 0, ...failed } = collected.byError(EXPORTED);
              const all = (counts: object): number =>
                Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);
              const inFlight = collected.sum(IN_FLIGHT);
              expect(handed + all(dropped) + collected.sum(SIZE)).toBe(ended);
              expect(exported + rejected + all(failed) + inFlight).toBe(handed);
              const stats = provider.stats();
              expect(balance(stats)).toBe(0);
              expect({ exported, rejected }).toEqual({ exported: stats.exported, rejected: stats.rejected });
              expect(inFlight + collected.sum(SIZE)).toBe(stats.waiting);
              expect(all(failed) + all(dropped)).toBe(stats.failed + all(stats.dropped));
            };
            for (const one of steps) {
              if (one.do === 'end') {
                end(one.count);
                ended += one.count;
              } else if (one.do === 'wait') await vi.advanceTimersByTimeAsync(one.millis);
              else void provider.flush(10);
              // In plug-in mode nothing is watched before the first span.
              if (ended > 0) await check();
            }
            if (stops) {
              await settle(provider.shutdown(1_000));
              if (ended > 0) await check();
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    test('a simple processor has no queue to tell of', async () => {
      const exporter = new WireRecorder();
      const { meterProvider, collect } = measure();
      const provider = new TracerProvider({
        meterProvider,
        spanProcessors: [new SimpleSpanProcessor({ exporter }), ...also()],
      });
      for (let index = 0; index < 3; index += 1) provider.getTracer('test').startSpan('s').end();
      await settle(provider.flush());
      const collected = await collect();
      expect(collected.points(PROCESSED)).toMatchObject([
        [{ 'otel.component.type': 'simple_span_processor' }, 3],
      ]);
      expect(collected.byError(EXPORTED)).toEqual({ ok: 3 });
      expect(collected.names).not.toContain(SIZE);
      expect(collected.names).not.toContain(CAPACITY);
    });

    test('components of a kind have names of their own, numbered', async () => {
      const { meterProvider, collect } = measure();
      const exporter = new WireRecorder();
      const provider = new TracerProvider({
        meterProvider,
        spanProcessors: [
          new BatchSpanProcessor(exporter),
          new BatchSpanProcessor(new WireRecorder()),
          new BatchSpanProcessor(exporter),
          ...also(),
        ],
      });
      provider.getTracer('test').startSpan('s').end();
      await settle(provider.flush());
      const collected = await collect();
      const numbers = collected
        .points(PROCESSED)
        .map(([attributes]) => Number(String(attributes['otel.component.name']).split('/')[1]));
      expect(numbers).toEqual([numbers[0], numbers[0] + 1, numbers[0] + 2]);
      // One exporter, though two processors use it.
      expect(collected.points(EXPORTED).map(([, value]) => value)).toEqual([2, 1]);
    });

    test('a processor with a MeterProvider of its own uses that one, its exporter the provider’s', async () => {
      const own = measure();
      const { meterProvider, collect } = measure();
      const exporter = new WireRecorder();
      const provider = new TracerProvider({
        meterProvider,
        spanProcessors: [
          new BatchSpanProcessor({ exporter, selfObsMeterProvider: own.meterProvider }),
          ...also(),
        ],
      });
      provider.getTracer('test').startSpan('s').end();
      await settle(provider.flush());
      expect((await own.collect()).names).toEqual([PROCESSED, SIZE].sort());
      expect((await collect()).names).toEqual(
        ['otel.sdk.span.live', 'otel.sdk.span.started', IN_FLIGHT, EXPORTED, DURATION].sort(),
      );
    });

    async function settle<Value>(promise: Promise<Value>): Promise<Value> {
      await vi.advanceTimersByTimeAsync(5_000);
      return promise;
    }
  });
});
