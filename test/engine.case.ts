/** @module What every engine must do. One short file for each engine runs these cases; none is left out. */

import { describe, expect, it } from 'vitest';
import { ARRAY_CLOSE, ARRAY_OPEN, INT, MESSAGE_CLOSE, MESSAGE_OPEN } from '../assembly/cells.ts';
import {
  BLOCKS_START,
  CELLS,
  MAX_BLOCKS,
  MAX_KEYS,
  MAX_PIECES,
  PIECE_CLOSED,
  PIECE_FREED,
  PIECE_OPEN,
  STRING_BYTES,
  STRINGS,
} from '../assembly/layout.ts';
import { FRAGMENTED, FULL, MALFORMED, NO_PIECE } from '../assembly/reasons.ts';
import type { Engine, EngineName, EngineOptions } from '../src/engine/engine.ts';
import { EngineDriver, expectedEntry } from './helpers/engine-driver.ts';
import { encodingCases, memoCases } from './helpers/engine-encoding.case.ts';
import {
  accounts,
  pieceBytes,
  pieceRecord,
  readPieces,
  sizedOptions,
  stage,
} from './helpers/engine-memory.ts';

type Create = (options: EngineOptions) => Engine;

const BLOCK_SHIFT = 12;
const BLOCK = 1 << BLOCK_SHIFT;
const STRING_STAGING = 200_000;

export function engineCases(name: EngineName, create: Create): void {
  const small = (blocks: number) => create(sizedOptions(blocks, BLOCK_SHIFT, STRING_STAGING));
  describe(`the ${name} engine`, () => {
    it('is the engine that this run asks for', () => {
      expect(small(1).name).toBe(name);
    });
    describe('lays out its memory', () => layoutCases(create));
    describe('knows attribute keys', () => keyCases(small));
    describe('puts spans into pieces', () => pieceCases(small));
    describe('gives pieces back', () => freeingCases(small));
    describe('hands out blocks', () => blockCases(small));
    describe('refuses spans', () => refusalCases(small));
    describe('encodes', () => encodingCases(small, create));
    describe('keeps a memo', () => memoCases(small));
  });
}

function layoutCases(create: Create): void {
  it.each([0, -1])('fails when there is room for %i blocks', (blocks) => {
    const options = sizedOptions(1, BLOCK_SHIFT);
    const stringBytes = options.stringBytes + (1 - blocks) * BLOCK;
    expect(() => create({ ...options, stringBytes })).toThrow(RangeError);
  });

  it.each([1, 2, 31, 32, 33, 64, 100])('makes exactly the %i blocks that there is room for', (blocks) => {
    const options = sizedOptions(blocks, BLOCK_SHIFT);
    const engine = create(options);
    expect(accounts(engine)).toEqual({
      blocks,
      freeBlocks: blocks,
      openPieces: 0,
      piecesEver: 0,
      waitingBytes: 0,
    });
    expect(engine.words[STRING_BYTES >> 2]).toBe(options.stringBytes);
    expect(engine.words[BLOCKS_START >> 2]).toBe(STRINGS + options.stringBytes);
    expect(engine.bytes.length).toBe(options.arenaBytes);
  });

  it('makes no more blocks than its tables hold', () => {
    const { blocks, freeBlocks } = accounts(create(sizedOptions(MAX_BLOCKS + 10, BLOCK_SHIFT)));
    expect([blocks, freeBlocks]).toEqual([MAX_BLOCKS, MAX_BLOCKS]);
  });

  it('has views of one memory', () => {
    const engine = create(sizedOptions(1, BLOCK_SHIFT));
    engine.doubles[CELLS >> 3] = 1;
    expect(engine.words[(CELLS >> 2) + 1]).toBe(0x3ff00000);
    expect(engine.bytes[CELLS + 7]).toBe(0x3f);
  });
}

function keyCases(small: (blocks: number) => Engine): void {
  const intern = (engine: Engine, key: string) =>
    engine.core.internKey(engine.bytes.fill(0x6b, STRINGS, STRINGS + key.length) && key.length);

  it('numbers them from 0', () => {
    const engine = small(1);
    expect([intern(engine, 'a'), intern(engine, 'bc'), intern(engine, 'def')]).toEqual([0, 1, 2]);
  });

  it('takes 127 bytes and refuses 128', () => {
    const engine = small(1);
    expect(intern(engine, 'k'.repeat(128))).toBe(-1);
    expect(intern(engine, 'k'.repeat(127))).toBe(0);
    const piece = engine.core.commitSpan(1, ...stage(engine, [[INT, 0, 7, 0]]));
    expect(readPieces(engine, piece)[0].attributes).toEqual([expectedEntry(['k'.repeat(127), 7])]);
  });

  it('refuses the first one beyond the table and keeps the others', () => {
    const engine = small(1);
    for (let key = 0; key < MAX_KEYS; key += 1) expect(intern(engine, 'k')).toBe(key);
    expect(intern(engine, 'k')).toBe(-1);
    const piece = engine.core.commitSpan(1, ...stage(engine, [[INT, MAX_KEYS - 1, 7, 0]]));
    expect(readPieces(engine, piece)[0].attributes).toEqual([expectedEntry(['k', 7])]);
  });
}

