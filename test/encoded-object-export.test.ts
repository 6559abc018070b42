/** Our processors with our exporters where spans are objects: another SDK's provider, plug-in mode. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { spanObject } from './helpers/object-spans.ts';

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

function end(processor: BatchSpanProcessor | SimpleSpanProcessor, count: number): void {
  for (let index = 0; index < count; index += 1) processor.onEnd(spanObject());
}

/** What became of every span that a processor was given. */
function accounted({ objectState }: BatchSpanProcessor | SimpleSpanProcessor): number {
  if (objectState === undefined) return 0;
  const { waitingSpans, counters, dropped } = objectState;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return waitingSpans + counters.exported + counters.rejected + counters.failed + counters.shutdown + lost;
}

describe('the batch processor', () => {
  test('sends after the delay, what was written to the span meanwhile included', async () => {
    const exporter = new WireRecorder();
    const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 100 });
    const span = spanObject({ attributes: { prompt: 'secret' } });
    processor.onEnd(span);
    await vi.advanceTimersByTimeAsync(50);
    span.attributes.prompt = '***';
    (span as { name: string }).name = 'renamed';
    await vi.advanceTimersByTimeAsync(60);
    expect(exporter.readable.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['renamed', { prompt: '***' }],
    ]);
  });

  test('encodes 64 spans a turn', async () => {
    const processor = new BatchSpanProcessor(new WireRecorder(), { scheduledDelayMillis: 60_000 });
    for (let index = 0; index < 512; index += 1) processor.onEnd(spanObject({ name: 'same' }));
    expect(processor.objectState).toMatchObject({ waitingSpans: 512, waitingBytes: 0 });
    const steps: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      await vi.advanceTimersToNextTimerAsync();
      steps.push(processor.objectState?.waitingBytes ?? 0);
    }
    expect(steps.every((bytes, turn) => bytes === steps[0] * (turn + 1))).toBe(true);
    expect(steps[0]).toBeGreaterThan(64 * 50);
  });

  test('a burst in one turn loses nothing that the arena can hold', async () => {
    const exporter = new WireRecorder();
    const processor = new BatchSpanProcessor(exporter);
    end(processor, 100_000);
    expect(processor.objectState?.dropped).toEqual({});
    const flushed = processor.flush(30_000);
    await vi.runAllTimersAsync();
    expect(await flushed).toMatchObject({ exported: 100_000, dropped: 0, waiting: 0 });
    expect(exporter.spans).toHaveLength(100_000);
  });

  test('text that would be a request by itself is encoded before the batch is full', async () => {
    const processor = new BatchSpanProcessor(new WireRecorder(), { scheduledDelayMillis: 60_000 });
    for (let index = 0; index < 3; index += 1) {
      processor.onEnd(spanObject({ attributes: { text: 'x'.repeat(1_000_000) } }));
    }
    await vi.advanceTimersByTimeAsync(1);
    expect(processor.objectState?.waitingBytes).toBeGreaterThan(3_000_000);
  });

  test('obeys a maxQueueSize and a maxExportBatchSize that are set', async () => {
    const exporter = new WireRecorder();
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 10, maxExportBatchSize: 4 });
    end(processor, 12);
    expect(processor.objectState?.dropped).toEqual({ queue_full: 2 });
    const flushed = processor.forceFlush();
    await vi.runAllTimersAsync();
    await flushed;
    expect(exporter.sizes.every((size) => size <= 4)).toBe(true);
    expect(exporter.spans).toHaveLength(10);
    expect(accounted(processor)).toBe(12);
  });

  test('keeps what a receiver does not take, and counts every span whatever happens', async () => {
    const exporter = new WireRecorder();
    exporter.answer = () => ({ kind: 'retryable', reason: 'down' });
    const processor = new BatchSpanProcessor(exporter);
    end(processor, 3000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(accounted(processor)).toBe(3000);
    expect(processor.objectState?.waitingSpans).toBe(3000);
    exporter.answer = () => ({ kind: 'delivered', rejected: 7 });
    const flushed = processor.forceFlush();
    await vi.runAllTimersAsync();
    await flushed;
    expect(accounted(processor)).toBe(3000);
    expect(processor.objectState).toMatchObject({ waitingSpans: 0 });
    const stopped = processor.shutdown();
    await vi.runAllTimersAsync();
    await stopped;
    end(processor, 2);
    expect(accounted(processor)).toBe(3002);
    expect(processor.objectState?.dropped).toEqual({ shutdown: 2 });
    expect(exporter.closed).toBe(1);
  });

  test('gives up at the deadline of shutdown what had no answer, and counts it', async () => {
    const exporter = new WireRecorder();
    exporter.answer = () => ({ kind: 'retryable', reason: 'down' });
    const processor = new BatchSpanProcessor(exporter);
    end(processor, 100);
    const stopped = processor.stop(1000);
    await vi.advanceTimersByTimeAsync(2000);
    await stopped;
    expect(accounted(processor)).toBe(100);
    expect(processor.objectState).toMatchObject({ waitingSpans: 0, counters: { shutdown: 100 } });
  });

  test('spans wait for a resource that is not complete, and then have all of it', async () => {
    const exporter = new WireRecorder();
    const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 10 });
    let complete = (): void => {};
    const done = new Promise<void>((resolve) => {
      complete = resolve;
    });
    const late = {
      attributes: { 'service.name': 'late' } as Record<string, string>,
      asyncAttributesPending: true,
      waitForAsyncAttributes: () => done,
      merge: () => late as never,
      getRawAttributes: () => [],
    };
    processor.onEnd(spanObject({ resource: late }));
    await vi.advanceTimersByTimeAsync(50);
    expect(exporter.requests).toEqual([]);
    late.attributes['host.id'] = 'h';
    late.asyncAttributesPending = false;
    complete();
    await vi.advanceTimersByTimeAsync(50);
    expect(exporter.readable[0].resource.attributes).toEqual({ 'service.name': 'late', 'host.id': 'h' });
  });
});

