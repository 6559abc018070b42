/** Our processors with an exporter that takes span objects: one call at a time, whatever it does. */
import { context as contextApi } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { AsyncLocalStorageContextManager } from '../src/api/context.ts';
import type { ObjectExport } from '../src/api/object-export.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { isTracingSuppressed } from '../src/api/suppress-tracing.ts';
import { captureWarnings } from './helpers/api-recorder.ts';
import { HeldExporter, spanObject } from './helpers/object-spans.ts';

const lines = captureWarnings();
const SUCCESS = { code: 0 } as const;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance', 'Date'],
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function end(processor: BatchSpanProcessor | SimpleSpanProcessor, count: number): void {
  for (let index = 0; index < count; index += 1) processor.onEnd(spanObject());
}

describe('the batch processor', () => {
  test('exports at the batch size, and the rest after the delay', async () => {
    const exporter = new HeldExporter();
    exporter.automatic = SUCCESS;
    const processor = new BatchSpanProcessor(exporter, { maxExportBatchSize: 3, scheduledDelayMillis: 100 });
    end(processor, 4);
    expect(exporter.sizes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([3, 1]);
    end(processor, 1);
    await vi.advanceTimersByTimeAsync(98);
    expect(exporter.sizes).toEqual([3, 1]);
    await vi.advanceTimersByTimeAsync(2);
    expect(exporter.sizes).toEqual([3, 1, 1]);
  });

  test('takes 512 a batch, and keeps about arenaBytes of spans unless told otherwise; the rest is counted and said', async () => {
    vi.stubEnv('SPANDREL_ARENA_BYTES', String(8 << 20));
    const exporter = new HeldExporter();
    const processor = new BatchSpanProcessor(exporter);
    end(processor, 10_000);
    expect(processor.objectState?.dropped).toEqual({});
    const text = 'x'.repeat(1000);
    for (let index = 0; index < 10_000; index += 1) processor.onEnd(spanObject({ attributes: { text } }));
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([512]);
    const { dropped, waitingSpans } = processor.objectState as ObjectExport;
    expect(dropped).toEqual({ queue_full: 20_000 - waitingSpans });
    // 10,000 of half a kilobyte and some of 2.5.
    expect(waitingSpans).toBeGreaterThan(10_500);
    expect(waitingSpans).toBeLessThan(12_500);
    expect(lines.join('')).toMatch(/maxQueueSize.*arenaBytes/);
  });

  test('obeys a maxQueueSize that is set', () => {
    const processor = new BatchSpanProcessor(new HeldExporter(), { maxQueueSize: 3 });
    end(processor, 5);
    expect(processor.objectState).toMatchObject({ waitingSpans: 3, dropped: { queue_full: 2 } });
  });

  test('never exports while an export is under way', async () => {
    const exporter = new HeldExporter();
    const processor = new BatchSpanProcessor(exporter, { maxExportBatchSize: 2 });
    end(processor, 6);
    const flushed = processor.forceFlush();
    await vi.advanceTimersByTimeAsync(10);
    expect(exporter.sizes).toEqual([2]);
    exporter.calls[0].answer(SUCCESS);
    expect(exporter.sizes).toEqual([2, 2]);
    exporter.calls[1].answer(SUCCESS);
    exporter.calls[2].answer(SUCCESS);
    await flushed;
    expect(exporter.sizes).toEqual([2, 2, 2]);
    expect(exporter.flushed).toBe(1);
    expect(processor.objectState?.counters.exported).toBe(6);
  });

  test('waits for a resource that is not complete, at most five seconds', async () => {
    const exporter = new HeldExporter();
    const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 10 });
    let complete = (): void => {};
    const { resource } = spanObject();
    const late = {
      ...resource,
      asyncAttributesPending: true,
      waitForAsyncAttributes: () =>
        new Promise<void>((resolve) => {
          complete = resolve;
        }),
    };
    processor.onEnd(spanObject({ resource: late }));
    await vi.advanceTimersByTimeAsync(20);
    expect(exporter.sizes).toEqual([]);
    complete();
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.sizes).toEqual([1]);
    exporter.calls[0].answer(SUCCESS);
    processor.onEnd(spanObject({ resource: late }));
    await vi.advanceTimersByTimeAsync(4900);
    expect(exporter.sizes).toEqual([1]);
    await vi.advanceTimersByTimeAsync(200);
    expect(exporter.sizes).toEqual([1, 1]);
  });

  test('what is written to a span after onEnd reaches the exporter', async () => {
    const exporter = new HeldExporter();
    exporter.automatic = SUCCESS;
    const processor = new BatchSpanProcessor(exporter);
    const span = spanObject();
    processor.onEnd(span);
    span.attributes.masked = '***';
    await processor.forceFlush();
    expect(exporter.calls[0].spans[0]).toBe(span);
    expect(exporter.calls[0].spans[0].attributes).toEqual({ masked: '***' });
  });
});

