/**
 * Pieces: runs of complete Span fields of one stream, newest first. At most eight streams have an open block;
 * a ninth takes over what is left of the block that was used least recently.
 */
import { allocateBlock, blockAddress, blockEnd, releaseBlock, retainBlock } from './blocks.ts';
import {
  BLOCK_REFERENCES,
  BLOCK_SHIFT,
  BLOCK_TABLE,
  FREE_BLOCKS,
  LAST_SLOT,
  MAX_PIECES,
  OPEN_PIECES,
  PIECE_BLOCK,
  PIECE_BYTES,
  PIECE_CLOSED,
  PIECE_END,
  PIECE_FREE,
  PIECE_FREED,
  PIECE_HIGH,
  PIECE_NEXT,
  PIECE_OPEN,
  PIECE_SHIFT,
  PIECE_SPANS,
  PIECE_START,
  PIECE_STATE,
  PIECE_STREAM,
  PIECE_TABLE,
  SLACK,
  SLOT_BLOCK,
  SLOT_COUNT,
  SLOT_CURSOR,
  SLOT_FLOOR,
  SLOT_LIMIT,
  SLOT_PIECE,
  SLOT_SHIFT,
  SLOT_STREAM,
  SLOT_TICK,
  SLOTS,
  TICK,
  WAITING_BYTES,
} from './layout.ts';
import { get32, set32 } from './mem.ts';
import { FRAGMENTED, FULL, NO_PIECE } from './reasons.ts';

const NONE: i32 = -1;
const SLOTS_END: i32 = SLOTS + (SLOT_COUNT << SLOT_SHIFT);

export function resetSlots(): void {
  for (let slot: i32 = SLOTS; slot < SLOTS_END; slot += 1 << SLOT_SHIFT) {
    set32(slot + SLOT_STREAM, NONE);
    set32(slot + SLOT_PIECE, NONE);
    set32(slot + SLOT_BLOCK, NONE);
  }
  set32(LAST_SLOT, SLOTS);
  set32(PIECE_FREE, NONE);
}

function pieceAddress(piece: i32): i32 {
  return PIECE_TABLE + (piece << PIECE_SHIFT);
}

function takePiece(): i32 {
  const free: i32 = get32(PIECE_FREE);
  if (free !== NONE) {
    set32(PIECE_FREE, get32(pieceAddress(free) + PIECE_NEXT));
    return free;
  }
  const high: i32 = get32(PIECE_HIGH);
  if (high === MAX_PIECES) return NONE;
  set32(PIECE_HIGH, high + 1);
  return high;
}

function findSlot(stream: i32): i32 {
  for (let slot: i32 = SLOTS; slot < SLOTS_END; slot += 1 << SLOT_SHIFT) {
    if (get32(slot + SLOT_STREAM) === stream) return slot;
  }
  return NONE;
}

/** An unused slot, else the one used least recently. */
function oldestSlot(): i32 {
  let oldest: i32 = SLOTS;
  for (let slot: i32 = SLOTS; slot < SLOTS_END; slot += 1 << SLOT_SHIFT) {
    if (get32(slot + SLOT_STREAM) === NONE) return slot;
    if (((get32(slot + SLOT_TICK) - get32(oldest + SLOT_TICK)) | 0) < 0) oldest = slot;
  }
  return oldest;
}

/** A slot whose open block has `bound` bytes left: the last resort of a full arena. */
function roomySlot(bound: i32): i32 {
  for (let slot: i32 = SLOTS; slot < SLOTS_END; slot += 1 << SLOT_SHIFT) {
    if (hasRoom(slot, bound) !== 0) return slot;
  }
  return NONE;
}

/** Whether the slot's open block has `bound` bytes left. */
function hasRoom(slot: i32, bound: i32): i32 {
  if (get32(slot + SLOT_BLOCK) === NONE) return 0;
  return get32(slot + SLOT_CURSOR) - bound >= get32(slot + SLOT_FLOOR) ? 1 : 0;
}

/** Whether its open piece may grow by `bound` bytes. */
function mayGrow(slot: i32, bound: i32): i32 {
  if (get32(slot + SLOT_PIECE) === NONE) return 0;
  return get32(slot + SLOT_CURSOR) - bound >= get32(slot + SLOT_LIMIT) ? 1 : 0;
}

function closeSlotPiece(slot: i32): void {
  const piece: i32 = get32(slot + SLOT_PIECE);
  if (piece === NONE) return;
  set32(pieceAddress(piece) + PIECE_STATE, PIECE_CLOSED);
  set32(slot + SLOT_PIECE, NONE);
  set32(OPEN_PIECES, get32(OPEN_PIECES) - 1);
}

function openBlock(slot: i32, block: i32): void {
  set32(slot + SLOT_BLOCK, block);
  set32(slot + SLOT_CURSOR, blockEnd(block));
  set32(slot + SLOT_FLOOR, blockAddress(block) + SLACK);
}

function abandonBlock(slot: i32): void {
  const block: i32 = get32(slot + SLOT_BLOCK);
  if (block === NONE) return;
  set32(slot + SLOT_BLOCK, NONE);
  releaseBlock(block);
}

