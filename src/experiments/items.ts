/** What of the data set is to be done: one entry an item. */
import type { DataRow } from './result.ts';

/** A row that cannot be used, with the reason; it becomes an item that failed. */
export class BadRow {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A row, once for each repetition. */
export interface Entry {
  readonly id: string;
  readonly index: number;
  readonly repetition: number;
  readonly row: DataRow;
  /** Why the task is not to be called, where the row is unusable. */
  readonly fault: string | undefined;
}

/** What names an item inside a run, whatever its place. */
export function keyOf({ id, repetition }: { id: string; repetition: number }): string {
  return `${repetition}/${id}`;
}
