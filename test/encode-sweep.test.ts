/** Sizes and characters at which encoders break, read back by our reader and by protobufjs. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FULL } from '../assembly/reasons.ts';
import type { Engine, EngineName } from '../src/engine/engine.ts';
import { createTsEngine } from '../src/engine/ts.ts';
import { createWasmEngine } from '../src/engine/wasm.ts';
import {
  EngineDriver,
  type Entry,
  expectedEntry,
  mapOf,
  type SpanInput,
  wellFormed,
} from './helpers/engine-driver.ts';
import { accounts, asRequest, pieceBytes, readPieces, sizedOptions } from './helpers/engine-memory.ts';
import { spansByProtobufjs } from './helpers/engine-protobufjs.ts';

const CREATE = { wasm: createWasmEngine, ts: createTsEngine };
const ENGINES: readonly EngineName[] = ['wasm', 'ts'];
/** One character for each length in UTF-8. */
const CHARACTERS = ['a', 'é', '漢', '🌊'];
const VARINT_BOUNDARIES = [128, 16_384, 2_097_152];

function driverOf(name: EngineName, blocks: number, blockShift: number, staging: number): EngineDriver {
  return new EngineDriver(CREATE[name](sizedOptions(blocks, blockShift, staging)));
}

function release(engine: Engine, piece: number): void {
  engine.core.closePiece(piece);
  engine.core.freePiece(piece);
}

/** Commits spans, reads them back twice and gives them back. */
function expectSpans(driver: EngineDriver, spans: readonly SpanInput[]): void {
  const { engine } = driver;
  const pieces = new Set(spans.map((span) => driver.commit(1, span)));
  expect(Math.min(...pieces)).toBeGreaterThanOrEqual(0);
  const ours = readPieces(engine, ...pieces);
  const theirs = spansByProtobufjs(asRequest(...[...pieces].map((piece) => pieceBytes(engine, piece))));
  for (const spanInput of spans) {
    const attributes = (spanInput.attributes ?? []).map(expectedEntry);
    const name = wellFormed(spanInput.name ?? '');
    const id = BigInt(spanInput.id ?? 1);
    const mine = ours.filter(({ startTimeUnixNano }) => startTimeUnixNano === id);
    expect(mine).toHaveLength(1);
    expect(
      mine[0].name === name && isDeepStrictEqual(mine[0].attributes, attributes),
      `span ${id}, our reader`,
    ).toBe(true);
    const independent = theirs.find(({ startTimeUnixNano }) => startTimeUnixNano === String(id));
    const texts = independent?.attributes.map(({ key, value }) => ({
      key,
      value: { type: 'string', value: value.stringValue },
    }));
    if (attributes.some(({ value }) => value.type !== 'string')) continue;
    expect(
      independent?.name === name && isDeepStrictEqual(texts ?? [], attributes),
      `span ${id}, protobufjs`,
    ).toBe(true);
  }
  for (const piece of pieces) release(engine, piece);
}

/** A text in every place that a span has for one; `id` tells the spans of one case apart. */
function inEveryPlace(text: string, id: number): SpanInput[] {
  const inline = text === '' ? 'k' : text;
  return [
    {
      id,
      attributes: [
        ['value', text],
        ['number', 'end'],
      ],
    },
    { id: id + 1, name: text, attributes: [['after', 'a']] },
    {
      id: id + 2,
      attributes: [
        [`\u0000${inline}`, text],
        [inline, ''],
      ],
    },
  ];
}

describe.each(ENGINES)('texts of every length on the %s engine', (name) => {
  it.each(CHARACTERS)('from 0 to 300 characters %s', (character) => {
    const driver = driverOf(name, 40, 14, 65_536);
    // More keys than the table holds: most of these travel inline.
    for (let length = 0; length <= 300; length += 1)
      expectSpans(driver, inEveryPlace(character.repeat(length), 1 + length * 3));
    expect(accounts(driver.engine).waitingBytes).toBe(0);
  });

  it.each(CHARACTERS)('around every boundary of a length varint, of characters %s', (character) => {
    const driver = driverOf(name, 9, 20, 4 << 20);
    const size = Buffer.byteLength(character);
    for (const boundary of VARINT_BOUNDARIES) {
      for (let bytes = boundary - 24; bytes <= boundary + 2; bytes += boundary > 1e6 ? 4 : 1) {
        const text = 'a'.repeat(bytes % size) + character.repeat(Math.floor(bytes / size));
        expectSpans(driver, [{ id: bytes, attributes: [['value', text]] }]);
      }
    }
    for (const bytes of [2_097_150, 2_097_151, 2_097_152, 2_097_153, 2_097_154]) {
      const text = 'a'.repeat(bytes % size) + character.repeat(Math.floor(bytes / size));
      expectSpans(driver, [{ id: bytes, attributes: [['value', text]] }]);
    }
  });
});

/** Texts whose ends are halves of surrogate pairs, beside texts that could complete them. */
const EDGES = [
  '',
  'a',
  'é',
  '🌊',
  '\ud83c',
  '\udf0a',
  'x\ud83c',
  '\udf0ay',
  '\ud83c\ud83c',
  '\udf0a\udf0a',
  '\udf0a漢\ud83c',
];