test('the simple processor sends in onEnd itself', () => {
  const exporter = new WireRecorder();
  const processor = new SimpleSpanProcessor(exporter);
  end(processor, 2);
  expect(exporter.sizes).toEqual([1, 1]);
});

test('a getter of a span that ends another span mixes nothing up', () => {
  const exporter = new WireRecorder();
  const processor = new SimpleSpanProcessor(exporter);
  const inner = spanObject({ name: 'inner', attributes: { of: 'inner' } });
  const outer = spanObject({ name: 'outer' });
  Object.defineProperty(outer.attributes, 'of', {
    enumerable: true,
    get() {
      processor.onEnd(inner);
      return 'outer';
    },
  });
  Object.defineProperty(outer.attributes, 'after', { enumerable: true, value: 1 });
  processor.onEnd(outer);
  expect(exporter.readable.map(({ name, attributes }) => [name, attributes])).toEqual([
    ['inner', { of: 'inner' }],
    ['outer', { of: 'outer', after: 1 }],
  ]);
});

test('what the arena has no room for is dropped by reason', async () => {
  vi.useRealTimers();
  vi.stubEnv('SPANDREL_ARENA_BYTES', String(4 << 20));
  const { BatchSpanProcessor: Fresh } = await freshSdk();
  const exporter = new WireRecorder();
  exporter.answer = () => ({ kind: 'retryable', reason: 'down' });
  const processor = new Fresh(exporter);
  for (let index = 0; index < 400; index += 1) {
    processor.onEnd(spanObject({ attributes: { text: `${index}`.repeat(4000) } }));
  }
  await processor.flush(10);
  expect(processor.objectState?.dropped.arena_full).toBeGreaterThan(0);
  expect(accounted(processor)).toBe(400);
  expect(lines.join('')).toMatch(/arena is full/);
  exporter.answer = () => ({ kind: 'delivered', rejected: 0 });
  await processor.shutdown();
  expect(accounted(processor)).toBe(400);
});
