import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describe as describeValue, NOTHING, snapshot, toPlain, truncate } from '../src/api/attributes.ts';
import { type AttributeValue, Int64, KeyValues } from '../src/engine/attribute-value.ts';
import { cycle, HOSTILE, hostileProxy, nested } from './helpers/api-hostile.ts';

const NONE = Number.POSITIVE_INFINITY;

/** What a reader would see of a value that was set. */
function seen(value: unknown, limit = NONE): unknown {
  const copy = snapshot(value, limit);
  return copy === NOTHING ? NOTHING : toPlain(copy);
}

describe('values', () => {
  test.each([
    ['text', 'text'],
    ['', ''],
    [1.5, 1.5],
    [-0, -0],
    [Number.NaN, Number.NaN],
    [true, true],
    [null, null],
    [
      [1, 'a', null, [false]],
      [1, 'a', null, [false]],
    ],
    [{ a: { b: [1] } }, { a: { b: [1] } }],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'Invalid Date'],
    [new Map<unknown, unknown>([['k', 1]]), { k: 1 }],
    [new Map<unknown, unknown>([[5, { a: 1 }]]), { 5: { a: 1 } }],
    [new Set([1, 1, 2]), [1, 2]],
    [Symbol('s'), 'Symbol(s)'],
    [new TypeError('wrong'), 'TypeError: wrong'],
    [new URL('schema:x'), 'schema:x'],
    [{ toJSON: () => ({ as: 'json' }) }, { as: 'json' }],
    [5n, 5],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [-(2n ** 63n), -(2 ** 63)],
    [2n ** 63n, '9223372036854775808'],
    [-(2n ** 63n) - 1n, '-9223372036854775809'],
  ])('%s is kept as %s', (value, expected) => {
    expect(seen(value)).toEqual(expected);
  });

  test('undefined sets nothing; inside a list it is null, inside an object it is left out', () => {
    expect(seen(undefined)).toBe(NOTHING);
    expect(seen([undefined, 1])).toEqual([null, 1]);
    expect(seen({ a: undefined, b: 1 })).toEqual({ b: 1 });
    expect(Object.keys(seen({ a: undefined }) as object)).toEqual([]);
  });

  test('a function becomes its text', () => {
    expect(seen(Math.max)).toBe('function max() { [native code] }');
  });

  test('byte arrays of every kind are bytes, copied within their view', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    for (const view of [bytes, bytes.buffer, new DataView(bytes.buffer), new Float64Array(bytes.buffer)]) {
      expect(seen(view)).toEqual(bytes);
    }
    expect(seen(bytes.subarray(2, 5))).toEqual(Uint8Array.of(3, 4, 5));
    expect(seen(bytes, 3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('a member named __proto__ is data', () => {
    const value = seen(JSON.parse('{"__proto__": {"polluted": 1}, "a": 2}')) as Record<string, unknown>;
    expect(Object.keys(value).sort()).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.polluted).toBeUndefined();
  });

  test('whole 64-bit numbers survive the split into halves', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(new Int64(value).toBigInt()).toBe(value);
      }),
    );
  });
});

