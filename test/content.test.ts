import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentText } from '../src/ai/content.ts';
import { cycle, HOSTILE, nested } from './helpers/api-hostile.ts';

const read = (value: unknown): unknown => JSON.parse(contentText(value) ?? 'null');

test('text is captured as it is, everything else as JSON, undefined not at all', () => {
  expect(contentText('a "text"')).toBe('a "text"');
  expect(contentText('')).toBe('');
  expect(contentText(undefined)).toBeUndefined();
  expect(contentText(null)).toBe('null');
  expect(contentText(5)).toBe('5');
  expect(contentText(Number.NaN)).toBe('null');
  expect(contentText(false)).toBe('false');
  expect(contentText([{ role: 'user', content: 'hi' }])).toBe('[{"role":"user","content":"hi"}]');
});

test('is what JSON.stringify gives, wherever that has a form for it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      if (typeof value !== 'string') expect(contentText(value)).toBe(JSON.stringify(value));
    }),
    { numRuns: 300 },
  );
});

describe('what JSON has no form for', () => {
  test.each([
    ['bigints', { n: 5n }, { n: '5' }],
    ['symbols', { s: Symbol('x') }, { s: 'Symbol(x)' }],
    ['functions', [Math.max], ['function max() { [native code] }']],
    ['errors', { e: new TypeError('m') }, { e: 'TypeError: m' }],
    ['maps', new Map<unknown, unknown>([['k', { a: 1 }]]), [['k', { a: 1 }]]],
    ['sets', { s: new Set([1, 2]) }, { s: [1, 2] }],
    ['typed arrays', { t: new Float64Array(3) }, { t: '[24 bytes]' }],
    ['byte arrays', new Uint8Array(5), '[5 bytes]'],
    ['buffers, which have a toJSON of their own', { b: Buffer.alloc(5) }, { b: '[5 bytes]' }],
    ['dates', { d: new Date(0) }, { d: '1970-01-01T00:00:00.000Z' }],
    ['cycles', cycle(), { name: 'loop', self: '[Circular]', list: ['[Circular]'] }],
  ])('%s', (_, value, expected) => {
    expect(read(value)).toEqual(expected);
  });

  test('at the top as well', () => {
    expect(contentText(5n)).toBe('"5"');
    expect(contentText(Symbol('x'))).toBe('"Symbol(x)"');
    expect(contentText(() => 1)).toBe('"() => 1"');
    expect(contentText(new Error('m'))).toBe('"Error: m"');
  });
});

test('one object in two places is no cycle', () => {
  const shared = { a: 1 };
  expect(read([shared, { shared }, new Map([['k', shared]])])).toEqual([
    ...[{ a: 1 }, { shared: { a: 1 } }, [['k', { a: 1 }]]],
  ]);
});

test('a map in itself is a cycle', () => {
  const map = new Map<unknown, unknown>();
  map.set('a', map).set('b', new Set([map]));
  expect(read(map)).toEqual([
    ['a', '[Circular]'],
    ['b', ['[Circular]']],
  ]);
});

test('objects go 64 deep', () => {
  expect(contentText(nested(64))).not.toContain('[Too deep]');
  expect(contentText(nested(65))).toContain('[Too deep]');
});

test('what throws while it is read says why', () => {
  const bad = {
    get x() {
      throw new RangeError('no');
    },
  };
  expect(contentText(bad)).toBe('{"x":"[Unreadable: RangeError: no]"}');
});

test.each(Object.entries(HOSTILE))('%s gives a text, in little time, and never throws', (_, make) => {
  const value = make();
  const started = performance.now();
  const text = contentText([value, value]);
  expect(typeof text).toBe('string');
  // A text of ten thousand nodes takes some milliseconds; what has no bound takes minutes.
  expect(performance.now() - started).toBeLessThan(4_000);
});

test('never throws, and what it gives is text or JSON', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }),
      (value) => {
        const text = contentText(value);
        if (text === undefined || typeof value === 'string' || text.startsWith('[Unreadable')) return;
        expect(() => JSON.parse(text)).not.toThrow();
      },
    ),
    { numRuns: 500 },
  );
});
