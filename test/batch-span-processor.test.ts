import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import type { Tracer } from '../src/api/tracer.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';
import { balance, captureWarnings, ENGINES, recordBatches, WireRecorder } from './helpers/api-recorder.ts';

const lines = captureWarnings();

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'Date'],
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const end = (tracer: Tracer, count: number): void => {
  for (let index = 0; index < count; index += 1) tracer.startSpan(`s${index}`).end();
};

describe('the constructor', () => {
  test.each([
    [
      '(exporter, options), as 2.x',
      (exporter: WireRecorder) => new BatchSpanProcessor(exporter, { maxExportBatchSize: 2 }),
    ],
    [
      '({ exporter, ...options }), as 3.x',
      (exporter: WireRecorder) => new BatchSpanProcessor({ exporter, maxExportBatchSize: 2 }),
    ],
  ])('takes %s', async (_, make) => {
    const exporter = new WireRecorder();
    const provider = new TracerProvider({ spanProcessors: [make(exporter)] });
    end(provider.getTracer('t'), 4);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([2, 2]);
  });

  test('takes its options from the variables where they are not given', async () => {
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '3');
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
    const { exporter, tracer } = recordBatches({ scheduledDelayMillis: 70 });
    end(tracer, 4);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([3]);
    await vi.advanceTimersByTimeAsync(68);
    expect(exporter.sizes).toEqual([3]);
    await vi.advanceTimersByTimeAsync(2);
    expect(exporter.sizes).toEqual([3, 1]);
  });

  test('names an invalid option once and uses the default', async () => {
    const { exporter, tracer } = recordBatches({ scheduledDelayMillis: -1, maxQueueSize: '5' as never });
    recordBatches({ scheduledDelayMillis: -1 });
    end(tracer, 10);
    await vi.advanceTimersByTimeAsync(4999);
    expect(exporter.sizes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([10]);
    expect(lines.filter((line) => line.includes('scheduledDelayMillis'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('maxQueueSize'))).toHaveLength(1);
  });

  test.each([undefined, null, 5, {}])('an exporter that is %s is said, and nothing throws', (exporter) => {
    const make = () => new TracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter as never)] });
    expect(make).not.toThrow();
    end(make().getTracer('t'), 1);
    expect(lines).toEqual([expect.stringContaining('BatchSpanProcessor')]);
  });
});

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('spans wait for the scheduled delay, counted from the first of them', async () => {
    const { exporter, tracer } = recordBatches({ scheduledDelayMillis: 1000 }, { engine });
    end(tracer, 2);
    await vi.advanceTimersByTimeAsync(600);
    end(tracer, 3);
    await vi.advanceTimersByTimeAsync(399);
    expect(exporter.sizes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([5]);
    end(tracer, 1);
    await vi.advanceTimersByTimeAsync(999);
    expect(exporter.sizes).toEqual([5]);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([5, 1]);
  });

  test('a full batch leaves in the next turn, and none is ever larger, whatever the scopes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }),
        async (maxExportBatchSize, scopes) => {
          const { exporter, provider } = recordBatches(
            { maxExportBatchSize, scheduledDelayMillis: 1000 },
            { engine },
          );
          for (const scope of scopes) provider.getTracer(`scope ${scope}`).startSpan('s').end();
          expect(exporter.sizes).toEqual([]);
          await vi.advanceTimersByTimeAsync(1);
          for (const size of exporter.sizes) expect(size).toBeLessThanOrEqual(maxExportBatchSize);
          expect(provider.stats().waiting).toBeLessThan(maxExportBatchSize);
          await provider.forceFlush();
          expect(exporter.spans).toHaveLength(scopes.length);
          expect(new Set(exporter.spans.map(({ spanId }) => spanId)).size).toBe(scopes.length);
          expect(balance(provider.stats())).toBe(0);
          await provider.shutdown();
        },
      ),
      { numRuns: 30 },
    );
  });

  test('spans of one scope leave in batches of exactly the size set, the rest with the delay', async () => {
    const { exporter, tracer } = recordBatches(
      { maxExportBatchSize: 4, scheduledDelayMillis: 1000 },
      { engine },
    );
    end(tracer, 11);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([4, 4]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(exporter.sizes).toEqual([4, 4, 3]);
  });

  test('a queue of the size set keeps exactly that many and counts the rest, those in flight included', async () => {
    const { exporter, provider, tracer } = recordBatches(
      { maxQueueSize: 5, scheduledDelayMillis: 1000 },
      { engine },
    );
    let answer = (): void => {};
    exporter.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: 'delivered', rejected: 0 });
      });
    end(tracer, 7);
    expect(provider.stats()).toMatchObject({ waiting: 5, dropped: { queue_full: 2 } });
    await vi.advanceTimersByTimeAsync(1000);
    expect(exporter.sizes).toEqual([5]);
    end(tracer, 1);
    expect(provider.stats()).toMatchObject({ waiting: 5, dropped: { queue_full: 3 } });
    answer();
    await vi.advanceTimersByTimeAsync(0);
    end(tracer, 5);
    expect(provider.stats()).toMatchObject({ waiting: 5, exported: 5, dropped: { queue_full: 3 } });
    expect(balance(provider.stats())).toBe(0);
    expect(lines).toEqual([expect.stringContaining('maxQueueSize')]);
  });

  test('a batch larger than the queue is as large as the queue, and that is said', async () => {
    const { exporter, tracer } = recordBatches({ maxQueueSize: 2, maxExportBatchSize: 10 }, { engine });
    end(tracer, 2);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([2]);
    expect(lines).toEqual([expect.stringContaining('maxExportBatchSize')]);
  });
});

