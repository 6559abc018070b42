import type { Attributes } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AttributeListPool } from '../src/api/attribute-list-pool.ts';
import type { Span } from '../src/api/span.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { ENGINES, plainAttributes, record } from './helpers/api-recorder.ts';

const long = 'k'.repeat(200);

// Few keys, so that they are set again; two that travel inline for their length, and two for their form.
const key = fc.oneof(
  fc.integer({ min: 0, max: 150 }).map((index) => `key ${index}`),
  fc.constantFrom(long, `${long}2`, 'grün 🌊', '__proto__', 'constructor', '\u0000', 'lone \ud800'),
);
const value = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }).filter((number) => !Number.isInteger(number)),
  fc.boolean(),
  fc.string({ maxLength: 8 }),
  fc.constant(undefined),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 2 }),
);

/** The rule, in the plainest words: a key set again keeps its place; a new key beyond the limit is dropped. */
class Model {
  readonly values = new Map<string, unknown>();
  dropped = 0;
  readonly limit: number;
  constructor(limit: number) {
    this.limit = limit;
  }

  set(name: string, what: unknown): void {
    if (what === undefined) return;
    if (this.values.has(name) || this.values.size < this.limit) this.values.set(name, what);
    else this.dropped += 1;
  }
}

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('the last value of a key is on the wire, once, in the order of first writes; excess is counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, value), { maxLength: 120 }),
        fc.nat(120),
        fc.constantFrom(0, 1, 5, 63, 64, 65, 128),
        (writes, atStart, limit) => {
          const { exporter, tracer } = record({ engine, spanLimits: { attributeCountLimit: limit } });
          const model = new Model(limit);
          for (const [name, what] of Object.entries(objectOf(writes.slice(0, atStart))))
            model.set(name, what);
          const span = tracer.startSpan('s', { attributes: objectOf(writes.slice(0, atStart)) }) as Span;
          for (const [name, what] of writes.slice(atStart)) {
            model.set(name, what);
            span.setAttribute(name, what);
          }
          const wellFormed = [...model.values].map(
            ([name, what]) => [name.replace('\ud800', '\ufffd'), what] as const,
          );
          expect(span.attributes).toEqual(objectOf(wellFormed));
          expect(span.droppedAttributesCount).toBe(model.dropped);
          span.end();
          const [{ attributes, droppedAttributesCount }] = exporter.spans;
          expect(attributes.map((attribute) => attribute.key)).toEqual(wellFormed.map(([name]) => name));
          expect(Object.values(plainAttributes(attributes))).toEqual(
            Object.values(plainAttributes(attributes)).map((_, index) => [...model.values.values()][index]),
          );
          expect(droppedAttributesCount).toBe(model.dropped);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('attributes given at the start, by the sampler and later follow one rule', () => {
    const sampler = {
      shouldSample: () => ({ decision: 2 as const, attributes: { b: 'sampler', c: 'sampler' } }),
    };
    const { exporter, tracer } = record({ engine, sampler, spanLimits: { attributeCountLimit: 3 } });
    const span = tracer.startSpan('s', { attributes: { a: 'start', b: 'start' } });
    span.setAttributes({ c: 'later', d: 'too many' }).setAttribute('a', 'last').end();
    const [{ attributes, droppedAttributesCount }] = exporter.spans;
    expect(attributes.map((attribute) => attribute.key)).toEqual(['a', 'b', 'c']);
    expect(plainAttributes(attributes)).toEqual({ a: 'last', b: 'sampler', c: 'later' });
    expect(droppedAttributesCount).toBe(1);
  });
});