function pieceCases(small: (blocks: number) => Engine): void {
  it('lays spans of one stream into one open piece, newest first', () => {
    const driver = new EngineDriver(small(2));
    const pieces = [1, 2, 3].map((id) => driver.commit(5, { id, name: `span ${id}` }));
    expect(pieces).toEqual([0, 0, 0]);
    const record = pieceRecord(driver.engine, 0);
    expect(record).toMatchObject({ spans: 3, stream: 5, state: PIECE_OPEN });
    expect(record.end - record.start).toBe(accounts(driver.engine).waitingBytes);
    expect(readPieces(driver.engine, 0).map((span) => span.name)).toEqual(['span 3', 'span 2', 'span 1']);
  });

  it('writes the identity, kind, flags and times of the span head', () => {
    const driver = new EngineDriver(small(1));
    driver.commit(1, { id: 9, parent: 8, kind: 3, name: 'child' });
    expect(readPieces(driver.engine, 0)[0]).toMatchObject({
      traceId: `0101010100000000000000000${'9'}000000`,
      spanId: '0202020209000000',
      parentSpanId: '0202020208000000',
      kind: 3,
      flags: 0x101,
      startTimeUnixNano: 9n,
      endTimeUnixNano: 9n + (1n << 32n),
    });
  });

  it('keeps streams apart', () => {
    const driver = new EngineDriver(small(8));
    for (let id = 0; id < 24; id += 1) driver.commit(100 + (id % 8), { id, name: `${id % 8}` });
    expect(accounts(driver.engine)).toMatchObject({ piecesEver: 8, openPieces: 8, freeBlocks: 0 });
    for (let piece = 0; piece < 8; piece += 1) {
      expect(pieceRecord(driver.engine, piece)).toMatchObject({ stream: 100 + piece, spans: 3 });
      expect(new Set(readPieces(driver.engine, piece).map((span) => span.name))).toEqual(
        new Set([`${piece}`]),
      );
    }
  });

  it('gives a ninth stream the block of the one used least recently, and closes its piece', () => {
    const driver = new EngineDriver(small(8));
    for (let stream = 1; stream <= 8; stream += 1) driver.commit(stream, { id: stream });
    driver.commit(1, { id: 11 });
    const ninth = driver.commit(9, { id: 9 });
    expect(pieceRecord(driver.engine, ninth).block).toBe(pieceRecord(driver.engine, 1).block);
    expect(pieceRecord(driver.engine, ninth).end).toBe(pieceRecord(driver.engine, 1).start);
    const states = Array.from({ length: 9 }, (_, piece) => pieceRecord(driver.engine, piece).state);
    expect(states).toEqual([PIECE_OPEN, PIECE_CLOSED, ...Array(7).fill(PIECE_OPEN)]);
    expect(driver.commit(2, { id: 22 })).toBe(9);
  });

  it('closes a piece without closing its block', () => {
    const driver = new EngineDriver(small(2));
    const first = driver.commit(1, { id: 1 });
    driver.engine.core.closePiece(first);
    const second = driver.commit(1, { id: 2 });
    expect(second).not.toBe(first);
    expect(pieceRecord(driver.engine, second)).toMatchObject({
      block: 0,
      end: pieceRecord(driver.engine, first).start,
    });
    expect(pieceRecord(driver.engine, first).state).toBe(PIECE_CLOSED);
    expect(accounts(driver.engine)).toMatchObject({ openPieces: 1, freeBlocks: 1 });
  });

  it('continues in another block when one is full', () => {
    const driver = new EngineDriver(small(3));
    const pieces = new Set<number>();
    for (let id = 1; id <= 20; id += 1)
      pieces.add(driver.commit(1, { id, attributes: [['text', 'x'.repeat(300)]] }));
    expect([...pieces].map((piece) => pieceRecord(driver.engine, piece).block)).toEqual([0, 1]);
    const ids = readPieces(driver.engine, ...pieces).map((span) => Number(span.startTimeUnixNano));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
}

function freeingCases(small: (blocks: number) => Engine): void {
  it('frees a closed piece once, and an open one not at all', () => {
    const driver = new EngineDriver(small(2));
    const { core } = driver.engine;
    const piece = driver.commit(1);
    core.freePiece(piece);
    expect(pieceRecord(driver.engine, piece).state).toBe(PIECE_OPEN);
    core.closePiece(piece);
    core.freePiece(piece);
    const after = accounts(driver.engine);
    expect(pieceRecord(driver.engine, piece).state).toBe(PIECE_FREED);
    expect(after).toMatchObject({ waitingBytes: 0, openPieces: 0 });
    core.freePiece(piece);
    core.closePiece(piece);
    expect(accounts(driver.engine)).toEqual(after);
    expect([driver.commit(1), driver.commit(2)]).toEqual([piece, 1]);
  });

  it('uses one block and one piece again for ever when it idles', () => {
    const driver = new EngineDriver(small(4));
    const places = new Set<string>();
    for (let round = 0; round < 2000; round += 1) {
      const piece = driver.commit(1, { id: 1, name: 'tick' });
      driver.engine.core.closePiece(piece);
      places.add(`${piece} ${pieceRecord(driver.engine, piece).start}`);
      driver.engine.core.freePiece(piece);
    }
    expect(places.size).toBe(1);
    expect(accounts(driver.engine)).toMatchObject({ freeBlocks: 3, piecesEver: 1, waitingBytes: 0 });
  });

  it('counts waiting bytes exactly, whatever the order of closing and freeing', () => {
    const driver = new EngineDriver(small(6));
    const pieces = [1, 2, 3, 1, 2, 3].map((stream, id) => {
      const piece = driver.commit(stream, { id, name: 'n'.repeat(id * 40) });
      driver.engine.core.closePiece(piece);
      return piece;
    });
    let bytes = pieces.reduce((sum, piece) => sum + pieceBytes(driver.engine, piece).length, 0);
    for (const index of [3, 0, 5, 1, 4, 2]) {
      expect(accounts(driver.engine).waitingBytes).toBe(bytes);
      bytes -= pieceBytes(driver.engine, pieces[index]).length;
      driver.engine.core.freePiece(pieces[index]);
    }
    expect(accounts(driver.engine).waitingBytes).toBe(0);
  });

  it('forgets a dropped stream and keeps its spans until they are freed', () => {
    const driver = new EngineDriver(small(1));
    const { core } = driver.engine;
    const piece = driver.commit(1, { name: 'kept' });
    core.dropStream(1);
    core.dropStream(77);
    expect(pieceRecord(driver.engine, piece).state).toBe(PIECE_CLOSED);
    expect(readPieces(driver.engine, piece)[0].name).toBe('kept');
    expect(accounts(driver.engine).freeBlocks).toBe(0);
    core.freePiece(piece);
    expect(accounts(driver.engine)).toMatchObject({ freeBlocks: 1, openPieces: 0, waitingBytes: 0 });
  });
}

function blockCases(small: (blocks: number) => Engine): void {
  const large = (blocks: number) => ({ attributes: [['text', 'x'.repeat(blocks * BLOCK - 900)]] as const });
  const blockOf = (driver: EngineDriver, piece: number) => {
    expect(piece).toBeGreaterThanOrEqual(0);
    return pieceRecord(driver.engine, piece).block;
  };

  it('takes single blocks from the low end, the lowest free one first', () => {
    const driver = new EngineDriver(small(40));
    const pieces = [1, 2, 3, 4].map((stream) => driver.commit(stream, large(1)));
    expect(pieces.map((piece) => blockOf(driver, piece))).toEqual([0, 1, 2, 3]);
    for (const stream of [3, 2]) driver.engine.core.dropStream(stream);
    for (const piece of [pieces[2], pieces[1]]) driver.engine.core.freePiece(piece);
    expect([5, 6, 7].map((stream) => blockOf(driver, driver.commit(stream, large(1))))).toEqual([1, 2, 4]);
  });

  it('takes runs for large spans from the high end, and gives whole runs back', () => {
    const driver = new EngineDriver(small(40));
    expect(blockOf(driver, driver.commit(1, large(3)))).toBe(37);
    expect(blockOf(driver, driver.commit(2, large(5)))).toBe(32);
    expect(blockOf(driver, driver.commit(3, large(2)))).toBe(30);
    expect(accounts(driver.engine).freeBlocks).toBe(30);
    driver.engine.core.dropStream(2);
    driver.engine.core.freePiece(1);
    expect(accounts(driver.engine).freeBlocks).toBe(35);
    expect(blockOf(driver, driver.commit(4, large(4)))).toBe(33);
    expect(blockOf(driver, driver.commit(5, large(30)))).toBe(0);
  });

  it('fills the rest of a run with small spans', () => {
    const driver = new EngineDriver(small(8));
    const piece = driver.commit(1, { attributes: [['text', 'x'.repeat(4 * BLOCK)]] });
    expect(driver.commit(1, { id: 2 })).toBe(piece);
    expect(accounts(driver.engine).freeBlocks).toBe(3);
  });
}

function refusalCases(small: (blocks: number) => Engine): void {
  /** Runs `act`, which must be refused for `reason`, and checks that no span and no account changed. */
  function refused(driver: EngineDriver, pieces: number[], act: () => number, reason: number): void {
    const before = { ...accounts(driver.engine), openPieces: 0 };
    const bytes = pieces.map((piece) => pieceBytes(driver.engine, piece));
    expect(act()).toBe(reason);
    expect({ ...accounts(driver.engine), openPieces: 0 }).toEqual(before);
    expect(pieces.map((piece) => pieceBytes(driver.engine, piece))).toEqual(bytes);
  }

  it('when the arena is full, and takes spans again when bytes came back', () => {
    const driver = new EngineDriver(small(2));
    const attributes = [['text', 'x'.repeat(1500)]] as const;
    const pieces: number[] = [];
    for (let piece = driver.commit(1, { attributes }); piece >= 0; piece = driver.commit(1, { attributes })) {
      pieces.push(piece);
    }
    expect(pieces).toEqual([0, 0, 1, 1]);
    refused(driver, [0, 1], () => driver.commit(1, { attributes }), FULL);
    refused(driver, [0, 1], () => driver.commit(2, { attributes }), FULL);
    expect(driver.commit(2, { id: 2 })).toBe(2);
    driver.engine.core.closePiece(0);
    driver.engine.core.freePiece(0);
    expect(driver.commit(1, { attributes })).toBeGreaterThanOrEqual(0);
  });

  it('when enough blocks are free but not side by side', () => {
    const driver = new EngineDriver(small(5));
    const text = 'x'.repeat(BLOCK - 900);
    const pieces = [1, 2, 3, 4, 5].map((stream) => driver.commit(stream, { attributes: [['text', text]] }));
    for (const stream of [1, 3, 5]) driver.engine.core.dropStream(stream);
    for (const piece of [0, 2, 4]) driver.engine.core.freePiece(pieces[piece]);
    const large = { attributes: [['text', text + text]] as const };
    refused(driver, [1, 3], () => driver.commit(6, large), FRAGMENTED);
    expect(accounts(driver.engine).freeBlocks).toBe(3);
    refused(driver, [1, 3], () => driver.commit(6, { attributes: [['text', text.repeat(4)]] }), FULL);
  });

  it('when every piece record is in use', () => {
    const driver = new EngineDriver(small(300));
    for (let piece = 0; piece < MAX_PIECES; piece += 1) {
      expect(driver.commit(1)).toBe(piece);
      if (piece < MAX_PIECES - 1) driver.engine.core.closePiece(piece);
    }
    expect(driver.commit(1)).toBe(MAX_PIECES - 1);
    refused(driver, [0, MAX_PIECES - 1], () => driver.commit(2), NO_PIECE);
    driver.engine.core.closePiece(MAX_PIECES - 1);
    refused(driver, [0, MAX_PIECES - 1], () => driver.commit(1), NO_PIECE);
    driver.engine.core.freePiece(100);
    expect(driver.commit(2)).toBe(100);
  });

  it.each([
    ['an array that is not closed', [[ARRAY_OPEN, 0, 0, 0]]],
    ['an array that was not opened', [[ARRAY_CLOSE, 0, 0, 0]]],
    [
      '97 levels',
      [...Array(97).fill([MESSAGE_OPEN, 0x5a, 0, 0]), ...Array(97).fill([MESSAGE_CLOSE, 0x1a, 0, 0])],
    ],
  ])('whose cells are malformed: %s', (_what, cells) => {
    const driver = new EngineDriver(small(16));
    const piece = driver.commit(1, { name: 'neighbour' });
    const { waitingBytes } = accounts(driver.engine);
    expect(driver.engine.core.commitSpan(1, ...stage(driver.engine, cells))).toBe(MALFORMED);
    expect(accounts(driver.engine).waitingBytes).toBe(waitingBytes);
    const next = driver.commit(1, { name: 'next' });
    const pieces = [...new Set([next, piece])];
    expect(readPieces(driver.engine, ...pieces).map((span) => span.name)).toEqual(['next', 'neighbour']);
  });
}
