/** What queues read of the memory map: the records of pieces, and how much of the arena is in use. */
import {
  BLOCK_COUNT,
  BLOCK_RUN,
  BLOCK_SHIFT,
  BLOCK_TABLE,
  FREE_BLOCKS,
  MAX_PIECES,
  PIECE_BLOCK,
  PIECE_END,
  PIECE_SHIFT,
  PIECE_SPANS,
  PIECE_START,
  PIECE_TABLE,
  WAITING_BYTES,
} from '../../assembly/layout.ts';
import type { Engine } from '../engine/engine.ts';

/** Pieces there can be at once. */
export const MOST_PIECES: number = MAX_PIECES;

function word(engine: Engine, piece: number, offset: number): number {
  return engine.words[(PIECE_TABLE + (piece << PIECE_SHIFT) + offset) >> 2];
}

/** Address of its first byte. */
export function startOf(engine: Engine, piece: number): number {
  return word(engine, piece, PIECE_START);
}

/** Address after its last byte. */
export function endOf(engine: Engine, piece: number): number {
  return word(engine, piece, PIECE_END);
}

export function spansOf(engine: Engine, piece: number): number {
  return word(engine, piece, PIECE_SPANS);
}

/** The block it lies in, the first one of a run. */
export function blockOf(engine: Engine, piece: number): number {
  return word(engine, piece, PIECE_BLOCK);
}

/** Blocks from this one on that were handed out as one. */
export function runOf(engine: Engine, block: number): number {
  return engine.words[(BLOCK_TABLE + (block << 3) + BLOCK_RUN) >> 2];
}

export function blockCount(engine: Engine): number {
  return engine.words[BLOCK_COUNT >> 2];
}

/** Bytes of all blocks: what spans can have of the arena. */
export function budgetBytes(engine: Engine): number {
  return blockCount(engine) << engine.words[BLOCK_SHIFT >> 2];
}

/** Whether more than half of the blocks are in use. */
export function isHalfFull(engine: Engine): boolean {
  return engine.words[FREE_BLOCKS >> 2] * 2 < engine.words[BLOCK_COUNT >> 2];
}

/** Blocks in use, as a share of all. */
export function usedShare(engine: Engine): number {
  const blocks = blockCount(engine);
  return (blocks - engine.words[FREE_BLOCKS >> 2]) / blocks;
}

/** Bytes of all spans that wait, of every queue. */
export function waitingBytes(engine: Engine): number {
  return engine.words[WAITING_BYTES >> 2];
}