/** Gives the slot a block with room for `bound` bytes: 0, or the reason why not. */
function findRoom(slot: i32, bound: i32): i32 {
  if (hasRoom(slot, bound) !== 0) return 0;
  const block: i32 = allocateBlock(bound + SLACK);
  if (block !== NONE) {
    abandonBlock(slot);
    openBlock(slot, block);
    return 0;
  }
  const other: i32 = roomySlot(bound);
  if (other === NONE) {
    const shift: i32 = get32(BLOCK_SHIFT);
    return (bound + SLACK + (1 << shift) - 1) >> shift <= get32(FREE_BLOCKS) ? FRAGMENTED : FULL;
  }
  closeSlotPiece(other);
  abandonBlock(slot);
  set32(slot + SLOT_BLOCK, get32(other + SLOT_BLOCK));
  set32(slot + SLOT_CURSOR, get32(other + SLOT_CURSOR));
  set32(slot + SLOT_FLOOR, get32(other + SLOT_FLOOR));
  set32(other + SLOT_BLOCK, NONE);
  set32(other + SLOT_STREAM, NONE);
  return 0;
}

/**
 * Opens a piece of `stream` with room for `bound` bytes. Returns its slot or a negative reason; a refused
 * stream leaves everything as it was but for a closed piece.
 */
function openPiece(stream: i32, bound: i32): i32 {
  const known: i32 = findSlot(stream);
  const slot: i32 = known === NONE ? oldestSlot() : known;
  if (get32(PIECE_FREE) === NONE && get32(PIECE_HIGH) === MAX_PIECES) {
    if (known === NONE || mayGrow(slot, bound) === 0) return NO_PIECE;
  }
  if (known === NONE || mayGrow(slot, bound) === 0) closeSlotPiece(slot);
  const reason: i32 = findRoom(slot, bound);
  if (reason < 0) return reason;
  set32(slot + SLOT_STREAM, stream);
  if (get32(slot + SLOT_PIECE) !== NONE) return slot;
  const piece: i32 = takePiece();
  const record: i32 = pieceAddress(piece);
  const cursor: i32 = get32(slot + SLOT_CURSOR);
  set32(record + PIECE_START, cursor);
  set32(record + PIECE_END, cursor);
  set32(record + PIECE_SPANS, 0);
  set32(record + PIECE_STREAM, stream);
  set32(record + PIECE_BLOCK, get32(slot + SLOT_BLOCK));
  set32(record + PIECE_STATE, PIECE_OPEN);
  const room: i32 = bound > PIECE_BYTES ? bound : PIECE_BYTES;
  const floor: i32 = get32(slot + SLOT_FLOOR);
  set32(slot + SLOT_LIMIT, cursor - room > floor ? cursor - room : floor);
  set32(slot + SLOT_PIECE, piece);
  set32(OPEN_PIECES, get32(OPEN_PIECES) + 1);
  retainBlock(get32(slot + SLOT_BLOCK));
  return slot;
}

/**
 * Finds room for a span of at most `bound` bytes. Returns the slot whose cursor the span is written from, or
 * FULL, FRAGMENTED or NO_PIECE.
 */
export function reserve(stream: i32, bound: i32): i32 {
  const last: i32 = get32(LAST_SLOT);
  if (get32(last + SLOT_STREAM) === stream && get32(last + SLOT_PIECE) !== NONE) {
    if (get32(last + SLOT_CURSOR) - bound >= get32(last + SLOT_LIMIT)) return last;
  }
  const slot: i32 = openPiece(stream, bound);
  if (slot < 0) return slot;
  set32(LAST_SLOT, slot);
  return slot;
}

/** Makes the bytes from `start` to the cursor of `slot` a span of its open piece. Returns the piece. */
export function commit(slot: i32, start: i32): i32 {
  const piece: i32 = get32(slot + SLOT_PIECE);
  const record: i32 = pieceAddress(piece);
  const tick: i32 = (get32(TICK) + 1) | 0;
  set32(WAITING_BYTES, get32(WAITING_BYTES) + get32(slot + SLOT_CURSOR) - start);
  set32(record + PIECE_START, start);
  set32(record + PIECE_SPANS, get32(record + PIECE_SPANS) + 1);
  set32(slot + SLOT_CURSOR, start);
  set32(slot + SLOT_TICK, tick);
  set32(TICK, tick);
  return piece;
}

/** Ends a piece: no span is added any more. Its block stays open for the next piece. */
export function closePiece(piece: i32): void {
  if (get32(pieceAddress(piece) + PIECE_STATE) !== PIECE_OPEN) return;
  const slot: i32 = findSlot(get32(pieceAddress(piece) + PIECE_STREAM));
  if (slot !== NONE) closeSlotPiece(slot);
}

/** Gives the bytes of a closed piece back. An open block that became empty is filled from its end again. */
export function freePiece(piece: i32): void {
  const record: i32 = pieceAddress(piece);
  if (get32(record + PIECE_STATE) !== PIECE_CLOSED) return;
  const block: i32 = get32(record + PIECE_BLOCK);
  set32(record + PIECE_STATE, PIECE_FREED);
  set32(record + PIECE_NEXT, get32(PIECE_FREE));
  set32(PIECE_FREE, piece);
  set32(WAITING_BYTES, get32(WAITING_BYTES) + get32(record + PIECE_START) - get32(record + PIECE_END));
  releaseBlock(block);
  if (get32(BLOCK_TABLE + (block << 3) + BLOCK_REFERENCES) !== 1) return;
  for (let slot: i32 = SLOTS; slot < SLOTS_END; slot += 1 << SLOT_SHIFT) {
    if (get32(slot + SLOT_BLOCK) === block) set32(slot + SLOT_CURSOR, blockEnd(block));
  }
}

/** Forgets a stream that will not come back, so that another may have its open block. */
export function dropStream(stream: i32): void {
  const slot: i32 = findSlot(stream);
  if (slot === NONE) return;
  closeSlotPiece(slot);
  abandonBlock(slot);
  set32(slot + SLOT_STREAM, NONE);
}
