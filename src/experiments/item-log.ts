/** The rows of a run that are done: in its file, and in memory where there is none, or none any more. */
import type { Journal } from './journal.ts';
import { readJournal } from './journal.ts';
import { itemToJson } from './json.ts';
import type { ItemResult } from './result.ts';

/** How far somebody has read. */
export interface LogPosition {
  bytes: number;
  kept: number;
}

export class ItemLog {
  private readonly journal: Journal | null;
  /** Bytes that another life of the run wrote. */
  private readonly resumedBytes: number;
  private readonly kept: ItemResult[] = [];
  private readonly waiting = new Set<() => void>();
  private isClosed = false;
  private fault: unknown;

  constructor(journal: Journal | null, resumedBytes = 0) {
    this.journal = journal;
    this.resumedBytes = resumedBytes;
  }

  /** Rows that are in memory alone. */
  get unwritten(): number {
    return this.kept.length;
  }

  append(item: ItemResult): void {
    const isWritten = this.journal?.append({ kind: 'item', item }) ?? false;
    // As they would be read from the file, so that a row is the same wherever it lies.
    if (!isWritten) this.kept.push(JSON.parse(itemToJson(item)) as ItemResult);
    this.wake();
  }

  /** No more rows come; `fault` is why, where the run failed. */
  close(fault?: unknown): void {
    this.isClosed = true;
    this.fault = fault;
    this.wake();
  }

  /** All rows so far, in order of completion. */
  async *read(at: LogPosition = { bytes: 0, kept: 0 }): AsyncGenerator<ItemResult, void> {
    if (this.journal !== null && at.bytes < this.journal.bytes) {
      for await (const { line, end } of readJournal(this.journal.path, at.bytes, this.journal.bytes)) {
        const isResumed = at.bytes < this.resumedBytes;
        at.bytes = end;
        if (line.kind !== 'item' || (isResumed && line.item.status === 'aborted')) continue;
        yield isResumed ? { ...line.item, cached: true } : line.item;
      }
    }
    while (at.kept < this.kept.length) {
      at.kept += 1;
      yield this.kept[at.kept - 1];
    }
  }

  /** All rows, those to come as they finish. @throws why the run failed. */
  async *follow(): AsyncGenerator<ItemResult, void> {
    const at: LogPosition = { bytes: 0, kept: 0 };
    for (;;) {
      const wasClosed = this.isClosed;
      const change = wasClosed ? undefined : this.change();
      yield* this.read(at);
      if (wasClosed) break;
      if (!this.hasMore(at)) await change;
    }
    if (this.fault !== undefined) throw this.fault;
  }

  private hasMore({ bytes, kept }: LogPosition): boolean {
    return kept < this.kept.length || (this.journal !== null && bytes < this.journal.bytes);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
