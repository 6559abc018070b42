import {
  type Baggage,
  baggageEntryMetadataFromString,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { W3CBaggagePropagator as UpstreamBaggagePropagator } from '@opentelemetry/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { W3CBaggagePropagator } from '../src/api/propagation.ts';
import { suppressTracing } from '../src/api/suppress-tracing.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';

type Headers = Record<string, string | string[]>;

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

function extract(propagator: TextMapPropagator, headers: Headers, context: Context = ROOT_CONTEXT): Context {
  return propagator.extract(context, headers, defaultTextMapGetter);
}

function inject(propagator: TextMapPropagator, context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}

/** What goes wrong in carriers: getters, setters and values that throw. */
const hostile = {
  get(): never {
    throw new TypeError('hostile carrier');
  },
  set(): never {
    throw new TypeError('hostile carrier');
  },
  keys: () => [],
};

describe('baggage', () => {
  const propagator = new W3CBaggagePropagator();
  const upstream = new UpstreamBaggagePropagator();
  const read = (baggage: string | string[]) => propagation.getBaggage(extract(propagator, { baggage }));
  const values = (baggage: Baggage | undefined) =>
    Object.fromEntries(baggage?.getAllEntries().map(([key, entry]) => [key, entry.value]) ?? []);
  const withBaggage = (entries: Record<string, string>) =>
    propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage(
        Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }])),
      ),
    );

  test.each([
    ['a=1', { a: '1' }],
    [' a = 1 ,\tb=2 ', { a: '1', b: '2' }],
    ['a=1,,b=2,', { a: '1', b: '2' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=', { a: '' }],
    ['a=%C3%A9%20%2C', { a: 'é ,' }],
    ['%C3%A9=1', { é: '1' }],
    ['a=1,a=2', { a: '2' }],
    ['a=%zz,b=2', { b: '2' }],
    ['a=%ff,b=2', { b: '2' }],
    ['=1,b=2', { b: '2' }],
    ['novalue,b=2', { b: '2' }],
    ['', {}],
    [',;=,=', {}],
  ])('%j gives %j', (header, expected) => {
    expect(values(read(header))).toEqual(expected);
    expect(said).toEqual([]);
  });

  test('percent-encoding is read as decodeURIComponent reads it, or the member is skipped', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((value) => `%${value.toString(16).padStart(2, '0')}`);
    const odd = fc.constantFrom(
      '%ED%A0%80',
      '%C0%80',
      '%E0%80%80',
      '%F4%90%80%80',
      '%EF%BF%BD',
      '%f0%9f%98%80',
      '%80',
      '%',
      '%4',
      '%4g',
      'é',
      '\n',
      '%E9x',
    );
    const text = fc.array(fc.oneof(byte, odd, fc.constantFrom('%C3%A9', '%E2%82%AC', 'x', '%c3')), {
      maxLength: 6,
    });
    const reference = (encoded: string): string | undefined => {
      try {
        return decodeURIComponent(encoded);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(text, (pieces) => {
        // White space around a value is not part of it.
        const value = `x${pieces.join('')}x`;
        const baggage = read(`a=${value},b=1`);
        expect(baggage?.getEntry('a')?.value).toBe(reference(value));
        expect(baggage?.getEntry('b')?.value).toBe('1');
      }),
      { numRuns: 5_000 },
    );
  });

  test('a member that is not percent-encoded UTF-8 is skipped without an error being made', () => {
    const thrown = vi.spyOn(globalThis, 'decodeURIComponent');
    read('a=%zz,%ff=1,'.repeat(600));
    expect(thrown).not.toHaveBeenCalled();
  });

  test('properties are kept and sent on', () => {
    const baggage = read('a=1;p;q = 2 ,b=2');
    expect(baggage?.getEntry('a')?.metadata?.toString()).toBe('p;q = 2');
    expect(baggage?.getEntry('b')?.metadata).toBeUndefined();
    const context = propagation.setBaggage(ROOT_CONTEXT, baggage as Baggage);
    expect(inject(propagator, context)).toEqual({ baggage: 'a=1;p;q = 2,b=2' });
  });

  test.each([
    ['a=1;', undefined],
    ['a=1; ;p', ';p'],
    ['a=1;p=x;p=y', 'p=x;p=y'],
    ['a=1;p=a%20b', 'p=a%20b'],
    ['a=1;p=%zz', 'p=%zz'],
    ['a=1;=;==', '=;=='],
    ['a=1;p,b=2', 'p'],
    ['a=0;q,a=1;p', 'p'],
    ['a=0;q,a=1', undefined],
  ])('the properties of %j are %j, as they came', (header, properties) => {
    expect(read(header)?.getEntry('a')?.value).toBe('1');
    expect(read(header)?.getEntry('a')?.metadata?.toString()).toBe(properties);
    expect(said).toEqual([]);
  });

  test('properties count: a member that is too long for them is left out whole', () => {
    const exact = `a=1;p=${'x'.repeat(8_186)}`;
    expect(read(exact)?.getEntry('a')?.metadata?.toString()).toHaveLength(8_188);
    expect(read(`${exact}x`)).toBeUndefined();
  });

  test('__proto__ is a key like any other', () => {
    const context = extract(propagator, { baggage: '__proto__=1,constructor=2' });
    expect(propagation.getBaggage(context)?.getEntry('__proto__')?.value).toBe('1');
    expect(inject(propagator, context).baggage).toBe('__proto__=1,constructor=2');
    expect(propagation.getBaggage(context)?.getEntry('toString')).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).value).toBeUndefined();
  });

  test('at most 64 members over all headers are read, with a warning', () => {
    const members = Array.from({ length: 70 }, (_, index) => `k${index}=v`);
    const some = values(read([members.slice(0, 40).join(','), members.slice(40).join(',')]));
    expect(Object.keys(some)).toEqual(members.slice(0, 64).map((member) => member.split('=')[0]));
    expect(said).toHaveLength(1);
    expect(Object.keys(values(read(members.slice(0, 64).join(','))))).toHaveLength(64);
    expect(said).toHaveLength(1);
  });

  test('at most 8192 characters over all headers are read, refused ones included', () => {
    const exact = `k=${'x'.repeat(8_190)}`;
    expect(values(read(exact))).toEqual({ k: 'x'.repeat(8_190) });
    expect(said).toEqual([]);
    expect(read(`${exact}x`)).toBeUndefined();
    expect(values(read(['a=1', exact, 'b=2']))).toEqual({ a: '1' });
    expect(read(`${'%zz,'.repeat(2_048)}a=1`)).toBeUndefined();
    expect(read(`${','.repeat(9_000)}a=1`)).toBeUndefined();
    expect(said).toHaveLength(1);
  });

  test('work stops where the budget ends, however long the header', () => {
    const decoded = vi.spyOn(globalThis, 'decodeURIComponent');
    read('%41'.concat('=%zz,').repeat(100_000));
    read('%41,'.repeat(100_000));
    expect(decoded.mock.calls.length).toBeLessThanOrEqual(8_192 / 8);
    decoded.mockClear();
    read('%41=%42,'.repeat(100_000));
    expect(decoded).toHaveBeenCalledTimes(2 * 64);
  });

  test('the limits are those of a message, however many headers it has', () => {
    const decoded = vi.spyOn(globalThis, 'decodeURIComponent');
    const headers = Array.from({ length: 10_000 }, (_, index) => `k%41${index}=%41`);
    expect(read(headers)?.getAllEntries()).toHaveLength(64);
    expect(decoded).toHaveBeenCalledTimes(2 * 64);
    const long = Array.from({ length: 10 }, (_, index) => `k${index}=${'v'.repeat(4_000)}`);
    expect(Object.keys(values(read(long)))).toEqual(['k0', 'k1']);
  });

  test.each([',', ' ', '=', ';', '%', '%41', 'a=1;', ' ,', '=,', ';,', 'a=%ff,'])(
    '64 KiB of %j are not read past 8192 characters, and do not throw',
    (piece) => {
      const decoded = vi.spyOn(globalThis, 'decodeURIComponent');
      const header = piece.repeat(65_536 / piece.length);
      expect(read(header)).toBeUndefined();
      expect(decoded.mock.calls.flat().join('').length).toBeLessThanOrEqual(8_192);
      expect(said).toHaveLength(1);
    },
  );

  test('items that are no text are passed over', () => {
    expect(values(read(['a=1', 7, null, {}, 'b=2'] as never))).toEqual({ a: '1', b: '2' });
    expect(read(7 as never)).toBeUndefined();
  });

  test('nothing is read from an empty header, and what was there stays', () => {
    const context = withBaggage({ a: '1' });
    expect(extract(propagator, { baggage: ' ' }, context)).toBe(context);
    expect(extract(propagator, {}, context)).toBe(context);
  });

  test('what one side injects the other extracts, opentelemetry-js included', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    // The comparison below goes through a plain object, where this one key is no member.
    const key = text.filter((candidate) => candidate !== '__proto__');
    const entries = fc.dictionary(key, text, { maxKeys: 10 });
    fc.assert(
      fc.property(entries, (record) => {
        const headers = inject(propagator, withBaggage(record));
        expect(headers.baggage ?? '').toMatch(/^[\x21\x23-\x2b\x2c\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/);
        const ours = propagation.getBaggage(extract(propagator, headers));
        const theirs = propagation.getBaggage(extract(upstream, headers));
        expect(values(ours)).toEqual({ ...record });
        expect(values(theirs)).toEqual({ ...record });
        expect(
          values(propagation.getBaggage(extract(propagator, inject(upstream, withBaggage(record))))),
        ).toEqual({
          ...record,
        });
      }),
      { numRuns: 300 },
    );
  });

  test('no header whatsoever throws', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(',', ';', '=', '%', '%C3', '\ud800', 'a=1'));
    fc.assert(
      fc.property(fc.array(fc.array(piece).map((pieces) => pieces.join(''))), (baggage) => {
        extract(propagator, { baggage });
        expect(said.filter((line) => line.includes('could not be read'))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what does not fit is left out, with a warning, and the rest is sent', () => {
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`k${index}`, 'v']));
    expect(inject(propagator, withBaggage(many)).baggage.split(',')).toHaveLength(64);
    const long = inject(propagator, withBaggage({ a: '1', long: 'x'.repeat(9_000), b: '2' }));
    expect(long).toEqual({ baggage: 'a=1,b=2' });
    expect(said).toHaveLength(1);
  });

  test('exactly 8192 characters are sent, commas and percent signs included', () => {
    // 'é' becomes six characters: two bytes in percent-encoding.
    const exact = inject(propagator, withBaggage({ a: 'é', b: 'x'.repeat(8_192 - 'a=%C3%A9,b='.length) }));
    expect(exact.baggage).toHaveLength(8_192);
    expect(said).toEqual([]);
    const over = inject(propagator, withBaggage({ a: 'é', b: 'x'.repeat(8_193 - 'a=%C3%A9,b='.length) }));
    expect(over).toEqual({ baggage: 'a=%C3%A9' });
    expect(said).toHaveLength(1);
  });

  test('lone surrogates and values that are no text are sent as text', () => {
    const headers = inject(propagator, withBaggage({ a: '\ud800x', b: 7 as unknown as string }));
    expect(values(propagation.getBaggage(extract(propagator, headers)))).toEqual({ a: '\ufffdx', b: '7' });
  });

  test.each(['p=1,admin=true', 'p\r\nx: y', 'p="q"', 'é'])(
    'properties %j do not reach the header',
    (properties) => {
      const metadata = baggageEntryMetadataFromString(properties);
      const baggage = propagation.createBaggage({ a: { value: '1', metadata } });
      expect(inject(propagator, propagation.setBaggage(ROOT_CONTEXT, baggage))).toEqual({ baggage: 'a=1' });
      expect(said).toHaveLength(1);
    },
  );

  test('nothing is sent without baggage or where tracing is suppressed', () => {
    expect(inject(propagator, ROOT_CONTEXT)).toEqual({});
    expect(inject(propagator, withBaggage({}))).toEqual({});
    expect(inject(propagator, suppressTracing(withBaggage({ a: '1' })))).toEqual({});
    expect(propagator.fields()).toEqual(['baggage']);
  });

  test('a carrier that throws is said, and does not throw', () => {
    const context = withBaggage({ a: '1' });
    expect(propagator.extract(context, {}, hostile)).toBe(context);
    expect(() => propagator.inject(context, {}, hostile)).not.toThrow();
    expect(said).toHaveLength(2);
  });
});
