/**
 * Blocks: equal stretches of the arena. Single blocks come from the low end, so that the working set stays
 * where memory is already warm; runs of adjacent blocks for large spans come from the high end.
 *
 * A block (or run) counts references: one for each piece inside it that was not freed, one while it is open.
 */
import {
  BITMAP,
  BLOCK_COUNT,
  BLOCK_REFERENCES,
  BLOCK_RUN,
  BLOCK_SHIFT,
  BLOCK_TABLE,
  BLOCKS_START,
  FREE_BLOCKS,
} from './layout.ts';
import { countTrailingZeros, get32, set32, shiftRight } from './mem.ts';

export function blockAddress(block: i32): i32 {
  return get32(BLOCKS_START) + (block << get32(BLOCK_SHIFT));
}

/** Address after the last byte of the block or run. */
export function blockEnd(block: i32): i32 {
  return blockAddress(block + get32(BLOCK_TABLE + (block << 3) + BLOCK_RUN));
}

function markRun(first: i32, count: i32, free: i32): void {
  for (let block: i32 = first; block < first + count; block += 1) {
    const word: i32 = BITMAP + ((block >> 5) << 2);
    const bit: i32 = 1 << (block & 31);
    set32(word, free ? get32(word) | bit : get32(word) & ~bit);
  }
  set32(FREE_BLOCKS, get32(FREE_BLOCKS) + (free ? count : 0 - count));
}

function takeRun(first: i32, count: i32): i32 {
  markRun(first, count, 0);
  set32(BLOCK_TABLE + (first << 3) + BLOCK_REFERENCES, 1);
  set32(BLOCK_TABLE + (first << 3) + BLOCK_RUN, count);
  return first;
}

/** The lowest free block, or -1. */
function findBlock(): i32 {
  const bitmapEnd: i32 = BITMAP + (((get32(BLOCK_COUNT) + 31) >> 5) << 2);
  for (let word: i32 = BITMAP; word < bitmapEnd; word += 4) {
    const bits: i32 = get32(word);
    if (bits !== 0) return ((word - BITMAP) << 3) + countTrailingZeros(bits);
  }
  return -1;
}

/** The highest run of `count` adjacent free blocks, or -1. */
function findRun(count: i32): i32 {
  let length: i32 = 0;
  for (let block: i32 = get32(BLOCK_COUNT) - 1; block >= 0; block -= 1) {
    const word: i32 = get32(BITMAP + ((block >> 5) << 2));
    length = (shiftRight(word, block & 31) & 1) === 0 ? 0 : length + 1;
    if (length === count) return block;
  }
  return -1;
}

/** Allocates a block of at least `size` bytes, open and with one reference. -1 when there is none. */
export function allocateBlock(size: i32): i32 {
  const shift: i32 = get32(BLOCK_SHIFT);
  const count: i32 = (size + (1 << shift) - 1) >> shift;
  if (count > get32(FREE_BLOCKS)) return -1;
  const first: i32 = count === 1 ? findBlock() : findRun(count);
  return first < 0 ? -1 : takeRun(first, count);
}

export function retainBlock(block: i32): void {
  const references: i32 = BLOCK_TABLE + (block << 3) + BLOCK_REFERENCES;
  set32(references, get32(references) + 1);
}

export function releaseBlock(block: i32): void {
  const entry: i32 = BLOCK_TABLE + (block << 3);
  const references: i32 = get32(entry + BLOCK_REFERENCES) - 1;
  set32(entry + BLOCK_REFERENCES, references);
  if (references === 0) markRun(block, get32(entry + BLOCK_RUN), 1);
}
