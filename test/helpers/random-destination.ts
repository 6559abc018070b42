/** @module A destination that answers at random, and checks that the bytes it reads stay as they were. */

import { vi } from 'vitest';
import type { SpanExporter } from '../../src/api/types.ts';
import type { ExportRequest, SendResult, WireExporter } from '../../src/export/exporter.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import type { SeededRandom } from './engine-random.ts';

interface Flight {
  readonly request: ExportRequest;
  readonly copy: Buffer;
  readonly settle: (result: SendResult) => void;
}

export type Behaviour = 'delivered' | 'down' | 'pause' | 'failed' | 'partial' | 'too large' | 'never';
export const BEHAVIOURS: readonly Behaviour[] = [
  ...(['delivered', 'down', 'pause', 'failed', 'partial', 'too large', 'never'] as const),
];

/** The text that a span of this number and size carries. */
export function textOf(id: number, size: number): string {
  return ''.padEnd(size, `${id} `);
}

/** Ids of the spans in a request; throws when one is not what was recorded. */
function readIds(copy: Buffer): number[] {
  const { resourceSpans } = readExportTraceServiceRequest([copy]);
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, attributes }) => {
        const id = Number(name.slice(5));
        const [{ value }] = attributes;
        const text = value.type === 'string' ? value.value : '';
        if (text !== textOf(id, text.length)) throw new Error(`span ${id} holds what is not its own`);
        return id;
      }),
    ),
  );
}

export class RandomDestination implements SpanExporter {
  behaviour: Behaviour = 'delivered';
  /** Ids that were answered as taken, and how many were refused for good. */
  readonly taken: number[] = [];
  refused = 0;
  private readonly random: SeededRandom;
  private flight: Flight | undefined;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  get isFlying(): boolean {
    return this.flight !== undefined;
  }

  wire(): WireExporter {
    return { send: (request, abort) => this.send(request, abort), close: () => {} };
  }

  private send(request: ExportRequest, abort?: AbortSignal): SendResult | Promise<SendResult> {
    if (this.flight !== undefined) throw new Error('two requests at once');
    const copy = Buffer.concat(request.chunks);
    const ids = readIds(copy);
    if (ids.length !== request.spanCount) throw new Error('the count of the request is wrong');
    if (this.behaviour !== 'never') return this.answer(ids);
    return new Promise((resolve) => {
      const settle = (result: SendResult): void => {
        this.flight = undefined;
        resolve(result);
      };
      this.flight = { request, copy, settle };
      abort?.addEventListener('abort', () => settle({ kind: 'retryable', reason: 'aborted' }));
    });
  }

  private answer(ids: readonly number[]): SendResult {
    switch (this.behaviour) {
      case 'down':
        return { kind: 'retryable', reason: 'down' };
      case 'pause':
        return { kind: 'retryable', reason: 'later', retryAfterMs: 5_000 };
      case 'failed':
        this.refused += ids.length;
        return { kind: 'failed', reason: 'refused' };
      case 'too large':
        if (ids.length === 1) this.refused += 1;
        return { kind: 'failed', reason: '413', tooLarge: true };
      case 'partial': {
        const rejected = this.random.below(ids.length + 1);
        this.refused += rejected;
        this.taken.push(...ids);
        return { kind: 'delivered', rejected };
      }
      default:
        this.taken.push(...ids);
        return { kind: 'delivered', rejected: 0 };
    }
  }

  /** Throws when bytes in flight are not what they were. */
  check(): void {
    const { flight } = this;
    if (flight === undefined) return;
    if (Buffer.compare(Buffer.concat(flight.request.chunks), flight.copy) !== 0) {
      throw new Error('bytes in flight changed');
    }
  }

  /** The request in flight is answered at last. */
  async land(): Promise<void> {
    const { flight } = this;
    if (flight === undefined) return;
    this.check();
    this.taken.push(...readIds(flight.copy));
    flight.settle({ kind: 'delivered', rejected: 0 });
    await vi.advanceTimersByTimeAsync(0);
  }

  export(): void {
    throw new Error('expected bytes, got span objects');
  }

  async shutdown(): Promise<void> {}
}