describe('the simple processor', () => {
  test('exports in onEnd itself, one span a call, and later ones when the call before has answered', () => {
    const exporter = new HeldExporter();
    const processor = new SimpleSpanProcessor(exporter);
    end(processor, 3);
    expect(exporter.sizes).toEqual([1]);
    exporter.calls[0].answer(SUCCESS);
    expect(exporter.sizes).toEqual([1, 1]);
    exporter.automatic = SUCCESS;
    exporter.calls[1].answer(SUCCESS);
    expect(exporter.sizes).toEqual([1, 1, 1]);
    end(processor, 5000);
    expect(exporter.calls).toHaveLength(5003);
    expect(processor.objectState?.dropped).toEqual({});
  });

  test('a span that is not sampled is not exported', () => {
    const exporter = new HeldExporter();
    const processor = new SimpleSpanProcessor(exporter);
    const context = { ...spanObject().spanContext(), traceFlags: 0 };
    processor.onEnd(spanObject({ spanContext: () => context }));
    processor.onEnd(
      spanObject({
        spanContext: () => {
          throw new Error('x');
        },
      }),
    );
    expect(exporter.calls).toEqual([]);
    expect(processor.objectState?.dropped).toEqual({ not_sampled: 2 });
  });
});

describe('an exporter that fails loses its batch and nothing else', () => {
  const boom = (): never => {
    throw new Error('boom');
  };

  test.each<[string, HeldExporter['export'], RegExp]>([
    ['throws', boom, /HeldExporter: boom/],
    ['rejects', (async () => boom()) as never, /boom/],
    ['answers FAILED', (_, answer) => answer({ code: 1, error: new Error('no luck') }), /no luck/],
    ['answers without a result', (_, answer) => answer(undefined as never), /no reason/],
    ['never answers', () => {}, /no answer within 50 ms/],
    [
      'answers with what cannot be read',
      (_, answer) =>
        answer({
          get code(): never {
            return boom();
          },
        }),
      /cannot be read/,
    ],
  ])('%s', async (_, fail, said) => {
    const exporter = new HeldExporter();
    const works = exporter.export.bind(exporter);
    exporter.automatic = SUCCESS;
    exporter.export = fail;
    const processor = new BatchSpanProcessor(exporter, { exportTimeoutMillis: 50 });
    end(processor, 2);
    const first = processor.forceFlush();
    await vi.advanceTimersByTimeAsync(60);
    await first;
    expect(processor.objectState?.counters).toMatchObject({ exported: 0, failed: 2 });
    expect(processor.objectState?.counters.lastError).toMatch(said);
    expect(lines.filter((line) => line.includes('2 spans lost'))).toHaveLength(1);
    exporter.export = works;
    end(processor, 1);
    await processor.forceFlush();
    expect(exporter.sizes).toEqual([1]);
    expect(processor.objectState).toMatchObject({ waitingSpans: 0, counters: { exported: 1, failed: 2 } });
  });

  test('calls back twice: the first call counts, and it is said', async () => {
    const exporter = new HeldExporter();
    exporter.export = (spans, answer) => {
      exporter.calls.push({ spans, answer });
      answer(SUCCESS);
      answer({ code: 1 });
    };
    const processor = new BatchSpanProcessor(exporter);
    end(processor, 1);
    await processor.forceFlush();
    expect(processor.objectState?.counters).toMatchObject({ exported: 1, failed: 0 });
    expect(lines).toEqual([expect.stringContaining('called back twice')]);
  });

  test('hangs at shutdown: what it has is given up, and counted', async () => {
    const exporter = new HeldExporter();
    const processor = new BatchSpanProcessor(exporter, { maxExportBatchSize: 2 });
    end(processor, 5);
    const stopped = processor.stop(40);
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(processor.objectState).toMatchObject({ waitingSpans: 0, counters: { shutdown: 5 } });
    expect(exporter.stopped).toBe(1);
    exporter.calls[0].answer(SUCCESS);
    end(processor, 1);
    expect(exporter.sizes).toEqual([2]);
    expect(processor.objectState?.counters).toMatchObject({ exported: 0, shutdown: 5 });
    expect(processor.objectState?.dropped).toEqual({ shutdown: 1 });
  });

  test('is no exporter at all: said once, and nothing happens', async () => {
    const processor = new BatchSpanProcessor(null as never);
    const other = new SimpleSpanProcessor({} as never);
    end(processor, 1);
    end(other, 1);
    await processor.forceFlush();
    await processor.shutdown();
    expect(lines).toEqual([expect.stringContaining('expected a span exporter')]);
  });
});

test('the simple processor keeps what waits for an export within bounds, in time that grows with it alone', () => {
  vi.stubEnv('SPANDREL_ARENA_BYTES', String(4 << 20));
  const exporter = new HeldExporter();
  const processor = new SimpleSpanProcessor(exporter);
  end(processor, 20_000);
  const { dropped, waitingSpans } = processor.objectState as ObjectExport;
  expect(dropped).toEqual({ queue_full: 20_000 - waitingSpans });
  expect(waitingSpans).toBeLessThan(10_000);
  exporter.automatic = SUCCESS;
  exporter.calls[0].answer(SUCCESS);
  expect(exporter.calls).toHaveLength(waitingSpans);
  expect(new Set(exporter.names).size).toBe(waitingSpans);
});

test('an export runs outside the trace of whoever ended the last span', () => {
  contextApi.setGlobalContextManager(new AsyncLocalStorageContextManager());
  try {
    const exporter = new HeldExporter();
    let suppressed = false;
    exporter.export = () => {
      suppressed = isTracingSuppressed(contextApi.active());
    };
    new SimpleSpanProcessor(exporter).onEnd(spanObject());
    expect(suppressed).toBe(true);
  } finally {
    contextApi.disable();
  }
});

test('an exporter without a span is shut down as well', async () => {
  const exporter = new HeldExporter();
  await new BatchSpanProcessor(exporter).shutdown();
  expect(exporter.stopped).toBe(1);
});
