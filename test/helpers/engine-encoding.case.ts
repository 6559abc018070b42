/** @module What every engine must make of cells: the part of engine.case.ts that looks into the spans. */

import { expect, it } from 'vitest';
import {
  ARRAY_OPEN,
  INT,
  KEY,
  KEY_INLINE,
  MEMO,
  NAME_MEMO,
  NAME_REMEMBER,
  STRING,
  STRING_REMEMBER,
} from '../../assembly/cells.ts';
import { CELLS, MAX_KEYS, STRINGS } from '../../assembly/layout.ts';
import { MALFORMED } from '../../assembly/reasons.ts';
import { Int64 } from '../../src/engine/attribute-value.ts';
import type { Engine, EngineOptions } from '../../src/engine/engine.ts';
import { EngineDriver, expectedEntry, type expectedValue, mapOf } from './engine-driver.ts';
import { readPieces, sizedOptions, stage } from './engine-memory.ts';

type Create = (options: EngineOptions) => Engine;

const BLOCK_SHIFT = 12;

export function encodingCases(small: (blocks: number) => Engine, create: Create): void {
  const bytes = Uint8Array.of(0, 128, 255);
  const nested = mapOf(
    ['list', ['a', [true, null], mapOf()]],
    ['key', 'ü'],
    ['k'.repeat(130), 1],
    ['', bytes],
  );
  const values = [
    '',
    'text',
    'grüße 漢 🌊',
    'x'.repeat(2000),
    true,
    false,
    null,
    0,
    -0,
    1,
    127,
    128,
    -1,
    0.5,
  ];
  const numbers = [
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    1e300,
    2 ** 31,
    2 ** 31 - 1,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53,
  ];
  const wide = [
    2 ** 62,
    -(2 ** 63),
    2 ** 63,
    new Int64(2n ** 63n - 1n),
    new Int64(-(2n ** 63n)),
    new Int64(-1n),
  ];
  const rest = [bytes, new Uint8Array(0), [], ['a', 1, null], mapOf(), nested, [nested, [nested]]];

  it.each(
    [
      [...values, ...numbers],
      [...wide, ...rest],
    ]
      .flat()
      .map((value) => [value] as const),
  )(
    'the attribute value %o, alone, in an array, in a map, in an event, under a key of the table or inline',
    (value) => {
      const driver = new EngineDriver(small(64));
      const entries = [
        ['key', value],
        ['k'.repeat(200), value],
        ['list', [value, value]],
        ['map', mapOf(['m', value])],
      ] as const;
      const piece = driver.commit(1, {
        attributes: entries,
        events: [{ name: 'event', attributes: entries }],
      });
      const [span] = readPieces(driver.engine, piece);
      expect(span.attributes).toEqual(entries.map(expectedEntry));
      expect(span.events).toMatchObject([{ name: 'event', attributes: entries.map(expectedEntry) }]);
    },
  );

  it.each(['array', 'map'])('64 nested values of kind %s, in an event too', (kind) => {
    const driver = new EngineDriver(small(64));
    let value = expectedDepth(kind, 64);
    const attributes = [['deep', value]] as const;
    const piece = driver.commit(1, { attributes, events: [{ name: 'e', attributes }] });
    const [span] = readPieces(driver.engine, piece);
    expect(span.attributes).toEqual(attributes.map(expectedEntry));
    expect(span.events[0].attributes).toEqual(attributes.map(expectedEntry));
    value = expectedDepth(kind, 97);
    expect(driver.commit(1, { attributes: [['deep', value]] })).toBe(MALFORMED);
  });

  it('text of other scripts by its byte lengths, which it counts over the staged UTF-8', () => {
    const engine = small(2);
    const parts = ['a', 'é', '', '漢字', '🌊🌊', 'z'];
    const cells = parts.flatMap((text) => [
      [KEY, 0, 1, 0],
      [STRING, KEY_INLINE, text.length, 0],
    ]);
    const [count, end] = stage(engine, cells, parts.map((text) => `k${text}`).join(''));
    engine.core.recoverText(count, STRINGS);
    const piece = engine.core.commitSpan(1, count, end);
    expect(readPieces(engine, piece)[0].attributes).toEqual(parts.map((text) => expectedEntry(['k', text])));
  });

  it('a message below the end of string staging', () => {
    const options = sizedOptions(1, BLOCK_SHIFT);
    const engine = create(options);
    const [count, end] = stage(
      engine,
      [
        [KEY, 0, 1, 0],
        [INT, KEY_INLINE, 5, 0],
      ],
      'k',
    );
    const start = engine.core.encodeMessage(count, end);
    const message = engine.bytes.slice(start, STRINGS + options.stringBytes);
    expect([...message]).toEqual([0x4a, 7, 0x0a, 1, 0x6b, 0x12, 2, 0x18, 5]);
    expect(engine.core.encodeMessage(...stage(engine, [[ARRAY_OPEN, 0, 0, 0]]))).toBe(MALFORMED);
  });

  it('in a block that ends where the memory ends', () => {
    const driver = new EngineDriver(create(sizedOptions(1, BLOCK_SHIFT, 65_536, 0)));
    const piece = driver.commit(1, { attributes: [['key', 'remembered']] });
    expect(readPieces(driver.engine, piece)[0].attributes).toEqual([expectedEntry(['key', 'remembered'])]);
  });
}

