/** Lengths at the edges of 32 bits, and arenas that are exactly full: refused and counted, with nothing written. */
import { describe, expect, it } from 'vitest';
import { CELLS, MAX_CELLS, STRING_BYTES, STRINGS } from '../../assembly/layout.ts';
import { FULL, MALFORMED } from '../../assembly/reasons.ts';
import type { AttributeValue } from '../../src/engine/attribute-value.ts';
import { createTsEngine } from '../../src/engine/ts.ts';
import { createWasmEngine } from '../../src/engine/wasm.ts';
import { keepFigures } from '../faults/figures.ts';
import { EngineDriver } from '../helpers/engine-driver.ts';
import { accounts, readPieces, sizedOptions } from '../helpers/engine-memory.ts';

const ENGINES = [
  ['wasm', createWasmEngine],
  ['ts', createTsEngine],
] as const;
const EDGES = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53];

/** A byte array that says it is longer than it is. */
function claiming(length: number): Uint8Array {
  return Object.defineProperty(new Uint8Array(8), 'length', { value: length });
}

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/fuzz/engine-limits.test.ts';
/** Of both engines. */
const measured: Record<string, number> = {};

describe.each(ENGINES)('on the %s engine', (name, create) => {
  it.each(EDGES)('a byte array of %i is left out, and its neighbours stay', (length) => {
    const driver = new EngineDriver(create(sizedOptions(4, 14)));
    const attributes: [string, AttributeValue][] = [
      ['before', 'b'],
      ['huge', claiming(length)],
      ['list', ['x', claiming(length)]],
      ['after', 'a'],
    ];
    const [span] = readPieces(driver.engine, driver.commit(1, { attributes }));
    const keys = span.attributes.map(({ key }) => key);
    expect(keys.filter((key) => key !== 'list')).toEqual(['before', 'after']);
  });

  it.each([...EDGES, -1, -(2 ** 31)])(
    'the core refuses %i cells, or text up to there, and changes nothing',
    (edge) => {
      const driver = new EngineDriver(create(sizedOptions(4, 14)));
      const { engine } = driver;
      const kept = driver.commit(1, { id: 7, attributes: [['k', 'kept']] });
      const before = Buffer.from(engine.bytes);
      const unchanged = () => Buffer.compare(before, engine.bytes) === 0;
      for (const [cells, textEnd] of [
        [edge | 0 || MAX_CELLS + 1, STRINGS],
        [0, edge | 0],
        [MAX_CELLS + 1, STRINGS],
        [1, STRINGS + engine.words[STRING_BYTES >> 2] + 1],
      ]) {
        expect(engine.core.commitSpan(2, cells, textEnd), `${cells} cells, text to ${textEnd}`).toBe(
          MALFORMED,
        );
        expect(engine.core.encodeMessage(cells, textEnd)).toBeLessThan(0);
        expect(unchanged(), `${cells} cells, text to ${textEnd}`).toBe(true);
      }
      expect(readPieces(engine, kept)[0].attributes).toHaveLength(1);
    },
  );

  it('an arena that is exactly full refuses every further span, at every offset of the last block', () => {
    let refused = 0;
    for (let offset = 0; offset < 64; offset += 1) {
      const driver = new EngineDriver(create(sizedOptions(2, 12)));
      const pieces = new Set<number>();
      let count = 0;
      const fill = (text: string): boolean => {
        const piece = driver.commit(1, { id: count + 1, attributes: [['k', text]] });
        if (piece < 0) expect(piece).toBe(FULL);
        else pieces.add(piece);
        if (piece >= 0) count += 1;
        return piece >= 0;
      };
      fill('x'.repeat(offset));
      while (fill('y'.repeat(1500)));
      while (fill(''));
      const full = Buffer.from(
        driver.engine.bytes.subarray(STRINGS + driver.engine.words[STRING_BYTES >> 2]),
      );
      expect(fill('')).toBe(false);
      expect(
        Buffer.compare(full, driver.engine.bytes.subarray(STRINGS + driver.engine.words[STRING_BYTES >> 2])),
        `offset ${offset}`,
      ).toBe(0);
      expect(readPieces(driver.engine, ...pieces)).toHaveLength(count);
      for (const piece of pieces) {
        driver.engine.core.closePiece(piece);
        driver.engine.core.freePiece(piece);
      }
      expect(accounts(driver.engine).waitingBytes).toBe(0);
      expect(fill('again')).toBe(true);
      refused += 1;
    }
    measured[`${name}: offsets of a full arena`] = refused;
    keepFigures('hostile-lengths', COMMAND, { 'lengths at the edges of 32 bits': EDGES.length, ...measured });
  });
});

it('the cells end where string staging begins, with its slack before it', () => {
  expect(CELLS + MAX_CELLS * 16 + 16).toBe(STRINGS);
});
