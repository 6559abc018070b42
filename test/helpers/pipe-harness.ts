/** A pipe between a fake source and a fake exporter, under fake timers. */

import { afterEach, beforeEach, vi } from 'vitest';
import type { SendResult } from '../../src/export/exporter.ts';
import { Pipe } from '../../src/export/pipe.ts';
import type { PipeOptions } from '../../src/export/pipe-options.ts';
import { FakeExporter, FakeSource } from './fake-source.ts';

export let source: FakeSource;
export let exporter: FakeExporter;
export let warnings: [code: string, message: string][];

/** New fakes, as each test finds them. */
export function renewFakes(): void {
  source = new FakeSource();
  exporter = new FakeExporter();
  warnings = [];
}

beforeEach(() => {
  vi.useFakeTimers();
  renewFakes();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Its random numbers are all 0.5. */
export function pipeWith(options: Partial<PipeOptions> = {}): Pipe {
  const warn = (code: string, message: string): void => void warnings.push([code, message]);
  return new Pipe({ exporter, source, random: () => 0.5, warn, ...options });
}

export function finish(pipe: Pipe, count: number, size?: number): void {
  for (let index = 0; index < count; index++) {
    source.add(1, size);
    pipe.notify(source.waitingBytes, source.waitingSpans);
  }
}

/** An exporter whose answers the test gives one by one. */
export function answeredByHand(): { answers: ((result: SendResult) => void)[]; aborted: () => number } {
  const answers: ((result: SendResult) => void)[] = [];
  let aborted = 0;
  exporter.answer = (_, abort) =>
    new Promise((resolve) => {
      answers.push(resolve);
      abort?.addEventListener('abort', () => {
        aborted++;
        resolve({ kind: 'retryable', reason: 'aborted' });
      });
    });
  return { answers, aborted: () => aborted };
}

export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
