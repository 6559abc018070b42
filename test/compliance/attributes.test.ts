/** Common specification, "AnyValue", "Attribute" and "Attribute Limits", in both span modes, on the wire. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadableSpan } from '../../src/api/types.ts';
import type { AnyValue } from '../../src/export/otlp-message.ts';
import { MODES, type Mode, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings, plain, plainAttributes } from '../helpers/api-recorder.ts';

const lines = captureWarnings();

/** The value of one attribute as the receiver decodes it; `undefined` if it is not there. */
function sent(mode: Mode, value: unknown): AnyValue | undefined {
  const { exporter, tracer } = recordIn(mode);
  tracer
    .startSpan('s')
    .setAttribute('key', value as never)
    .end();
  return exporter.spans[0].attributes[0]?.value;
}

const deep = (limit: string) => ({ list: [limit, { map: limit }], bytes: Uint8Array.of(1, 2, 3), n: 12345 });

describe.each(MODES)('in %s mode', (mode) => {
  test.each<[string, unknown, AnyValue]>([
    ['a string', 'text', { type: 'string', value: 'text' }],
    ['an empty string', '', { type: 'string', value: '' }],
    ['true', true, { type: 'bool', value: true }],
    ['false', false, { type: 'bool', value: false }],
    ['a double', 0.1, { type: 'double', value: 0.1 }],
    ['a number beyond 64-bit integers', 2 ** 80, { type: 'double', value: 2 ** 80 }],
    ['not a number', Number.NaN, { type: 'double', value: Number.NaN }],
    ['zero', 0, { type: 'int', value: 0n }],
    ['the largest int64', 2n ** 63n - 1n, { type: 'int', value: 2n ** 63n - 1n }],
    ['the smallest int64', -(2n ** 63n), { type: 'int', value: -(2n ** 63n) }],
    ['the largest safe integer', 2 ** 53 - 1, { type: 'int', value: 2n ** 53n - 1n }],
    ['bytes', Uint8Array.of(0, 255), { type: 'bytes', value: Uint8Array.of(0, 255) }],
    ['an empty value', null, { type: 'empty' }],
  ])('%s has its own type on the wire', (_, value, expected) => {
    expect(sent(mode, value)).toEqual(expected);
  });

  test('undefined is no value: it sets nothing and takes nothing away', () => {
    const { exporter, tracer } = recordIn(mode);
    tracer
      .startSpan('s')
      .setAttribute('a', 1)
      .setAttribute('a', undefined as never)
      .end();
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ a: 1 });
    expect(sent(mode, undefined)).toBeUndefined();
  });

  test('arrays keep their elements, null among them, and maps their members', () => {
    for (const value of [['a', 'b'], [true, false], [1, 2], [0.5, 1.5], ['a', null], [], { a: [{ b: 1 }] }]) {
      expect(plain(sent(mode, value) as AnyValue)).toEqual(value);
    }
  });

  test('keys and values of any script arrive as they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ unit: 'grapheme' }),
        (key, value) => {
          const { exporter, tracer } = recordIn(mode);
          tracer.startSpan('s').setAttribute(key, value).end();
          expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ [key]: value });
        },
      ),
    );
  });

  test('a key is not empty, keeps its case, and is there once, with its last value', () => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('s', { attributes: { key: 1, Key: 2, '': 3 } });
    span.setAttribute('key', 4).setAttributes({ key: 5, '': 6 }).end();
    const [{ attributes, droppedAttributesCount }] = exporter.spans;
    expect(attributes.map(({ key, value }) => [key, plain(value)])).toEqual([
      ['key', 5],
      ['Key', 2],
    ]);
    expect(droppedAttributesCount).toBe(2);
  });

  test('the count limit lets known keys change, counts the rest, and counts no nested member', () => {
    const nested = { x: 1, y: 2, z: 3 };
    const { exporter, tracer } = recordIn(mode, { spanLimits: { attributeCountLimit: 2 } });
    const span = tracer.startSpan('s', { attributes: { a: nested as never, b: 1, c: 1 } });
    span.setAttribute('b', 2).setAttribute('d', 1).end();
    const [{ attributes, droppedAttributesCount }] = exporter.spans;
    expect(plainAttributes(attributes)).toEqual({ a: nested, b: 2 });
    expect(droppedAttributesCount).toBe(2);
  });

  test('without being told, 128 attributes, events and links are kept, and text of any length', () => {
    const { exporter, tracer } = recordIn(mode);
    const span = tracer.startSpan('s');
    const text = 'x'.repeat(100_000);
    for (let index = 0; index < 130; index += 1) {
      span.setAttribute(`count limit ${index}`, index === 0 ? text : index).addEvent('e');
      span.addLink({ context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 } });
    }
    span.end();
    const [wire] = exporter.spans;
    expect([wire.attributes, wire.events, wire.links].map(({ length }) => length)).toEqual([128, 128, 128]);
    const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = wire;
    expect([droppedAttributesCount, droppedEventsCount, droppedLinksCount]).toEqual([2, 2, 2]);
    expect(plain(wire.attributes[0].value)).toBe(text);
  });

  test('the limits of events and of links are those set for them', () => {
    const spanLimits = {
      ...{ eventCountLimit: 1, linkCountLimit: 1 },
      ...{ attributePerEventCountLimit: 1, attributePerLinkCountLimit: 2 },
    };
    const { exporter, tracer } = recordIn(mode, { spanLimits });
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const span = tracer.startSpan('s');
    const attributes = { a: 1, b: 2, c: 3 };
    for (let index = 0; index < 3; index += 1)
      span.addEvent('e', attributes).addLink({ context, attributes });
    span.end();
    const [{ events, links, droppedEventsCount, droppedLinksCount }] = exporter.spans;
    const counts = (list: typeof events | typeof links) =>
      list.map((one) => [one.attributes.length, one.droppedAttributesCount]);
    expect([counts(events), counts(links)]).toEqual([[[1, 2]], [[2, 1]]]);
    expect([droppedEventsCount, droppedLinksCount]).toEqual([2, 2]);
  });

  test('the length limit counts characters, cuts none in half, and goes into arrays, maps and bytes', () => {
    const { exporter, tracer } = recordIn(mode, { spanLimits: { attributeValueLengthLimit: 2 } });
    tracer.startSpan('s', { attributes: { flags: '🇪🇺🌊', nested: deep('abc') as never } }).end();
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({
      flags: '🇪🇺',
      nested: { list: ['ab', { map: 'ab' }], bytes: Uint8Array.of(1, 2), n: 12345 },
    });
  });

  test('what a span lost to its limits is said in one line', () => {
    const { tracer } = recordIn(mode, { spanLimits: { attributeCountLimit: 1, eventCountLimit: 1 } });
    const span = tracer.startSpan('busy');
    for (let index = 0; index < 5; index += 1) span.setAttribute(`k${index}`, 1).addEvent('e');
    expect(lines).toEqual([]);
    span.end();
    expect(lines).toEqual([expect.stringMatching(/"busy" lost 4 attributes, 4 events and 0 links/)]);
  });

  test('a processor may read the scope, the resource and what was dropped', () => {
    const { exporter, provider } = recordIn(mode, { spanLimits: { attributeCountLimit: 1 } });
    const scope = { name: 'library', version: '1.2.3', schemaUrl: 'https://example.com/schema' };
    const tracer = provider.getTracer(scope.name, scope.version, { schemaUrl: scope.schemaUrl });
    const span = tracer.startSpan('s', { attributes: { a: 1, b: 2 } });
    const { instrumentationScope, resource, droppedAttributesCount } = span as unknown as ReadableSpan;
    expect(instrumentationScope).toMatchObject(scope);
    expect(resource.attributes['telemetry.sdk.language']).toBe('nodejs');
    expect(droppedAttributesCount).toBe(1);
    span.end();
    expect(exporter.readable[0].instrumentationScope).toMatchObject(scope);
  });
});