describe('a snapshot', () => {
  test('does not see what happens to the value afterwards', () => {
    const value = { list: [1, { deep: 'a' }], map: new Map([['k', [1]]]), bytes: Uint8Array.of(1) };
    const copy = snapshot(value, NONE) as AttributeValue;
    value.list.push(2);
    (value.list[1] as { deep: string }).deep = 'b';
    value.map.get('k')?.push(2);
    value.bytes[0] = 9;
    expect(toPlain(copy)).toEqual({ list: [1, { deep: 'a' }], map: { k: [1] }, bytes: Uint8Array.of(1) });
  });

  test('cannot be changed through what a reader was given', () => {
    const copy = snapshot({ bytes: Uint8Array.of(1), list: [{ a: 1 }] }, NONE) as AttributeValue;
    const first = toPlain(copy) as { bytes: Uint8Array; list: { a: number }[] };
    first.bytes[0] = 9;
    first.list[0].a = 9;
    expect(toPlain(copy)).toEqual({ bytes: Uint8Array.of(1), list: [{ a: 1 }] });
  });

  test('equals its value for everything JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(seen(value)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  test('never throws, whatever it is given, and holds only shapes the wire knows', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        (value) => {
          expectWireShape(snapshot(value, 10));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(Object.entries(HOSTILE))('%s is one value', (_, make) => {
    const copy = snapshot(make(), NONE);
    expect(copy).not.toBe(NOTHING);
    expectWireShape(copy);
  });
});

function expectWireShape(value: unknown): void {
  if (value === NOTHING || value === null || value instanceof Int64 || value instanceof Uint8Array) return;
  if (['string', 'number', 'boolean'].includes(typeof value)) return;
  if (value instanceof KeyValues) {
    expect(value.keys.every((key) => typeof key === 'string')).toBe(true);
    expect(value.keys).toHaveLength(value.values.length);
    value.values.forEach(expectWireShape);
    return;
  }
  expect(Array.isArray(value)).toBe(true);
  (value as unknown[]).forEach(expectWireShape);
}

describe('bounds', () => {
  test('a cycle is named where it closes', () => {
    expect(seen(cycle())).toEqual({ name: 'loop', self: '[Circular]', list: ['[Circular]'] });
  });

  test('the same object twice side by side is no cycle', () => {
    const shared = { a: 1 };
    expect(seen([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('objects go 31 deep, as far as decoders go; deeper there is an empty value', () => {
    let value = seen(nested(100));
    let depth = 0;
    while (value !== null) {
      value = (value as { in: unknown }).in;
      depth += 1;
    }
    expect(depth).toBe(31);
  });

  test('at most 10,000 elements are kept of one value, and each value counts for itself', () => {
    const count = (value: unknown): number => (seen(value) as unknown[]).length;
    expect(count(new Array(20_000).fill(1))).toBe(10_000);
    expect(count(new Set(Array.from({ length: 20_000 }, (_, index) => index)))).toBe(10_000);
    expect(Object.keys(seen(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [i, i]))) as object)) //
      .toHaveLength(10_000);
    const map = new Map(Array.from({ length: 20_000 }, (_, index) => [index, index]));
    expect(Object.keys(seen(map) as object)).toHaveLength(10_000);
    expect(count(new Array(5))).toBe(5);
  });

  test('a value that a getter sets while another is copied has a budget and a path of its own', () => {
    let inner: unknown;
    const outer = {
      first: new Array(9_990).fill(1),
      get second() {
        inner = seen(new Array(5_000).fill(2));
        return 'done';
      },
      third: [1, 2, 3],
    };
    const copy = seen(outer) as { first: number[]; third: number[] };
    expect(inner).toHaveLength(5_000);
    expect(copy.first).toHaveLength(9_990);
    expect(copy.third).toEqual([1, 2, 3]);
  });

  test('a member that cannot be read says why and costs its neighbours nothing', () => {
    const value = {
      before: 1,
      get bad() {
        throw new RangeError('no');
      },
      after: 2,
    };
    expect(seen(value)).toEqual({ before: 1, bad: '[Unreadable: RangeError: no]', after: 2 });
  });

  test('what cannot be read at all says why', () => {
    expect(seen(hostileProxy())).toBe('[Unreadable: Error: trap]');
    expect(
      seen({
        toJSON() {
          throw 'x';
        },
      }),
    ).toBe('[Unreadable: x]');
  });
});

describe('the length limit', () => {
  test('cuts every string inside, and no key', () => {
    const value = { longKey: ['abcdef', { deep: 'abcdef' }], map: new Map([['longKey', 'abcdef']]) };
    expect(seen(value, 3)).toEqual({ longKey: ['abc', { deep: 'abc' }], map: { longKey: 'abc' } });
    expect(seen(Symbol('abc'), 3)).toBe('Sym');
    expect(seen(10n ** 30n, 3)).toBe('100');
    expect(seen(new Error('abc'), 3)).toBe('Err');
    expect(seen(hostileProxy(), 3)).toBe('[Un');
  });

  test('counts code points: what is kept is what iterating the string gives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'é', '語', '🌊', '\ud83c', '\udf0a'), { maxLength: 20 }),
        fc.nat(25),
        (parts, limit) => {
          const text = parts.join('');
          expect(truncate(text, limit)).toBe([...text].slice(0, limit).join(''));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('describe gives the string form of anything', () => {
  expect([undefined, null, 5n, Symbol('x'), [1, 2]].map(describeValue)).toEqual([
    ...['undefined', 'null', '5', 'Symbol(x)', '1,2'],
  ]);
  expect(describeValue(Object.create(null))).toBe('[object]');
  expect(describeValue(hostileProxy(() => {}))).toBe('[function]');
});

describe('objects without members to see', () => {
  class Secret {
    #inner = 1;
    toString(): string {
      return `secret ${this.#inner}`;
    }
  }

  test.each([
    [/x/g, '/x/g'],
    [new Secret(), 'secret 1'],
    [Promise.resolve(1), '[object Promise]'],
    [new String('text'), 'text'],
    [new Number(4), 4],
    [{}, {}],
  ])('%s is its string form, or what it boxes', (value, expected) => {
    expect(toPlain(snapshot(value, Number.POSITIVE_INFINITY) as never)).toEqual(expected);
  });
});