function expectedDepth(kind: string, depth: number) {
  let value: Parameters<typeof expectedValue>[0] = 'bottom';
  for (let level = 0; level < depth; level += 1) value = kind === 'array' ? [value] : mapOf(['k', value]);
  return value;
}

export function memoCases(small: (blocks: number) => Engine): void {
  function withKey(): Engine {
    const engine = small(4);
    engine.bytes.set([0x6b], STRINGS);
    engine.core.internKey(1);
    return engine;
  }
  const commit = (engine: Engine, cells: number[][], text = '') =>
    readPieces(engine, engine.core.commitSpan(1, ...stage(engine, cells, text)))[0];

  it('of the value that a cell tells it to remember', () => {
    const engine = withKey();
    expect(commit(engine, [[STRING_REMEMBER, 0, 5, 0]], 'value').attributes).toEqual([
      expectedEntry(['k', 'value']),
    ]);
    expect(commit(engine, [[MEMO, 0, 0, 0]]).attributes).toEqual([expectedEntry(['k', 'value'])]);
    commit(engine, [[STRING, 0, 5, 0]], 'other');
    expect(commit(engine, [[MEMO, 0, 0, 0]]).attributes).toEqual([expectedEntry(['k', 'value'])]);
    commit(engine, [[STRING_REMEMBER, 0, 3, 0]], 'new');
    expect(commit(engine, [[MEMO, 0, 0, 0]]).attributes).toEqual([expectedEntry(['k', 'new'])]);
  });

  it('of a span name', () => {
    const engine = withKey();
    expect(commit(engine, [[NAME_REMEMBER, 0, 4, MAX_KEYS + 3]], 'name').name).toBe('name');
    expect(commit(engine, [[NAME_MEMO, 0, 0, MAX_KEYS + 3]]).name).toBe('name');
    expect(commit(engine, [[NAME_MEMO, 0, 0, MAX_KEYS + 4]]).name).toBe('');
  });

  it('that never holds more than its entry has room for', () => {
    const engine = withKey();
    const before = engine.bytes.slice();
    const span = commit(engine, [[STRING_REMEMBER, 0, 300, 0]], 'x'.repeat(300));
    expect(span.attributes).toEqual([expectedEntry(['k', 'x'.repeat(300)])]);
    commit(engine, [[NAME_REMEMBER, 0, 300, MAX_KEYS]], 'x'.repeat(300));
    // Control words and tables before the key table change; the memo, between the key table and the cells, does not.
    expect(engine.bytes.subarray(CELLS - 226_304, CELLS)).toEqual(before.subarray(CELLS - 226_304, CELLS));
  });
}
