/** @module Carries one request to a final answer, for callers that keep no queue of their own. */

import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import { PipeTimer } from './pipe-timer.ts';
import { retryDelayMillis } from './retry.ts';

/** As the default export timeout of the batch processor, whose `export` this runs under, in milliseconds. */
const TOTAL_MILLIS = 30_000;

/**
 * Sends `request` until the answer is final or the next try would begin more than 30 s after the first; the
 * last result is returned. Pauses as a pipe does, and keeps the process alive meanwhile.
 */
export async function sendWithRetries(exporter: WireExporter, request: ExportRequest): Promise<SendResult> {
  const start = performance.now();
  for (let failures = 0; ; failures++) {
    const result = await exporter.send(request);
    if (result.kind !== 'retryable') return result;
    const delay = retryDelayMillis(failures, Math.random, result.retryAfterMs);
    if (performance.now() - start + delay > TOTAL_MILLIS) return result;
    await new Promise<void>((resolve) => new PipeTimer(resolve, true).arm(delay));
  }
}
