/** @module Calls an exporter so that no attempt lasts for ever and none throws, whoever wrote it. */

import { codeOf } from './error-code.ts';
import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import { PipeTimer } from './pipe-timer.ts';
import { runSuppressed } from './suppressed-context.ts';

/** One exporter, called for one request at a time. */
export class BoundedSender {
  readonly #exporter: WireExporter;
  readonly #timeoutMillis: number;
  #controller = new AbortController();

  /** @param timeoutMillis - longest time of one attempt, in milliseconds; then it is aborted. */
  constructor(exporter: WireExporter, timeoutMillis: number) {
    this.#exporter = exporter;
    this.#timeoutMillis = timeoutMillis;
  }

  /** As `WireExporter.send`; the result of a synchronous exporter stays synchronous. */
  send(request: ExportRequest): SendResult | Promise<SendResult> {
    try {
      const result = runSuppressed(() => this.#exporter.send(request, this.#controller.signal));
      if (!isPromise(result)) return result;
      const timeout = new PipeTimer(() => this.abort());
      timeout.arm(this.#timeoutMillis);
      return Promise.resolve(result)
        .catch(brokenContract)
        .finally(() => {
          timeout.clear();
          // Listeners an exporter leaves on its signal would add up.
          this.#controller = new AbortController();
        });
    } catch (error) {
      return brokenContract(error);
    }
  }

  /** Asks the attempt under way to end. */
  abort(): void {
    const controller = this.#controller;
    // The next attempt needs a signal that has not fired.
    this.#controller = new AbortController();
    controller.abort();
  }

  close(): void {
    try {
      this.#exporter.close();
    } catch {
      // No span is inside any more, so nothing is lost by it.
    }
  }
}

export function isPromise(value: SendResult | Promise<SendResult>): value is Promise<SendResult> {
  return typeof (value as { then?: unknown }).then === 'function';
}

/** The request is lost, the pipe goes on. The error's own text may hold a secret. */
function brokenContract(error: unknown): SendResult {
  const code = codeOf(error);
  return { kind: 'failed', reason: `the exporter threw ${code}`, code };
}
