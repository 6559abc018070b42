import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestText } from '../src/export/otlp-json-body.ts';
import { OtlpReadError, readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { toReadableSpans } from '../src/export/readable-span.ts';
import {
  attributeField,
  field,
  fixed32Field,
  fixed64Field,
  requestOfSpan,
  tag,
  varintField,
} from './helpers/protobuf-bytes.ts';
import { upstreamSpans } from './helpers/upstream-spans.ts';

const requestBytes = upstreamSpans.map(
  (spans) => ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array,
);

function read(bytes: Uint8Array | number[]) {
  return readExportTraceServiceRequest([Uint8Array.from(bytes)]);
}

function readSpan(...fields: number[][]) {
  return read(requestOfSpan(...fields)).resourceSpans[0].scopeSpans[0].spans[0];
}

function readValue(...members: number[][]) {
  return readSpan(attributeField(9, 'key', ...members)).attributes[0].value;
}

function readError(bytes: Uint8Array | number[]): OtlpReadError {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof OtlpReadError) return error;
    throw error;
  }
  throw new Error('expected an OtlpReadError, but the bytes were read');
}

describe('fields', () => {
  it('reads every field of a span', () => {
    const span = readSpan(
      field(1, [0xab, ...new Array(15).fill(1)]),
      field(2, [0xcd, 0, 0, 0, 0, 0, 0, 2]),
      field(3, 'vendor=1'),
      field(4, [0xef, 0, 0, 0, 0, 0, 0, 3]),
      field(5, 'name'),
      varintField(6, 3),
      fixed64Field(7, 1_700_000_000_123_456_789n),
      fixed64Field(8, 2n ** 64n - 1n),
      attributeField(9, 'key', field(1, 'text')),
      varintField(10, 4),
      field(
        11,
        fixed64Field(1, 5n),
        field(2, 'event'),
        attributeField(3, 'key', varintField(2, 1)),
        varintField(4, 6),
      ),
      varintField(12, 7),
      field(
        13,
        field(1, [1]),
        field(2, [2]),
        field(3, 'a=b'),
        attributeField(4, 'key'),
        varintField(5, 8),
        fixed32Field(6, 0x301),
      ),
      varintField(14, 9),
      field(15, field(2, 'broken'), varintField(3, 2)),
      fixed32Field(16, 0xffff_ffff),
    );
    expect(span).toEqual({
      traceId: 'ab010101010101010101010101010101',
      spanId: 'cd00000000000002',
      traceState: 'vendor=1',
      parentSpanId: 'ef00000000000003',
      name: 'name',
      kind: 3,
      startTimeUnixNano: 1_700_000_000_123_456_789n,
      endTimeUnixNano: 2n ** 64n - 1n,
      attributes: [{ key: 'key', value: { type: 'string', value: 'text' } }],
      droppedAttributesCount: 4,
      events: [
        {
          timeUnixNano: 5n,
          name: 'event',
          attributes: [{ key: 'key', value: { type: 'bool', value: true } }],
          droppedAttributesCount: 6,
        },
      ],
      droppedEventsCount: 7,
      links: [
        {
          traceId: '01',
          spanId: '02',
          traceState: 'a=b',
          attributes: [{ key: 'key', value: { type: 'empty' } }],
          droppedAttributesCount: 8,
          flags: 0x301,
        },
      ],
      droppedLinksCount: 9,
      status: { message: 'broken', code: 2 },
      flags: 0xffff_ffff,
    });
  });

  it('reads resource, scope and schema addresses', () => {
    const bytes = field(
      1,
      field(1, attributeField(1, 'service.name', field(1, 'shop')), varintField(2, 3)),
      field(
        2,
        field(
          1,
          field(1, 'scope'),
          field(2, '2.0'),
          attributeField(3, 'tier', varintField(3, 1)),
          varintField(4, 5),
        ),
        field(3, 'schema:scope'),
      ),
      field(3, 'schema:resource'),
    );
    expect(read(bytes).resourceSpans).toEqual([
      {
        resource: {
          attributes: [{ key: 'service.name', value: { type: 'string', value: 'shop' } }],
          droppedAttributesCount: 3,
        },
        scopeSpans: [
          {
            scope: {
              name: 'scope',
              version: '2.0',
              attributes: [{ key: 'tier', value: { type: 'int', value: 1n } }],
              droppedAttributesCount: 5,
            },
            spans: [],
            schemaUrl: 'schema:scope',
          },
        ],
        schemaUrl: 'schema:resource',
      },
    ]);
  });

  it('reads no bytes as an empty request', () => {
    expect(readExportTraceServiceRequest([])).toEqual({ resourceSpans: [] });
  });

  it.each([
    ['empty', [], { type: 'empty' }],
    ['string', [field(1, '')], { type: 'string', value: '' }],
    ['bool', [varintField(2, 2n ** 40n)], { type: 'bool', value: true }],
    ['smallest int', [varintField(3, -(2n ** 63n))], { type: 'int', value: -(2n ** 63n) }],
    ['largest int', [varintField(3, 2n ** 63n - 1n)], { type: 'int', value: 2n ** 63n - 1n }],
    ['int -1', [varintField(3, -1)], { type: 'int', value: -1n }],
    ['double 1', [fixed64Field(4, 0x3ff0_0000_0000_0000n)], { type: 'double', value: 1 }],
    ['double NaN', [fixed64Field(4, 0x7ff8_0000_0000_0000n)], { type: 'double', value: Number.NaN }],
    ['bytes', [field(7, [0, 255])], { type: 'bytes', value: Uint8Array.of(0, 255) }],
    [
      'array',
      [field(5, field(1, varintField(3, 1)), field(1))],
      { type: 'array', value: [{ type: 'int', value: 1n }, { type: 'empty' }] },
    ],
    [
      'kvlist',
      [field(6, attributeField(1, 'inner', field(6)))],
      { type: 'kvlist', value: [{ key: 'inner', value: { type: 'kvlist', value: [] } }] },
    ],
  ])('reads an attribute value: %s', (_name, members, expected) => {
    expect(readValue(...(members as number[][]))).toEqual(expected);
  });

  it('keeps a leading byte order mark, which is part of the text', () => {
    expect(readSpan(field(5, '\ufefftext')).name).toBe('\ufefftext');
  });

  it('keeps the low 32 bits of a longer count and the sign of an enumeration', () => {
    const span = readSpan(varintField(10, 2n ** 40n + 7n), varintField(6, -1));
    expect(span.droppedAttributesCount).toBe(7);
    expect(span.kind).toBe(-1);
  });
});

