/** A queue of spans that are only sizes, and an exporter that answers as the test says. */

import type { ExportRequest, RequestSource, SendResult, WireExporter } from '../../src/export/exporter.ts';

interface FakeRequest extends ExportRequest {
  /** Sizes of its spans, oldest first. */
  readonly spans: readonly number[];
}

/** Counts what a pipe takes and gives back, and refuses what the contract forbids. */
export class FakeSource implements RequestSource {
  readonly taken = new Set<ExportRequest>();
  readonly #queue: number[] = [];
  #takenSpans = 0;
  #takenBytes = 0;

  get waitingSpans(): number {
    return this.#queue.length + this.#takenSpans;
  }

  get waitingBytes(): number {
    return this.#queue.reduce((sum, size) => sum + size, this.#takenBytes);
  }

  /** Adds `count` finished spans of `size` bytes. */
  add(count: number, size = 100): void {
    for (let index = 0; index < count; index++) this.#queue.push(size);
  }

  take(maxBytes: number, maxSpans: number): ExportRequest | undefined {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && count < maxSpans; count++) {
      bytes += this.#queue[count];
      if (bytes > maxBytes && count > 0) break;
    }
    return count === 0 ? undefined : this.#track(this.#queue.splice(0, count));
  }

  release(request: ExportRequest): void {
    if (!this.taken.delete(request)) throw new Error('released what was not taken, or twice');
    this.#takenSpans -= request.spanCount;
    this.#takenBytes -= request.byteLength;
  }

  split(request: ExportRequest): readonly [ExportRequest, ExportRequest] | undefined {
    const { spans } = request as FakeRequest;
    if (spans.length < 2) return undefined;
    this.release(request);
    const middle = spans.length >> 1;
    return [this.#track(spans.slice(0, middle)), this.#track(spans.slice(middle))];
  }

  #track(spans: readonly number[]): ExportRequest {
    const byteLength = spans.reduce((sum, size) => sum + size, 0);
    const request: FakeRequest = { chunks: [], byteLength, spanCount: spans.length, spans };
    this.taken.add(request);
    this.#takenSpans += spans.length;
    this.#takenBytes += byteLength;
    return request;
  }
}

/** Answers each request with what `answer` returns; remembers requests, times and calls that overlap. */
export class FakeExporter implements WireExporter {
  readonly requests: ExportRequest[] = [];
  /** `performance.now()` of each call. */
  readonly times: number[] = [];
  closed = 0;
  overlaps = 0;
  answer: (request: ExportRequest, abort?: AbortSignal) => SendResult | Promise<SendResult>;
  #active = 0;

  constructor(answer: FakeExporter['answer'] = () => DELIVERED) {
    this.answer = answer;
  }

  send(request: ExportRequest, abort?: AbortSignal): SendResult | Promise<SendResult> {
    if (this.#active++ > 0) this.overlaps++;
    this.requests.push(request);
    this.times.push(performance.now());
    const result = this.answer(request, abort);
    if (result instanceof Promise) return result.finally(() => this.#active--);
    this.#active--;
    return result;
  }

  close(): void {
    this.closed++;
  }
}

export const DELIVERED: SendResult = { kind: 'delivered', rejected: 0 };
export const UNAVAILABLE: SendResult = { kind: 'retryable', reason: 'HTTP 503' };