describe.each(ENGINES)('lone surrogates on the %s engine', (name) => {
  it('never merge across values, keys and names', () => {
    const driver = driverOf(name, 64, 14, 262_144);
    let id = 0;
    for (const first of EDGES) {
      for (const second of EDGES) {
        id += 3;
        const pair: Entry[] = [
          ['first', first],
          ['second', second],
        ];
        expectSpans(driver, [
          { id, name: first, attributes: [['n', second], ...pair] },
          {
            id: id + 1,
            name: second,
            attributes: [
              [`${first}k${second}`, first],
              [`${second}2`, second],
            ],
          },
          {
            id: id + 2,
            attributes: [
              ['list', [first, second, '', first]],
              ['map', mapOf([`${first}1`, second], ['\udf0a', first])],
              ...pair,
            ],
          },
        ]);
      }
    }
  });

  it('a high one at the end of a value and a low one at the start of the next are two U+FFFD', () => {
    const driver = driverOf(name, 4, 14, 65_536);
    const piece = driver.commit(1, {
      attributes: [
        ['a', 'x\ud83c'],
        ['b', '\udf0ay'],
      ],
    });
    const values = readPieces(driver.engine, piece)[0].attributes.map(({ value }) => value);
    expect(values).toEqual([
      { type: 'string', value: 'x\ufffd' },
      { type: 'string', value: '\ufffdy' },
    ]);
  });

  it('stay U+FFFD when the value is long enough to be encoded alone', () => {
    const driver = driverOf(name, 4, 14, 65_536);
    const long = 'x'.repeat(1023);
    expectSpans(driver, [
      {
        id: 1,
        attributes: [
          ['a', `${long}\ud83c`],
          ['b', `\udf0a${long}`],
          ['c', '\udf0a'],
          ['d', `${long}x\ud83c`],
        ],
      },
    ]);
  });
});

describe.each(ENGINES)('spans of every size on the %s engine', (name) => {
  it('fill blocks to the end without touching their neighbours', () => {
    for (let size = 0; size < 700; size += 7) {
      const driver = driverOf(name, 3, 12, 65_536);
      const texts: string[] = [];
      const pieces = new Set<number>();
      for (;;) {
        const text = String.fromCharCode(97 + (texts.length % 26)).repeat(size + (texts.length % 3));
        const piece = driver.commit(1, { id: texts.length + 1, attributes: [['text', text]] });
        if (piece < 0) {
          expect(piece).toBe(FULL);
          break;
        }
        pieces.add(piece);
        texts.push(text);
      }
      const spans = readPieces(driver.engine, ...pieces).sort((a, b) =>
        Number(a.startTimeUnixNano - b.startTimeUnixNano),
      );
      expect(spans.map(({ attributes }) => attributes[0].value)).toEqual(
        texts.map((value) => ({ type: 'string', value })),
      );
      for (const piece of pieces) release(driver.engine, piece);
      driver.engine.core.dropStream(1);
      expect(accounts(driver.engine)).toMatchObject({ freeBlocks: 3, waitingBytes: 0, openPieces: 0 });
    }
  });

  it('are refused at any allocation point without a trace', () => {
    // Each number of spans before the one that is refused leaves the arena full at another point.
    for (let before = 0; before < 24; before += 1) {
      const driver = driverOf(name, 6, 12, 131_072);
      const kept = new Set<number>();
      for (let id = 1; id <= before; id += 1) {
        const piece = driver.commit(id % 5, { id, attributes: [['text', 't'.repeat((id * 397) % 3000)]] });
        if (piece >= 0) kept.add(piece);
      }
      const bytes = [...kept].map((piece) => pieceBytes(driver.engine, piece));
      const { freeBlocks, waitingBytes } = accounts(driver.engine);
      for (const blocks of [1, 2, 3, 4, 5, 6, 7, 20]) {
        const piece = driver.commit(99, {
          id: 500 + blocks,
          attributes: [['text', 'T'.repeat(blocks * 4096 - 600)]],
        });
        if (piece >= 0) {
          expect(readPieces(driver.engine, piece)).toHaveLength(1);
          release(driver.engine, piece);
          driver.engine.core.dropStream(99);
        }
        const unchanged = [...kept].every(
          (id, index) => Buffer.compare(pieceBytes(driver.engine, id), bytes[index]) === 0,
        );
        expect(unchanged, `${before} spans, then one of ${blocks} blocks`).toBe(true);
        expect(accounts(driver.engine).waitingBytes).toBe(waitingBytes);
      }
      expect(accounts(driver.engine).freeBlocks).toBeGreaterThanOrEqual(freeBlocks);
    }
  });

  it.each([0, 1, 40, 128])('keep each value to itself when staging is full, before %i links', (links) => {
    // Long values may fill seven eighths of staging; the ids of links and three-byte text share the rest.
    const driver = driverOf(name, 100, 14, 65_536);
    const long: Entry = ['long', 'x'.repeat(200_000)];
    const short = Array.from({ length: 8 }, (_, index): Entry => [`short ${index}`, '漢'.repeat(1000)]);
    const status = { code: 2, message: 'bad' };
    const piece = driver.commit(1, { attributes: [long, ...short], links, status });
    const [span] = readPieces(driver.engine, piece);
    expect(span.links.length).toBeLessThanOrEqual(links);
    expect(span.links.every(({ traceId }) => traceId === '01010101000000000000000001000000')).toBe(true);
    expect(span.status).toEqual(status);
    for (const { key, value } of span.attributes) {
      expect((value as { value: string }).value, key).toMatch(key === 'long' ? /^x+$/ : /^漢*$/);
    }
  });
});
