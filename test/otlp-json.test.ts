import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestText, toJsonBody } from '../src/export/otlp-json-body.ts';
import { decodeWithProtobufjs, encodeJsonWithProtobufjs } from './helpers/engine-protobufjs.ts';
import { attributeField, field, fixed64Field, requestOfSpan, varintField } from './helpers/protobuf-bytes.ts';
import { anyAttributes, upstreamSpans } from './helpers/upstream-spans.ts';

function jsonOf(bytes: Uint8Array) {
  return JSON.parse([...requestText([bytes])].join(''));
}

function jsonValueOf(...members: number[][]) {
  const bytes = requestOfSpan(attributeField(9, 'key', ...members));
  return jsonOf(bytes).resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value;
}

/**
 * Upstream's JSON with its departures from the mapping undone: int64 as a number, an int64 that does not fit,
 * null where a double is not finite, unset texts as '', a resource that repeats its schema address.
 */
function corrected(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(corrected);
  if (typeof node !== 'object' || node === null) return node;
  const members: [string, unknown][] = [];
  for (const [name, value] of Object.entries(node)) {
    if (name === 'intValue') {
      const fits = BigInt.asIntN(64, BigInt(value)) === BigInt(value);
      members.push(fits ? ['intValue', BigInt(value).toString()] : ['doubleValue', value]);
    } else if (name === 'doubleValue' && value === null) {
      members.push(['doubleValue', 'not finite']);
    } else if (name === 'resource') {
      const { schemaUrl: _, ...resource } = value;
      members.push([name, corrected(resource)]);
    } else if (value !== '' || !['message', 'traceState', 'version'].includes(name)) {
      members.push([name, corrected(value)]);
    }
  }
  return Object.fromEntries(members);
}

function withoutNonFinite(text: string): string {
  return text.replace(/"doubleValue":"(NaN|-?Infinity)"/g, '"doubleValue":"not finite"');
}

describe('the JSON of a request', () => {
  it('of upstream bytes is what upstream writes as JSON', () => {
    fc.assert(
      fc.property(upstreamSpans, anyAttributes, (spans, attributes) => {
        Object.assign(spans[0].attributes, attributes);
        const bytes = ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
        const upstream = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
          JsonTraceSerializer.serializeRequest(spans),
        );
        const ours = JSON.stringify(jsonOf(bytes));
        expect(JSON.parse(withoutNonFinite(ours))).toEqual(corrected(JSON.parse(upstream)));
      }),
      { numRuns: 150 },
    );
  });

  it('becomes the same message again with the published .proto files', () => {
    fc.assert(
      fc.property(upstreamSpans, anyAttributes, (spans, attributes) => {
        Object.assign(spans[0].attributes, attributes);
        const bytes = ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
        const text = [...requestText([bytes])].join('');
        expect(decodeWithProtobufjs(encodeJsonWithProtobufjs(text))).toEqual(decodeWithProtobufjs(bytes));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['nothing', [], {}],
    ['an int64 no double can hold', [varintField(3, 2n ** 63n - 1n)], { intValue: '9223372036854775807' }],
    ['a double with an integer value', [fixed64Field(4, 0x3ff0_0000_0000_0000n)], { doubleValue: 1 }],
    ['NaN', [fixed64Field(4, 0x7ff8_0000_0000_0000n)], { doubleValue: 'NaN' }],
    ['Infinity', [fixed64Field(4, 0x7ff0_0000_0000_0000n)], { doubleValue: 'Infinity' }],
    ['-Infinity', [fixed64Field(4, 0xfff0_0000_0000_0000n)], { doubleValue: '-Infinity' }],
    ['false', [varintField(2, 0)], { boolValue: false }],
    ['bytes', [field(7, [0xfb, 0xff, 0x00, 0x01])], { bytesValue: '+/8AAQ==' }],
    ['an empty array', [field(5)], { arrayValue: { values: [] } }],
  ])('writes a value that is %s', (_name, members, expected) => {
    expect(jsonValueOf(...(members as number[][]))).toEqual(expected);
  });

  it('writes more bytes than a call takes arguments', () => {
    const bytes = Array.from({ length: 300_000 }, (_, index) => index % 251);
    expect(jsonValueOf(field(7, bytes))).toEqual({ bytesValue: Buffer.from(bytes).toString('base64') });
  });

  it('writes scope attributes only where there are some', () => {
    const request = (...scope: number[][]) =>
      Uint8Array.from(field(1, field(2, field(1, field(1, 'scope'), ...scope))));
    const scopeOf = (bytes: Uint8Array) => jsonOf(bytes).resourceSpans[0].scopeSpans[0].scope;
    expect(scopeOf(request())).toEqual({ name: 'scope' });
    expect(scopeOf(request(attributeField(3, 'tier', varintField(3, 1)), varintField(4, 2)))).toEqual({
      name: 'scope',
      attributes: [{ key: 'tier', value: { intValue: '1' } }],
      droppedAttributesCount: 2,
    });
  });
});

describe('a JSON body', () => {
  const never = () => false;
  /** Spans enough for several turns, in a chunk a piece as they travel. */
  const many = (spans: number, content: string): Uint8Array[] => {
    const span = field(2, field(5, content));
    const scopeSpans = Array.from({ length: spans }, () => span).flat();
    const bytes = Uint8Array.from(field(1, field(2, scopeSpans)));
    return [bytes.subarray(0, 7), bytes.subarray(7, 1000), bytes.subarray(1000)];
  };

  it('is the text of the request, whatever the turns', async () => {
    const chunks = many(200, 'é'.repeat(1000));
    const body = await toJsonBody(chunks, Number.POSITIVE_INFINITY, never);
    const joined = Buffer.concat(body?.chunks ?? []);
    expect(joined.toString()).toBe([...requestText(chunks)].join(''));
    expect(body?.byteLength).toBe(joined.length);
    expect(body?.chunks.length).toBeGreaterThan(4);
  });

  it('lets the event loop go on between turns, and stops there when told', async () => {
    const chunks = many(200, 'x'.repeat(1000));
    let turns = 0;
    const counted = (): boolean => {
      turns++;
      return false;
    };
    let immediates = 0;
    const count = (): void => {
      immediates++;
      pending = setImmediate(count);
    };
    let pending = setImmediate(count);
    await toJsonBody(chunks, Number.POSITIVE_INFINITY, counted);
    clearImmediate(pending);
    expect(turns).toBeGreaterThan(4);
    expect(immediates).toBeGreaterThanOrEqual(turns - 1);
    expect(await toJsonBody(chunks, Number.POSITIVE_INFINITY, () => true)).toBeUndefined();
  });

  it('over the limit is not made to its end', async () => {
    const chunks = many(500, 'x'.repeat(1000));
    const body = await toJsonBody(chunks, 100_000, never);
    expect(body?.byteLength).toBeGreaterThan(100_000);
    expect(body?.byteLength).toBeLessThan(200_000);
  });
});
