/** Span objects that wait for their export, oldest first, and about how much they hold. */
import { Fifo } from '../export/fifo.ts';
import type { ReadableSpan } from './types.ts';

export class WaitingSpans {
  /** About the bytes of all of them. */
  bytes = 0;
  private readonly items = new Fifo<{ readonly span: ReadableSpan; readonly size: number }>();

  get length(): number {
    return this.items.length;
  }

  /** @param size - about its bytes; 0 where nobody needs to know. */
  push(span: ReadableSpan, size: number): void {
    this.items.push({ span, size });
    this.bytes += size;
  }

  /** Takes the oldest, at most `count`. */
  take(count: number): ReadableSpan[] {
    return this.items.take(count).map(({ span, size }) => {
      this.bytes -= size;
      return span;
    });
  }
}
