/**
 * The exported functions of the engine core. All state lives in the control words and tables of `layout.ts`;
 * the caller writes the span head, cells and staged text through its own views of the same memory.
 */
import { spanBound } from './bound.ts';
import { encodeCells, encodeHead } from './encode.ts';
import {
  BITMAP,
  BLOCK_COUNT,
  BLOCK_SHIFT,
  BLOCKS_START,
  CELL_BYTES,
  CELLS,
  ENTRY_CONTENT,
  FREE_BLOCKS,
  KEY_COUNT,
  KEY_STRIDE,
  KEY_TABLE,
  MAX_BLOCKS,
  MAX_CELLS,
  MAX_KEY_BYTES,
  MAX_KEYS,
  SLOT_CURSOR,
  STRING_BYTES,
  STRINGS,
} from './layout.ts';
import { copyBytes, get32, multiply, set8, set32 } from './mem.ts';
import {
  closePiece as close,
  commit,
  dropStream as drop,
  freePiece as free,
  reserve,
  resetSlots,
} from './pieces.ts';
import { enclose } from './proto.ts';
import { FULL, MALFORMED } from './reasons.ts';
import { recoverText as recover } from './text.ts';
import { KEY_VALUE_KEY, SCOPE_SPANS_SPAN } from './wire.ts';

/**
 * Lays out zeroed memory. `stringBytes` is the size of string staging, a multiple of 16; blocks of
 * `1 << blockShift` bytes fill the rest of `memoryBytes`. Returns the number of blocks, 0 if none fits.
 */
export function configure(memoryBytes: i32, blockShift: i32, stringBytes: i32): i32 {
  const blocksStart: i32 = STRINGS + stringBytes;
  let count: i32 = (memoryBytes - blocksStart) >> blockShift;
  if (count < 0) count = 0;
  if (count > MAX_BLOCKS) count = MAX_BLOCKS;
  set32(BLOCKS_START, blocksStart);
  set32(BLOCK_SHIFT, blockShift);
  set32(BLOCK_COUNT, count);
  set32(FREE_BLOCKS, count);
  set32(STRING_BYTES, stringBytes);
  for (let block: i32 = 0; block < count; block += 1) {
    const word: i32 = BITMAP + ((block >> 5) << 2);
    set32(word, get32(word) | (1 << (block & 31)));
  }
  resetSlots();
  return count;
}

/**
 * Adds the key whose UTF-8 lies at the start of string staging to the key table. Returns its index, or -1 when
 * the key is too long or the table is full.
 */
export function internKey(length: i32): i32 {
  const key: i32 = get32(KEY_COUNT);
  if (length > MAX_KEY_BYTES || key === MAX_KEYS) return -1;
  const entry: i32 = KEY_TABLE + multiply(key, KEY_STRIDE);
  set32(entry, length + 2);
  set8(entry + ENTRY_CONTENT, KEY_VALUE_KEY);
  set8(entry + ENTRY_CONTENT + 1, length);
  copyBytes(entry + ENTRY_CONTENT + 2, STRINGS, length);
  set32(KEY_COUNT, key + 1);
  return key;
}

/** Turns UTF-16 lengths of staged cells into byte lengths; see `cells.ts`. */
export function recoverText(cellCount: i32, text: i32): void {
  recover(CELLS, CELLS + multiply(cellCount, CELL_BYTES), text);
}

/** Whether cells and text lie in staging; beyond it the sums of `spanBound` could overflow. */
function isStaged(cellCount: i32, textEnd: i32): i32 {
  if (cellCount < 0 || cellCount > MAX_CELLS || textEnd < STRINGS) return 0;
  return textEnd <= STRINGS + get32(STRING_BYTES) ? 1 : 0;
}

/**
 * Encodes the staged span into the open piece of `stream`. Staged text ends at `textEnd`, which is also the end
 * of all string staging in use. Returns the piece, or a negative reason: FULL, FRAGMENTED, NO_PIECE, MALFORMED.
 */
export function commitSpan(stream: i32, cellCount: i32, textEnd: i32): i32 {
  if (isStaged(cellCount, textEnd) === 0) return MALFORMED;
  const slot: i32 = reserve(stream, spanBound(cellCount, textEnd - STRINGS));
  if (slot < 0) return slot;
  const end: i32 = get32(slot + SLOT_CURSOR);
  const body: i32 = encodeCells(end, CELLS, CELLS + multiply(cellCount, CELL_BYTES), textEnd);
  if (body < 0) return body;
  return commit(slot, enclose(encodeHead(body), end, SCOPE_SPANS_SPAN));
}

/**
 * Encodes the staged cells as the fields of one small message, below the end of string staging. Returns its first
 * address; the message ends where string staging ends. FULL when it might reach down to the staged text.
 */
export function encodeMessage(cellCount: i32, textEnd: i32): i32 {
  if (isStaged(cellCount, textEnd) === 0) return MALFORMED;
  const end: i32 = STRINGS + get32(STRING_BYTES);
  if (textEnd + spanBound(cellCount, textEnd - STRINGS) > end) return FULL;
  return encodeCells(end, CELLS, CELLS + multiply(cellCount, CELL_BYTES), textEnd);
}

/** Ends an open piece; a closed one stays as it is. */
export function closePiece(piece: i32): void {
  close(piece);
}

/** Gives the bytes of a closed piece back. */
export function freePiece(piece: i32): void {
  free(piece);
}

/** Forgets a stream that will not come back. */
export function dropStream(stream: i32): void {
  drop(stream);
}
