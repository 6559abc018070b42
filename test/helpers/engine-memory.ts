/** @module An engine's memory from outside: sizes to make one, its control words, its pieces decoded. */

import {
  BLOCK_COUNT,
  CELLS,
  FREE_BLOCKS,
  OPEN_PIECES,
  PIECE_BLOCK,
  PIECE_END,
  PIECE_HIGH,
  PIECE_SHIFT,
  PIECE_SPANS,
  PIECE_START,
  PIECE_STATE,
  PIECE_STREAM,
  PIECE_TABLE,
  STRINGS,
  WAITING_BYTES,
} from '../../assembly/layout.ts';
import type { Engine, EngineOptions } from '../../src/engine/engine.ts';
import type { OtlpSpan } from '../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { tag, varint } from './protobuf-bytes.ts';

const PAGE = 65_536;
const LEAST_STRINGS = 65_536;

/**
 * Options for exactly `blocks` blocks of `1 << blockShift` bytes. String staging takes what is left of the last
 * page but for `spare` bytes behind the last block.
 */
export function sizedOptions(blocks: number, blockShift: number, leastStrings = LEAST_STRINGS, spare = 16) {
  const blockBytes = blocks << blockShift;
  const arenaBytes = Math.ceil((STRINGS + leastStrings + blockBytes + spare) / PAGE) * PAGE;
  const stringBytes = arenaBytes - STRINGS - blockBytes - spare;
  return { arenaBytes, blockShift, stringBytes } satisfies EngineOptions;
}

export interface PieceRecord {
  readonly start: number;
  readonly end: number;
  readonly spans: number;
  readonly stream: number;
  readonly block: number;
  readonly state: number;
}

export function pieceRecord(engine: Engine, piece: number): PieceRecord {
  const word = (offset: number) => engine.words[(PIECE_TABLE + (piece << PIECE_SHIFT) + offset) >> 2];
  return {
    start: word(PIECE_START),
    end: word(PIECE_END),
    spans: word(PIECE_SPANS),
    stream: word(PIECE_STREAM),
    block: word(PIECE_BLOCK),
    state: word(PIECE_STATE),
  };
}

/** The numbers by which an engine accounts for its memory. */
export function accounts(engine: Engine) {
  const word = (address: number) => engine.words[address >> 2];
  return {
    blocks: word(BLOCK_COUNT),
    freeBlocks: word(FREE_BLOCKS),
    openPieces: word(OPEN_PIECES),
    piecesEver: word(PIECE_HIGH),
    waitingBytes: word(WAITING_BYTES),
  };
}

/** What freed bytes are filled with. */
export const CANARY = 0xee;

/** Makes an engine fill every piece it frees. */
export function fillFreed(engine: Engine): Engine {
  const { core } = engine;
  const freePiece = (piece: number) => {
    const { start, end } = pieceRecord(engine, piece);
    const { waitingBytes } = accounts(engine);
    core.freePiece(piece);
    if (accounts(engine).waitingBytes < waitingBytes) engine.bytes.fill(CANARY, start, end);
  };
  return Object.assign(engine, { core: { ...core, freePiece } });
}

export function pieceBytes(engine: Engine, piece: number): Uint8Array {
  const { start, end } = pieceRecord(engine, piece);
  return engine.bytes.slice(start, end);
}

/** The bytes of pieces as one `ExportTraceServiceRequest` without resource and scope. */
export function asRequest(...pieces: Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, bytes) => sum + bytes.length, 0);
  const scopeSpans = messageHeader(2, length);
  // A plain Uint8Array: what a Buffer calls `slice` is a view.
  return new Uint8Array(Buffer.concat([messageHeader(1, scopeSpans.length + length), scopeSpans, ...pieces]));
}

function messageHeader(number: number, length: number): Uint8Array {
  return Uint8Array.from([...tag(number, 2), ...varint(BigInt(length))]);
}

/** The spans of pieces, in the order of their bytes. */
export function readPieces(engine: Engine, ...pieces: number[]): OtlpSpan[] {
  const bytes = asRequest(...pieces.map((piece) => pieceBytes(engine, piece)));
  return readExportTraceServiceRequest([bytes]).resourceSpans[0].scopeSpans[0].spans;
}

/** Puts cells and text into staging as they are. Returns the arguments that `commitSpan` takes after the stream. */
export function stage(engine: Engine, cells: readonly (readonly number[])[], text = ''): [number, number] {
  for (const [index, cell] of cells.entries()) engine.words.set(cell, (CELLS >> 2) + index * 4);
  const bytes = Buffer.from(text, 'utf8');
  engine.bytes.set(bytes, STRINGS);
  return [cells.length, STRINGS + bytes.length];
}