test('unset, the queue is bounded by bytes only: 5,000 spans in one tick are all kept', async () => {
  const { exporter, provider, tracer } = recordBatches();
  end(tracer, 5000);
  expect(provider.stats()).toMatchObject({ waiting: 5000, dropped: {} });
  await vi.advanceTimersByTimeAsync(5000);
  expect(exporter.spans).toHaveLength(5000);
});

test('one request is in flight at a time', async () => {
  const { exporter, tracer } = recordBatches({ maxExportBatchSize: 1 });
  const answers: (() => void)[] = [];
  exporter.answer = () =>
    new Promise((resolve) => {
      answers.push(() => resolve({ kind: 'delivered', rejected: 0 }));
    });
  end(tracer, 3);
  for (const inFlight of [1, 2, 3]) {
    await vi.advanceTimersByTimeAsync(10);
    expect(exporter.sizes).toHaveLength(inFlight);
    answers[inFlight - 1]();
  }
});

test('an attempt longer than the export timeout is given up, and tried again', async () => {
  const { exporter, provider, tracer } = recordBatches({
    exportTimeoutMillis: 100,
    scheduledDelayMillis: 10,
  });
  let aborted = 0;
  exporter.wire = () => ({
    send: (_request, abort) =>
      new Promise((resolve) => {
        abort?.addEventListener('abort', () => {
          aborted += 1;
          resolve({ kind: 'retryable', reason: 'aborted' });
        });
      }),
    close: () => {},
  });
  const stuck = new TracerProvider({
    spanProcessors: [
      new BatchSpanProcessor(exporter, { exportTimeoutMillis: 100, scheduledDelayMillis: 10 }),
    ],
  });
  end(stuck.getTracer('t') as Tracer, 1);
  await vi.advanceTimersByTimeAsync(109);
  expect(aborted).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(aborted).toBe(1);
  expect(stuck.stats()).toMatchObject({ waiting: 1, lastError: 'aborted' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(aborted).toBeGreaterThan(1);
  end(tracer, 1);
  await provider.shutdown();
});

describe('as a SpanProcessor', () => {
  test('forceFlush and shutdown work on the processor itself', async () => {
    const { exporter, processor, tracer } = recordBatches({ scheduledDelayMillis: 60_000 });
    end(tracer, 3);
    await processor.forceFlush();
    expect(exporter.sizes).toEqual([3]);
    end(tracer, 1);
    await processor.shutdown();
    await processor.shutdown();
    expect(exporter.sizes).toEqual([3, 1]);
    expect(exporter.closed).toBe(1);
  });

  test('without a provider, both resolve at once', async () => {
    const processor = new BatchSpanProcessor(new InMemorySpanExporter());
    await expect(processor.forceFlush()).resolves.toBeUndefined();
    await expect(processor.shutdown()).resolves.toBeUndefined();
  });

  test('one processor may serve two providers', async () => {
    const exporter = new WireRecorder();
    const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000 });
    for (const name of ['a', 'b']) {
      const provider = new TracerProvider({ spanProcessors: [processor] });
      provider.getTracer('t').startSpan(name).end();
    }
    await processor.forceFlush();
    expect(exporter.spans.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });
});