describe('merging', () => {
  it('keeps all ResourceSpans, in order, however the request is concatenated', () => {
    const first = field(1, field(3, 'schema:1'));
    const second = field(1, field(3, 'schema:2'));
    const urls = read([...first, ...second, ...first]).resourceSpans.map((spans) => spans.schemaUrl);
    expect(urls).toEqual(['schema:1', 'schema:2', 'schema:1']);
  });

  it('merges a message given twice: lists grow, of scalars the last counts', () => {
    const bytes = field(
      1,
      field(1, attributeField(1, 'a', varintField(3, 1)), varintField(2, 1)),
      field(1, attributeField(1, 'b', varintField(3, 2)), varintField(2, 2)),
      field(2, field(1, field(1, 'old'), field(2, '1.0')), field(1, field(1, 'new'))),
    );
    const [{ resource, scopeSpans }] = read(bytes).resourceSpans;
    expect(resource.attributes.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(resource.droppedAttributesCount).toBe(2);
    expect(scopeSpans[0].scope).toMatchObject({ name: 'new', version: '1.0' });
  });

  it('merges a status given twice', () => {
    const span = readSpan(field(15, field(2, 'kept')), field(15, varintField(3, 2)));
    expect(span.status).toEqual({ message: 'kept', code: 2 });
  });

  it('takes the last member of an attribute value', () => {
    expect(readValue(field(1, 'text'), varintField(3, 5))).toEqual({ type: 'int', value: 5n });
    expect(readValue(field(5, field(1, varintField(3, 1))), field(1, 'x'))).toEqual({
      type: 'string',
      value: 'x',
    });
  });

  it('merges the same list member of an attribute value, and drops it for another kind', () => {
    const one = field(5, field(1, varintField(3, 1)));
    const two = field(5, field(1, varintField(3, 2)));
    const ints = (...values: bigint[]) => values.map((value) => ({ type: 'int', value }));
    expect(readValue(one, two)).toEqual({ type: 'array', value: ints(1n, 2n) });
    expect(readValue(one, field(6), two)).toEqual({ type: 'array', value: ints(2n) });
    const inner = (key: string) => field(6, attributeField(1, key));
    expect(readValue(inner('a'), inner('b'))).toMatchObject({ value: [{ key: 'a' }, { key: 'b' }] });
  });

  it('merges an attribute value given twice within one key', () => {
    const keyValue = field(9, field(1, 'key'), field(2, field(5, field(1))), field(2, field(5, field(1))));
    expect(readSpan(keyValue).attributes[0].value).toEqual({
      type: 'array',
      value: [{ type: 'empty' }, { type: 'empty' }],
    });
  });
});

describe('unknown fields', () => {
  it('are skipped in every message, whatever their wire type', () => {
    const unknown = [
      ...varintField(99, -1),
      ...field(100, 'text'),
      ...fixed32Field(101, 1),
      ...fixed64Field(536_870_911, 1n),
    ];
    const value = field(2, unknown, field(5, unknown, field(1, unknown, field(6, unknown)), unknown));
    const attribute = field(9, unknown, field(1, 'key'), value);
    const span = field(2, unknown, attribute, field(11, unknown), field(13, unknown), field(15, unknown));
    const bytes = [
      ...unknown,
      ...field(1, unknown, field(1, unknown), field(2, field(1, unknown), span, unknown)),
    ];
    const [decoded] = read(bytes).resourceSpans[0].scopeSpans[0].spans;
    expect(decoded.attributes).toEqual([
      { key: 'key', value: { type: 'array', value: [{ type: 'kvlist', value: [] }] } },
    ]);
    expect([decoded.events.length, decoded.links.length]).toEqual([1, 1]);
  });
});

describe('malformed bytes', () => {
  it.each([
    ['a known field of another wire type', field(1, varintField(3, 1)), 3, /wire type 2 at field 3, got 0/],
    ['a group', [...tag(9, 3), ...tag(9, 4)], 1, /wire type 0, 1, 2 or 5, got 3 at field 9/],
    ['field number 0', [0x00, 0x00], 0, /field number from 1/],
    ['a field number over 29 bits', [0xf8, 0xff, 0xff, 0xff, 0x7f, 0x00], 0, /field number from 1/],
    ['a length past the end of the bytes', [0x0a, 0x05, 0x00], 2, /5 bytes at field 1, got 1 to the end/],
    [
      'a length past the end of its message',
      [...field(1, [0x0a, 0x01]), 0x00, 0x00],
      4,
      /1 bytes at field 1, got 0/,
    ],
    ['a length of 4 GiB', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x10], 1, /a length below 4 GiB/],
    ['a varint cut off', [0x78, 0x80], 1, /a varint, got the end/],
    ['a varint of eleven bytes', [0x78, ...new Array(10).fill(0x80), 0x00], 1, /at most 64 bits/],
    ['a varint of 65 bits', [0x78, ...new Array(9).fill(0xff), 0x02], 1, /at most 64 bits/],
    ['an overlong UTF-8 form', field(1, field(3, [0xc0, 0x80])), 4, /valid UTF-8, got 2 bytes/],
    ['a surrogate in UTF-8', field(1, field(3, [0xed, 0xa0, 0x80])), 4, /valid UTF-8/],
  ])('%s is refused, with its offset', (_name, bytes, offset, message) => {
    const error = readError(bytes);
    expect(error.offset).toBe(offset);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`offset ${offset}:`);
    expect(error.name).toBe('OtlpReadError');
  });

  it('holds values nested 64 deep and refuses a depth that endangers the stack', () => {
    const nest = (levels: number) => {
      let value: number[] = [];
      for (let level = 0; level < levels; level++) value = field(6, field(1, field(2, value)));
      return requestOfSpan(attributeField(9, 'key', value));
    };
    expect(() => read(nest(64))).not.toThrow();
    expect(() => [...requestText([nest(64)])]).not.toThrow();
    expect(readError(nest(100)).message).toMatch(/nested at most 256 deep/);
  });

  it('a truncated message is an error or a prefix of whole ResourceSpans', () => {
    fc.assert(
      fc.property(fc.array(requestBytes, { minLength: 1, maxLength: 2 }), (requests) => {
        const bytes = Buffer.concat(requests);
        const whole = read(bytes).resourceSpans;
        let prefixes = 0;
        for (let length = 0; length <= bytes.length; length++) {
          let decoded: typeof whole;
          try {
            decoded = read(bytes.subarray(0, length)).resourceSpans;
          } catch (error) {
            expect(error).toBeInstanceOf(OtlpReadError);
            continue;
          }
          prefixes++;
          expect(decoded).toEqual(whole.slice(0, decoded.length));
        }
        expect(prefixes).toBe(whole.length + 1);
      }),
      { numRuns: 15 },
    );
  });

  it('random and damaged bytes are read or refused by name, never anything else', () => {
    const damaged = fc
      .tuple(requestBytes, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([bytes, position, byte]) => {
        const copy = bytes.slice();
        copy[position % copy.length] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), damaged), (bytes) => {
        try {
          toReadableSpans(read(bytes));
          expect(() => JSON.parse([...requestText([bytes])].join(''))).not.toThrow();
        } catch (error) {
          expect(error).toBeInstanceOf(OtlpReadError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('chunks', () => {
  it('may be cut anywhere', () => {
    fc.assert(
      fc.property(requestBytes, fc.array(fc.nat(), { maxLength: 6 }), (bytes, cuts) => {
        const offsets = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end));
        expect(readExportTraceServiceRequest(chunks)).toEqual(read(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('may be reused once the call returned', () => {
    const bytes = requestOfSpan(
      field(5, 'name'),
      attributeField(9, 'key', field(7, [1, 2, 3])),
      attributeField(9, 'text', field(1, 'value')),
    );
    for (const cut of [bytes.length, 5]) {
      const arena = bytes.slice();
      const decoded = readExportTraceServiceRequest(
        [arena.subarray(0, cut), arena.subarray(cut)].filter((c) => c.length),
      );
      arena.fill(0xdb);
      expect(decoded).toEqual(read(bytes));
    }
  });
});
