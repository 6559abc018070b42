/** How many bytes a staged span takes at most. */
import {
  ARRAY_OPEN,
  CELL_KEY,
  CELL_SECOND,
  MAP_OPEN,
  MEMO,
  NAME_MEMO,
  NULL,
  STRING,
  STRING_AT,
  STRING_REMEMBER,
} from './cells.ts';
import {
  CELL_BOUND_SHIFT,
  CELL_BYTES,
  CELLS,
  HEAD_BOUND,
  KEY_STRIDE,
  KEY_TABLE,
  MEMO_STRIDE,
  MEMO_TABLE,
} from './layout.ts';
import { get32, multiply } from './mem.ts';

/** From here on the walk over the cells is worth it. */
const LOOSE_BOUND: i32 = 32768;
/** Tags and lengths of a KeyValue, its value and its AnyValue, and the longest varint; without key and text. */
const CELL_OVERHEAD: i32 = 32;

/**
 * 256 bytes a cell, its text apart, cover the longest key and the longest memo. For a span of many cells that
 * would be far too much, and it is counted cell by cell.
 */
export function spanBound(cellCount: i32, textBytes: i32): i32 {
  const loose: i32 = HEAD_BOUND + textBytes + (cellCount << CELL_BOUND_SHIFT);
  return loose < LOOSE_BOUND ? loose : HEAD_BOUND + textBytes + cellsBound(cellCount);
}

function cellsBound(cellCount: i32): i32 {
  const cellsEnd: i32 = CELLS + multiply(cellCount, CELL_BYTES);
  let bound: i32 = multiply(cellCount, CELL_OVERHEAD);
  for (let cell: i32 = CELLS; cell < cellsEnd; cell += CELL_BYTES) {
    const type: i32 = get32(cell);
    const key: i32 = get32(cell + CELL_KEY);
    if (type === MEMO) bound += get32(MEMO_TABLE + multiply(key, MEMO_STRIDE));
    else if (type === NAME_MEMO)
      bound += get32(MEMO_TABLE + multiply(get32(cell + CELL_SECOND), MEMO_STRIDE));
    else if (hasTableKey(type) !== 0 && key >= 0) bound += get32(KEY_TABLE + multiply(key, KEY_STRIDE));
  }
  return bound;
}

/** Values and containers; in other cells the second column is a tag. */
function hasTableKey(type: i32): i32 {
  if (type === STRING || type === STRING_REMEMBER || type === ARRAY_OPEN || type === MAP_OPEN) return 1;
  return type >= STRING_AT && type <= NULL ? 1 : 0;
}
