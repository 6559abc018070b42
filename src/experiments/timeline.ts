/** The spans of an item that the runner itself makes, for a waterfall without a server. */
import type { ItemSpan } from './result.ts';

export class ItemTimeline {
  private readonly start = performance.now();
  private readonly root: string | undefined;
  private readonly spans: ItemSpan[] = [];

  /** @param root - the id of the item's own span; `undefined` when nothing is traced, and nothing is kept. */
  constructor(root: string | undefined) {
    this.root = root;
  }

  /** @param startMs - by `performance.now()`. */
  add(spanId: string | null, name: string, startMs: number, error: boolean): void {
    if (this.root === undefined || spanId === null) return;
    const durationMs = performance.now() - startMs;
    this.spans.push({
      spanId,
      parentSpanId: this.root,
      name,
      startMs: startMs - this.start,
      durationMs,
      error,
    });
  }

  close(name: string, error: boolean): ItemSpan[] {
    const durationMs = performance.now() - this.start;
    const spanId = this.root as string;
    return [{ spanId, parentSpanId: null, name, startMs: 0, durationMs, error }, ...this.spans];
  }
}
