import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { SendResult } from '../src/export/exporter.ts';
import { DELIVERED, UNAVAILABLE } from './helpers/fake-source.ts';
import {
  answeredByHand,
  exporter,
  finish,
  pipeWith,
  renewFakes,
  settled,
  source,
  warnings,
} from './helpers/pipe-harness.ts';

describe('flush', () => {
  test('resolves at once when nothing waits', async () => {
    expect(await pipeWith().flush()).toEqual({ exported: 0, dropped: 0, waiting: 0, bytes: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits for an export in flight and for what finished before the call, not after', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    source.add(2);
    pipe.pump();
    source.add(3);
    let result: unknown;
    pipe.flush().then((value) => {
      result = value;
    });
    answers[0](DELIVERED);
    await settled();
    expect(result).toBeUndefined();
    source.add(4);
    answers[1](DELIVERED);
    await settled();
    expect(result).toEqual({ exported: 5, dropped: 0, waiting: 4, bytes: 500 });
  });

  test('says what was dropped since its call', async () => {
    const pipe = pipeWith({ maxExportBatchSize: 5 });
    exporter.answer = () => ({ kind: 'failed', reason: 'HTTP 400' });
    source.add(5);
    pipe.pump();
    exporter.answer = () =>
      exporter.requests.length === 2
        ? { kind: 'failed', reason: 'HTTP 400' }
        : { kind: 'delivered', rejected: 2 };
    source.add(10);
    expect(await pipe.flush()).toEqual({ exported: 3, dropped: 7, waiting: 0, bytes: 300 });
  });

  test('ends at its deadline and says what still waits', async () => {
    answeredByHand();
    const pipe = pipeWith();
    source.add(2);
    const flushed = pipe.flush(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await flushed).toEqual({ exported: 0, dropped: 0, waiting: 2, bytes: 0 });
    expect(exporter.requests).toHaveLength(1);
  });

  test('cuts a pause of our own short, to 500 ms after the last try', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(16_000);
    const tries = exporter.times.length;
    exporter.answer = () => DELIVERED;
    expect(await pipe.flush()).toMatchObject({ exported: 1, waiting: 0 });
    expect(exporter.times).toHaveLength(tries + 1);
    // And right after a failed try it waits out the rest of the 500 ms.
    exporter.answer = () => (exporter.times.length < tries + 4 ? UNAVAILABLE : DELIVERED);
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(600);
    const flushed = pipe.flush();
    await vi.advanceTimersByTimeAsync(399);
    expect(exporter.times).toHaveLength(tries + 3);
    await vi.advanceTimersByTimeAsync(1);
    expect(await flushed).toMatchObject({ exported: 1 });
  });

  test('any number of them at once', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    source.add(1);
    const first = pipe.flush();
    source.add(1);
    const second = pipe.flush();
    const third = pipe.flush(10);
    answers[0](DELIVERED);
    await settled();
    expect(await first).toMatchObject({ exported: 1, waiting: 1 });
    await vi.advanceTimersByTimeAsync(10);
    expect(await third).toMatchObject({ exported: 1, waiting: 1 });
    answers[1](DELIVERED);
    await settled();
    expect(await second).toMatchObject({ exported: 2, waiting: 0 });
    expect(exporter.overlaps).toBe(0);
  });

  test.each([0, -1, Number.NaN])('with %d ms starts sending and reports at once', async (ms) => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    source.add(1);
    expect(await pipe.flush(ms)).toMatchObject({ exported: 0, waiting: 1 });
    expect(answers).toHaveLength(1);
  });

  test('is not held up by spans the source has evicted', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith({ maxExportBatchSize: 1 });
    source.add(2);
    const flushed = pipe.flush();
    source.take(1_000, 10);
    for (const request of source.taken) if (request !== exporter.requests[0]) source.release(request);
    answers[0](DELIVERED);
    await settled();
    expect(await flushed).toMatchObject({ exported: 1, waiting: 0 });
  });
});

describe('the last flush', () => {
  /** When `flush` resolved, in milliseconds from now. */
  async function millisOf(flush: Promise<unknown>): Promise<number> {
    const started = performance.now();
    let ended = Number.NaN;
    void flush.then(() => {
      ended = performance.now() - started;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    return ended;
  }

  test.each([
    [true, 1_500],
    [false, 2_000],
  ])(
    '(%j) gives up, of two seconds, after %d ms: when its next try would come too late',
    async (isLast, ms) => {
      exporter.answer = () => UNAVAILABLE;
      const pipe = pipeWith();
      source.add(1);
      const started = performance.now();
      expect(await millisOf(pipe.flush(2_000, isLast))).toBe(ms);
      expect(exporter.times.slice(0, 3).map((time) => time - started)).toEqual([0, 500, 1_500]);
    },
  );

  test.each([
    [true, 0],
    [false, 2_000],
  ])('(%j) ends after %d ms when the destination asked for a longer pause', async (isLast, ms) => {
    exporter.answer = () => ({ ...UNAVAILABLE, retryAfterMs: 30_000 });
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(100);
    expect(await millisOf(pipe.flush(2_000, isLast))).toBe(ms);
    expect(exporter.times).toHaveLength(1);
  });

  test('uses its time for more than one try, however long the destination had been away', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(60_000);
    const tries = exporter.times.length;
    exporter.answer = () => (exporter.times.length < tries + 2 ? UNAVAILABLE : DELIVERED);
    const flushed = pipe.flush(2_000, true);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await flushed).toMatchObject({ exported: 1, waiting: 0 });
  });

  test('waits on for an attempt under way, and for others that flush longer', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    source.add(1);
    const last = pipe.flush(2_000, true);
    const other = pipe.flush(10_000);
    answers[0]({ kind: 'retryable', reason: 'busy', retryAfterMs: 5_000 });
    expect(await millisOf(last)).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    answers[1](DELIVERED);
    expect(await other).toMatchObject({ exported: 1 });
  });
});

