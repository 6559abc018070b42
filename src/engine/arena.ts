/**
 * The arena of a thread: one engine and its memory, the key table, the cell writer, and the numbers by which
 * the engine knows streams. Providers share it; the first one decides its size.
 */
import {
  MAX_MEMOS,
  MEMO_HITS,
  MEMO_MISSES,
  MEMO_STRIDE,
  MEMO_TABLE,
  WAITING_BYTES,
} from '../../assembly/layout.ts';
import { FRAGMENTED, FULL, NO_PIECE } from '../../assembly/reasons.ts';
import { CellWriter } from './cell-writer.ts';
import type { Engine } from './engine.ts';
import { KeyTable } from './key-table.ts';

/** Why the engine could not keep a span. */
export type DropReason = 'arena_full' | 'arena_fragmented' | 'piece_table_full' | 'malformed';

const REASONS: Readonly<Record<number, DropReason>> = {
  [FULL]: 'arena_full',
  [FRAGMENTED]: 'arena_fragmented',
  [NO_PIECE]: 'piece_table_full',
};

/** What a negative result of `commitSpan` means. */
export function dropReason(result: number): DropReason {
  return REASONS[result] ?? 'malformed';
}

export class Arena {
  readonly engine: Engine;
  readonly keyTable: KeyTable;
  readonly writer: CellWriter;
  private streams = 0;

  constructor(engine: Engine) {
    this.engine = engine;
    this.keyTable = new KeyTable(engine);
    this.writer = new CellWriter(engine, this.keyTable);
  }

  /** A number for one pipe × one scope, never given out twice. */
  newStream(): number {
    this.streams += 1;
    return this.streams;
  }

  /** Bytes of all finished spans that wait, of every provider. */
  get waitingBytes(): number {
    return this.engine.words[WAITING_BYTES >> 2];
  }

  /** How often an attribute value was found in the memo and how often not, the keys known, the bytes held. */
  get memo(): { hits: number; misses: number; keys: number; bytes: number } {
    const { words } = this.engine;
    let bytes = 0;
    for (let entry = 0; entry < MAX_MEMOS; entry += 1)
      bytes += words[(MEMO_TABLE + entry * MEMO_STRIDE) >> 2];
    return {
      hits: words[MEMO_HITS >> 2],
      misses: words[MEMO_MISSES >> 2],
      keys: this.keyTable.keys.length,
      bytes,
    };
  }
}
