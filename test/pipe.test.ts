import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ExportRequest } from '../src/export/exporter.ts';
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

describe('when it sends', () => {
  test('the first span waits for others until the scheduled delay', async () => {
    const pipe = pipeWith();
    finish(pipe, 3);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(exporter.requests).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.requests.map((request) => request.spanCount)).toEqual([3]);
    expect(pipe.counters).toMatchObject({ exported: 3, rejected: 0, failed: 0, shutdown: 0 });
    expect(source.waitingSpans).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a full request goes in the next turn, never inside notify', async () => {
    const pipe = pipeWith({ maxRequestBytes: 1_000 });
    finish(pipe, 10);
    expect(exporter.requests).toHaveLength(0);
    await settled();
    expect(exporter.requests.map((request) => request.byteLength)).toEqual([1_000]);
  });

  test('so does a full batch; what does not fill another waits', async () => {
    const pipe = pipeWith({ maxExportBatchSize: 4 });
    finish(pipe, 9);
    await settled();
    expect(exporter.requests.map((request) => request.spanCount)).toEqual([4, 4]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(exporter.requests.map((request) => request.spanCount)).toEqual([4, 4, 1]);
  });

  test('everything that was finished when the delay ended is sent, in requests of at most the size', async () => {
    const pipe = pipeWith({ maxRequestBytes: 1_000 });
    source.add(25);
    pipe.notify(100, 1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(exporter.requests.map((request) => request.byteLength)).toEqual([1_000, 1_000, 500]);
  });

  test('spans that finish during an export do not each get a request of their own', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    finish(pipe, 1);
    await vi.advanceTimersByTimeAsync(5_000);
    finish(pipe, 5);
    answers[0](DELIVERED);
    await settled();
    expect(exporter.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(exporter.requests.map((request) => request.spanCount)).toEqual([1, 5]);
  });

  test('pump sends before it returns when the exporter is synchronous', () => {
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    expect(pipe.counters.exported).toBe(1);
    expect(source.waitingSpans).toBe(0);
  });

  test('pump while an export is in flight sends after it', async () => {
    const { answers } = answeredByHand();
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    source.add(1);
    pipe.pump();
    expect(exporter.requests).toHaveLength(1);
    expect(pipe.inFlightSpans).toBe(1);
    answers[0](DELIVERED);
    await settled();
    expect(exporter.requests).toHaveLength(2);
  });

  test('sends and timers run in the root context with tracing suppressed', async () => {
    const storage = new AsyncLocalStorage<Context>();
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
    onTestFinished(() => context.disable());
    vi.useRealTimers();
    const seen: Context[] = [];
    exporter.answer = () => {
      seen.push(context.active());
      return DELIVERED;
    };
    const take = source.take.bind(source);
    const taking: Context[] = [];
    source.take = (maxBytes, maxSpans) => {
      taking.push(context.active());
      return take(maxBytes, maxSpans);
    };
    const pipe = pipeWith({ scheduledDelayMillis: 1 });
    const key = Symbol('of the traced program');
    context.with(ROOT_CONTEXT.setValue(key, 1), () => finish(pipe, 1));
    while (source.waitingSpans > 0) await new Promise((resolve) => setImmediate(resolve));
    source.add(1);
    context.with(ROOT_CONTEXT.setValue(key, 1), () => pipe.pump());
    expect(seen).toHaveLength(2);
    // The first request was taken inside the timer, before the exporter was called.
    for (const one of [...seen, taking[0]]) {
      expect(isTracingSuppressed(one)).toBe(true);
      expect(one.getValue(key)).toBeUndefined();
    }
  });
});

describe('what it counts', () => {
  test('a partial success: rejected apart from exported, with a warning, without a second try', async () => {
    exporter.answer = () => ({ kind: 'delivered', rejected: 3, message: 'too old' });
    const pipe = pipeWith();
    source.add(10);
    pipe.pump();
    expect(pipe.counters).toMatchObject({ exported: 7, rejected: 3, failed: 0 });
    expect(pipe.counters.lastError).toContain('too old');
    expect(warnings).toEqual([['export-rejected', expect.stringContaining('3 of 10')]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(exporter.requests).toHaveLength(1);
  });

  test('a server cannot reject more than it got', () => {
    exporter.answer = () => ({ kind: 'delivered', rejected: 1_000 });
    const pipe = pipeWith();
    source.add(10);
    pipe.pump();
    expect(pipe.counters).toMatchObject({ exported: 0, rejected: 10 });
  });

  test('a message without rejections is a warning and no error', () => {
    exporter.answer = () => ({ kind: 'delivered', rejected: 0, message: 'old version' });
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    expect(pipe.counters).toMatchObject({ exported: 1, lastError: undefined });
    expect(warnings).toHaveLength(1);
  });

  test('a final refusal: failed, with reason and time, and the next request goes on', () => {
    vi.setSystemTime(1_700_000_000_000);
    exporter.answer = () =>
      exporter.requests.length === 1 ? { kind: 'failed', reason: 'HTTP 400' } : DELIVERED;
    const pipe = pipeWith({ maxExportBatchSize: 2 });
    source.add(5);
    pipe.pump();
    expect(pipe.counters).toEqual({
      exported: 3,
      exportedBytes: 300,
      rejected: 0,
      failed: 2,
      shutdown: 0,
      lastError: 'HTTP 400',
      lastErrorTime: 1_700_000_000_000,
    });
    expect(warnings).toEqual([['export-failed', expect.stringContaining('HTTP 400')]]);
  });

  test.each(['throws', 'rejects'])('an exporter that %s costs its request only', async (how) => {
    exporter.answer = () => {
      if (exporter.requests.length > 1) return DELIVERED;
      if (how === 'rejects') return Promise.reject(new RangeError('canary'));
      throw new RangeError('canary');
    };
    const pipe = pipeWith({ maxExportBatchSize: 1 });
    source.add(2);
    pipe.pump();
    await settled();
    expect(pipe.counters).toMatchObject({ exported: 1, failed: 1 });
    expect(pipe.counters.lastError).toBe('the exporter threw RangeError');
  });

  test('a fault of the source does not reach the caller', async () => {
    const pipe = pipeWith();
    source.add(1);
    source.take = () => {
      throw new Error('broken');
    };
    expect(() => pipe.pump()).not.toThrow();
    expect(warnings).toEqual([['export-fault', expect.stringContaining('broken')]]);
    source.release = () => {
      throw new Error('broken');
    };
    const closing = pipe.shutdown(10);
    await vi.advanceTimersByTimeAsync(10);
    await expect(closing).resolves.toMatchObject({ exported: 0, waiting: 1 });
    expect(exporter.closed).toBe(1);
  });
});

describe('a destination that gives no final answer', () => {
  test('gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    finish(pipe, 10);
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.advanceTimersByTimeAsync(100_000);
    const gaps = exporter.times.slice(1).map((time, index) => Math.round(time - exporter.times[index]));
    // random() is 0.5 throughout.
    expect(gaps.slice(0, 8)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect(new Set(exporter.requests).size).toBe(1);
    expect(source.waitingSpans).toBe(10);
    expect(pipe.inFlightSpans).toBe(10);
    exporter.answer = () => DELIVERED;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(pipe.counters).toMatchObject({ exported: 10, failed: 0 });
    expect(warnings.every(([code]) => code === 'export-retry')).toBe(true);
  });

  test('after ten minutes away gets all 60,000 spans, having been tried at most 45 times', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    for (let second = 0; second < 600; second++) {
      source.add(100, 1_000);
      pipe.notify(source.waitingBytes, source.waitingSpans);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(exporter.times.length).toBeLessThanOrEqual(45);
    exporter.answer = () => DELIVERED;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(pipe.counters).toMatchObject({ exported: 60_000, rejected: 0, failed: 0, shutdown: 0 });
    expect(source.taken.size).toBe(0);
  });

  test('is not called by pump or a full batch while the pause lasts', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith({ maxExportBatchSize: 1 });
    source.add(1);
    pipe.pump();
    pipe.pump();
    finish(pipe, 5);
    await vi.advanceTimersByTimeAsync(499);
    expect(exporter.requests).toHaveLength(1);
  });

  test.each([1_000, 30_000, 120_000])('pauses the whole pipe for a Retry-After of %i ms', async (ms) => {
    exporter.answer = () => ({ kind: 'retryable', reason: 'HTTP 429', retryAfterMs: ms });
    const pipe = pipeWith({ maxExportBatchSize: 1 });
    source.add(2);
    pipe.pump();
    finish(pipe, 3);
    void pipe.flush(ms * 2);
    exporter.answer = () => DELIVERED;
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(exporter.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(ms * 0.2 + 1);
    expect(exporter.requests).toHaveLength(6);
    expect(exporter.requests[1]).toBe(exporter.requests[0]);
  });

  test('is aborted after the export timeout, and tried again', async () => {
    const { aborted } = answeredByHand();
    const pipe = pipeWith({ exportTimeoutMillis: 700 });
    source.add(1);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(700);
    expect(aborted()).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(exporter.requests).toHaveLength(2);
    expect(exporter.requests[1]).toBe(exporter.requests[0]);
  });

  test('a jump of the wall clock does not change the spacing', async () => {
    exporter.answer = () => UNAVAILABLE;
    const pipe = pipeWith();
    source.add(1);
    pipe.pump();
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(499);
    expect(exporter.requests).toHaveLength(1);
    vi.setSystemTime(Date.now() - 7_200_000);
    await vi.advanceTimersByTimeAsync(1);
    expect(exporter.requests).toHaveLength(2);
  });
});

describe('a request that is not through within its time', () => {
  const KIBIBYTE = 1_024;
  /** A link on which no more than that passes in the time of an attempt. */
  const passing = (bytes: number) => (request: ExportRequest) =>
    request.byteLength > bytes
      ? ({ kind: 'retryable', reason: 'no answer: timed out', code: 'timed_out' } as const)
      : DELIVERED;

  test('is halved until it passes; the size of those that follow grows again', async () => {
    exporter.answer = passing(600 * KIBIBYTE);
    const pipe = pipeWith();
    source.add(4_096, KIBIBYTE);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(source.waitingSpans).toBe(0);
    expect(pipe.counters).toMatchObject({ exported: 4_096, failed: 0 });
    exporter.answer = () => DELIVERED;
    source.add(20 * 4_096, KIBIBYTE);
    pipe.pump();
    expect(Math.max(...exporter.requests.slice(-10).map(({ byteLength }) => byteLength))).toBe(
      4_096 * KIBIBYTE,
    );
  });

  test('is not cut below 256 KiB, nor when another cause kept the answer away', async () => {
    exporter.answer = passing(0);
    const pipe = pipeWith();
    source.add(1_024, KIBIBYTE);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(Math.min(...exporter.requests.map(({ byteLength }) => byteLength))).toBe(256 * KIBIBYTE);
    renewFakes();
    exporter.answer = () => UNAVAILABLE;
    const other = pipeWith();
    source.add(1_024, KIBIBYTE);
    other.pump();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(new Set(exporter.requests.map(({ byteLength }) => byteLength))).toEqual(
      new Set([1_024 * KIBIBYTE]),
    );
  });

  test('does not raise what the destination takes', async () => {
    exporter.answer = ({ byteLength }) =>
      byteLength > 1_024 * KIBIBYTE
        ? { kind: 'failed', reason: 'HTTP 413', tooLarge: true, code: 413 }
        : passing(600 * KIBIBYTE)({ byteLength } as ExportRequest);
    const pipe = pipeWith();
    source.add(4_096, KIBIBYTE);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(600_000);
    const before = exporter.requests.length;
    source.add(4_096, KIBIBYTE);
    pipe.pump();
    await vi.advanceTimersByTimeAsync(600_000);
    const later = exporter.requests.slice(before).map(({ byteLength }) => byteLength);
    expect(Math.max(...later)).toBeLessThanOrEqual(1_024 * KIBIBYTE);
    expect(pipe.counters).toMatchObject({ exported: 8_192, failed: 0 });
  });
});

describe('a request that is too large', () => {
  test('is halved until it passes: of 512 spans with one oversize, 511 arrive with 19 more requests', () => {
    exporter.answer = (request) =>
      request.byteLength > 100_000 ? { kind: 'failed', reason: 'HTTP 413', tooLarge: true } : DELIVERED;
    const pipe = pipeWith();
    source.add(300);
    source.add(1, 200_000);
    source.add(211);
    pipe.pump();
    expect(pipe.counters).toMatchObject({ exported: 511, failed: 1 });
    expect(exporter.requests.length).toBeLessThanOrEqual(20);
    expect(source.taken.size).toBe(0);
  });

  test('lowers the size of those that follow', () => {
    exporter.answer = (request) =>
      request.byteLength > 10_000 ? { kind: 'failed', reason: 'HTTP 413', tooLarge: true } : DELIVERED;
    const pipe = pipeWith({ maxRequestBytes: 16_000 });
    source.add(160);
    pipe.pump();
    const before = exporter.requests.length;
    source.add(160);
    pipe.pump();
    expect(exporter.requests.slice(before).map((request) => request.byteLength)).toEqual([8_000, 8_000]);
  });

  test('is lost, and counted, when its source cannot cut', () => {
    exporter.answer = () => ({ kind: 'failed', reason: 'HTTP 413', tooLarge: true });
    const pipe = pipeWith();
    Object.assign(source, { split: undefined });
    source.add(10);
    pipe.pump();
    expect(pipe.counters.failed).toBe(10);
  });
});