describe('shutdown', () => {
  test('sends what waits, closes the exporter once, and is one promise', async () => {
    const pipe = pipeWith();
    finish(pipe, 3);
    const first = pipe.shutdown();
    expect(pipe.shutdown(1)).toBe(first);
    expect(await first).toEqual({ exported: 3, dropped: 0, waiting: 0, bytes: 300 });
    expect(exporter.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives up at its deadline: aborts, releases everything, and counts it under shutdown', async () => {
    const { aborted } = answeredByHand();
    const pipe = pipeWith({ maxExportBatchSize: 5 });
    source.add(12);
    const closing = pipe.shutdown(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await closing).toEqual({ exported: 0, dropped: 12, waiting: 0, bytes: 0 });
    expect(aborted()).toBe(1);
    expect(pipe.counters).toMatchObject({ failed: 0, shutdown: 12 });
    expect(source.taken.size).toBe(0);
    expect(warnings.at(-1)).toEqual(['export-shutdown', expect.stringContaining('12 spans')]);
    expect(exporter.requests).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('cuts a pause, and its own tries are 1, 2, 4 s apart until the deadline', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(16_000);
    const tries = exporter.times.length;
    const started = performance.now();
    const closing = pipe.shutdown(2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await closing).toMatchObject({ dropped: 1 });
    expect(exporter.times.slice(tries).map((time) => time - started)).toEqual([0, 500, 1_500]);
  });

  test('does not wait for a try that would come after its deadline', async () => {
    exporter.answer = () => ({ kind: 'retryable', reason: 'HTTP 429', retryAfterMs: 60_000 });
    const pipe = pipeWith();
    source.add(1);
    expect(await pipe.shutdown(2_000)).toMatchObject({ dropped: 1 });
    expect(pipe.counters.lastError).toBe('HTTP 429');
    expect(performance.now()).toBeLessThan(2_000);
  });

  test('an attempt that does not let go keeps its bytes, yet not the shutdown', async () => {
    let answer: (result: SendResult) => void = () => {};
    exporter.answer = () => new Promise((resolve) => (answer = resolve));
    const pipe = pipeWith({ maxExportBatchSize: 5 });
    source.add(7);
    const closing = pipe.shutdown(1_000);
    await vi.advanceTimersByTimeAsync(1_100);
    // The five in flight are counted once, as dropped, although their bytes are still held.
    expect(await closing).toMatchObject({ dropped: 7, waiting: 0 });
    expect([...source.taken]).toEqual([exporter.requests[0]]);
    answer(DELIVERED);
    await settled();
    expect(source.taken.size).toBe(0);
    expect(pipe.counters).toMatchObject({ exported: 0, shutdown: 7 });
  });

  test('an answer that comes with the abort counts, and no further request follows', async () => {
    exporter.answer = (_, abort) =>
      new Promise((resolve) => abort?.addEventListener('abort', () => resolve(DELIVERED)));
    const pipe = pipeWith({ maxExportBatchSize: 5 });
    source.add(7);
    const closing = pipe.shutdown(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await closing).toEqual({ exported: 5, dropped: 2, waiting: 0, bytes: 500 });
    expect(exporter.requests).toHaveLength(1);
  });

  test('afterwards nothing is sent, and flush has nothing to say', async () => {
    const pipe = pipeWith({ maxExportBatchSize: 1 });
    await pipe.shutdown();
    finish(pipe, 3);
    pipe.pump();
    expect(await pipe.flush()).toMatchObject({ exported: 0, dropped: 0 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(exporter.requests).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('whatever happens in whatever order, every span is accounted for exactly once', async () => {
  const answer = fc.constantFrom<SendResult>(
    DELIVERED,
    UNAVAILABLE,
    { kind: 'delivered', rejected: 2 },
    { kind: 'failed', reason: 'HTTP 400' },
    { kind: 'failed', reason: 'HTTP 413', tooLarge: true },
    { kind: 'retryable', reason: 'HTTP 429', retryAfterMs: 1_500 },
  );
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
    fc.record({ do: fc.constantFrom('pump' as const, 'flush' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: -1, max: 900 }), { minLength: 1, maxLength: 5 }),
      fc.array(step, { maxLength: 20 }),
      async (answers, delays, steps) => {
        renewFakes();
        exporter.answer = (_, abort) => {
          const index = exporter.requests.length;
          const result = answers[index % answers.length];
          const delay = delays[index % delays.length];
          if (delay < 0) return result;
          return new Promise((resolve) => {
            setTimeout(() => resolve(result), delay);
            abort?.addEventListener('abort', () => resolve(UNAVAILABLE));
          });
        };
        const pipe = pipeWith({ maxExportBatchSize: 6, scheduledDelayMillis: 1_000 });
        let finished = 0;
        const check = (): void => {
          const { exported, rejected, failed, shutdown } = pipe.counters;
          expect(exported + rejected + failed + shutdown + source.waitingSpans).toBe(finished);
        };
        for (const one of steps) {
          if (one.do === 'add') {
            finished += one.count;
            finish(pipe, one.count);
          } else if (one.do === 'wait') await vi.advanceTimersByTimeAsync(one.ms);
          else if (one.do === 'pump') pipe.pump();
          else void pipe.flush(700);
          check();
        }
        const closing = pipe.shutdown(3_000);
        await vi.advanceTimersByTimeAsync(3_100);
        await closing;
        check();
        expect(source.waitingSpans).toBe(0);
        expect(exporter.overlaps).toBe(0);
        expect(exporter.closed).toBe(1);
      },
    ),
    { numRuns: 200 },
  );
});