function objectOf(entries: readonly (readonly [string, unknown])[]): Attributes {
  const object = {};
  for (const [name, what] of entries) {
    Object.defineProperty(object, name, {
      value: what,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

test('a key that is empty or no text is dropped and counted', () => {
  const { exporter, tracer } = record();
  const span = tracer.startSpan('s').setAttribute('good', 2);
  const keys = ['', undefined, null, 5, Symbol('k'), {}, 1n, Object.create(null), hostileProxy(), ['good']];
  for (const key of keys) span.setAttribute(key as never, 1);
  span.setAttributes({ '': 1, fine: 3 });
  span.end();
  const [{ attributes, droppedAttributesCount }] = exporter.spans;
  expect(plainAttributes(attributes)).toEqual({ good: 2, fine: 3 });
  expect(droppedAttributesCount).toBe(keys.length + 1);
});

test('a key that is undefined is dropped even before the first key was ever set', async () => {
  vi.resetModules();
  const fresh = await import('./helpers/api-recorder.ts');
  const { exporter, tracer } = fresh.record();
  tracer
    .startSpan('s')
    .setAttribute(undefined as never, 'x')
    .end();
  expect(exporter.spans[0]).toMatchObject({ attributes: [], droppedAttributesCount: 1 });
});

test('a length limit cuts text of attributes, events and links alike', () => {
  const { exporter, tracer } = record({ spanLimits: { attributeValueLengthLimit: 2 } });
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  const span = tracer.startSpan('name', {
    attributes: { a: '🌊🌊🌊' },
    links: [{ context, attributes: { a: 'abc' } }],
  });
  span.setAttribute('b', ['abc']).setAttribute('c', 'ab').addEvent('event', { a: 'abc' }).end();
  const [{ name, attributes, events, links }] = exporter.spans;
  expect(name).toBe('name');
  expect(plainAttributes(attributes)).toEqual({ a: '🌊🌊', b: ['ab'], c: 'ab' });
  expect(plainAttributes(events[0].attributes)).toEqual({ a: 'ab' });
  expect(plainAttributes(links[0].attributes)).toEqual({ a: 'ab' });
});

test('inherited members of an attributes object are not set', () => {
  const { exporter, tracer } = record();
  tracer
    .startSpan('s', { attributes: Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }) })
    .end();
  expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ own: 2 });
});

test('members that cannot be read are counted; the others are kept', () => {
  const { exporter, tracer } = record();
  const attributes = {
    a: 1,
    get bad() {
      throw new Error('no');
    },
    b: 2,
  };
  const span = tracer.startSpan('s', { attributes: attributes as never });
  span
    .setAttributes(hostileProxy() as never)
    .setAttributes(undefined as never)
    .setAttributes(null as never);
  span.setAttributes(5 as never).end();
  const [{ attributes: wire, droppedAttributesCount }] = exporter.spans;
  expect(plainAttributes(wire)).toEqual({ a: 1, b: 2 });
  expect(droppedAttributesCount).toBe(2);
});

test('a getter may set attributes of the very span it is read for', () => {
  const { exporter, tracer } = record();
  const span = tracer.startSpan('s');
  span.setAttribute('outer', {
    get x() {
      span.setAttribute('inner', 1).setAttribute('outer', 'overwritten');
      return 2;
    },
  } as never);
  span.end();
  const { attributes } = exporter.spans[0];
  expect(attributes.map((attribute) => attribute.key).sort()).toEqual(['inner', 'outer']);
  expect(plainAttributes(attributes)).toEqual({ inner: 1, outer: { x: 2 } });
});

test('10,000 keys on one span are found again, overwritten and counted', () => {
  const { exporter, tracer } = record({ spanLimits: { attributeCountLimit: 10_000 } });
  const span = tracer.startSpan('s');
  for (const round of [1, 2]) {
    for (let index = 0; index < 10_001; index += 1) span.setAttribute(`many ${index}`, round);
  }
  span.end();
  const [{ attributes, droppedAttributesCount }] = exporter.spans;
  expect(attributes).toHaveLength(10_000);
  expect(new Set(attributes.map((attribute) => attribute.key)).size).toBe(10_000);
  expect(Object.values(plainAttributes(attributes)).every((one) => one === 2)).toBe(true);
  expect(droppedAttributesCount).toBe(2);
});

describe('the pool', () => {
  test('gives a list again, empty, but no large one and no more than 256', () => {
    const { provider } = record({ spanLimits: { attributeCountLimit: 200 } });
    const { lists } = provider.settings;
    const list = lists.acquire();
    list.set('a', 'text');
    list.set('', 1);
    lists.release(list);
    // Compared here: the runner's own comparison would print the arena of a list that differs.
    expect(lists.acquire() === list).toBe(true);
    expect([list.count, list.dropped, list.names]).toEqual([0, 0, null]);
    expect(list.values.every((one) => one === null)).toBe(true);
    for (let index = 0; index < 129; index += 1) list.set(`pooled ${index}`, index);
    lists.release(list);
    expect(lists.acquire() === list).toBe(false);

    let made = 0;
    const pool = new AttributeListPool(() => {
      made += 1;
      return lists.acquire();
    });
    const many = Array.from({ length: 300 }, () => pool.acquire());
    for (const one of many) pool.release(one);
    for (let index = 0; index < 300; index += 1) pool.acquire();
    expect(made).toBe(300 + 44);
  });
});
