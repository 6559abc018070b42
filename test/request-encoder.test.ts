/** Spans of any SDK to one request: equal, once decoded by protobufjs, to what opentelemetry-js makes of them. */
import { ProtobufTraceSerializer as Upstream } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { bytesOf, encodeRequest } from '../src/api/request-encoder.ts';
import {
  JsonTraceSerializer,
  ProtobufTraceSerializer,
  type TraceSerializer,
} from '../src/api/trace-serializer.ts';
import type { ReadableSpan } from '../src/api/types.ts';
import { requestText } from '../src/export/otlp-json-body.ts';
import { captureWarnings } from './helpers/api-recorder.ts';
import { decodeWithProtobufjs } from './helpers/engine-protobufjs.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { spanObject } from './helpers/object-spans.ts';
import { upstreamSpans } from './helpers/upstream-spans.ts';

const lines = captureWarnings();

interface DecodedResource {
  readonly resource: unknown;
  readonly schemaUrl: string;
  readonly scopeSpans: readonly {
    readonly scope: unknown;
    readonly schemaUrl: string;
    readonly spans: readonly { readonly spanId: readonly number[]; readonly status: unknown }[];
  }[];
}

/** Each span with its resource and scope, by span id; a status that is not there says what the empty one says. */
function flat(bytes: Uint8Array): unknown[] {
  const { resourceSpans } = decodeWithProtobufjs(bytes) as unknown as { resourceSpans: DecodedResource[] };
  return resourceSpans
    .flatMap(({ resource, schemaUrl, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, schemaUrl: scopeUrl, spans }) =>
        spans.map((span) => ({
          ...{ resource, schemaUrl, scope, scopeUrl },
          span: { ...span, status: span.status ?? { code: 0, message: '' } },
        })),
      ),
    )
    .sort((a, b) => (String(a.span.spanId) < String(b.span.spanId) ? -1 : 1));
}

/** The request in one piece, with what it says of the spans. */
const encoded = (spans: ReadableSpan[], encode = encodeRequest) => {
  const request = encode(spans);
  return { ...request, bytes: bytesOf(request) };
};

describe('span objects', () => {
  test('of opentelemetry-js are the spans that it serialises itself', () => {
    fc.assert(
      fc.property(upstreamSpans, (spans) => {
        const theirs = Upstream.serializeRequest(spans) as Uint8Array;
        expect(flat(encoded(spans as ReadableSpan[]).bytes)).toEqual(flat(theirs));
      }),
      { numRuns: 200 },
    );
  });

  test('of several resources and scopes come under their own, equal ones under one', () => {
    const resource = (name: string): ReadableSpan['resource'] => ({
      ...spanObject().resource,
      attributes: { 'service.name': name },
    });
    const spans = ['a', 'b', 'a', 'b'].map((name, index) =>
      spanObject({ resource: resource(name), instrumentationScope: { name: `scope ${index >> 1}` } }),
    );
    const { resourceSpans } = decodeWithProtobufjs(encoded(spans).bytes);
    expect(resourceSpans.map(({ scopeSpans }) => scopeSpans.map(({ spans }) => spans.length))).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('that lack what a ReadableSpan must have still travel, with what they have', () => {
    const { spanContext } = spanObject();
    const { bytes, spanCount, dropped } = encoded([{ spanContext } as ReadableSpan]);
    expect([spanCount, dropped]).toEqual([1, {}]);
    const [{ scopeSpans }] = decodeWithProtobufjs(bytes).resourceSpans;
    expect(scopeSpans[0].spans).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['no span context', { spanContext: undefined }],
    ['a span context that throws', { spanContext: () => JSON.parse('{') }],
    ['ids that are none', { spanContext: () => ({ traceId: 'x', spanId: 'y', traceFlags: 1 }) }],
    [
      'ids of zeros',
      { spanContext: () => ({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1 }) },
    ],
  ])('with %s cost themselves, counted and said once', (_, fields) => {
    const spans = [spanObject(), spanObject(fields as Partial<ReadableSpan>), spanObject()];
    const { bytes, spanCount, dropped } = encoded(spans);
    expect([spanCount, dropped]).toEqual([2, { unreadable: 1 }]);
    expect(flat(bytes)).toHaveLength(2);
    expect(lines).toEqual([expect.stringContaining('could not be read')]);
  });

  test.each<[string, Partial<Record<keyof ReadableSpan, unknown>>]>([
    ['an undefined name', { name: undefined }],
    ['a name that is an object', { name: {} }],
    ['times that are none', { startTime: 'soon', endTime: [Number.NaN, 1] }],
    ['a kind and a status that are none', { kind: 99, status: null }],
    ['lists that are none', { events: null, links: 'x', attributes: 5 }],
    ['counts that are none', { droppedAttributesCount: -1, droppedEventsCount: 'many' }],
    ['a parent that is none', { parentSpanContext: { spanId: 7 } }],
    ['a scope and a resource that are none', { instrumentationScope: null, resource: null }],
  ])('with %s keep the rest of what they have', (_, fields) => {
    const span = spanObject({ ...(fields as Partial<ReadableSpan>) });
    const { spanCount, dropped, bytes } = encoded([span]);
    expect([spanCount, dropped]).toEqual([1, {}]);
    expect(flat(bytes)).toHaveLength(1);
  });

  test('with the parent id of opentelemetry-js 1.x keep their parent', () => {
    const span = { ...spanObject(), parentSpanId: 'b'.repeat(16) };
    const [{ scopeSpans }] = decodeWithProtobufjs(encoded([span]).bytes).resourceSpans;
    expect(scopeSpans[0].spans[0]).toMatchObject({ parentSpanId: Buffer.from('b'.repeat(16), 'hex') });
  });

  test.each([
    ['whose resource is complete', {}],
    // Whether it ever will be is not this function's to wait for.
    [
      'whose resource is not',
      { asyncAttributesPending: true, waitForAsyncAttributes: () => new Promise<void>(() => {}) },
    ],
  ])('more than the arena holds, %s, go through it in turns', async (_, pending) => {
    const resource = { ...spanObject().resource, ...pending };
    vi.stubEnv('SPANDREL_ARENA_BYTES', String(4 << 20));
    await freshSdk();
    const fresh = await import('../src/api/request-encoder.ts');
    const spans = Array.from({ length: 40 }, () =>
      spanObject({ resource, attributes: { text: 'x'.repeat(100_000) } }),
    );
    const { bytes, spanCount, dropped } = encoded(spans, fresh.encodeRequest);
    expect([spanCount, dropped]).toEqual([40, {}]);
    expect(flat(bytes)).toHaveLength(40);
    vi.unstubAllEnvs();
  });
});

describe('the serialisers', () => {
  test('say the same in JSON and in protobuf', () => {
    fc.assert(
      fc.property(upstreamSpans, (spans) => {
        const json = new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans as ReadableSpan[]));
        const bytes = ProtobufTraceSerializer.serializeRequest(spans as ReadableSpan[]) as Uint8Array;
        expect(json).toEqual([...requestText([bytes])].join(''));
      }),
      { numRuns: 50 },
    );
  });

  test.each<[string, TraceSerializer, Uint8Array]>([
    ['protobuf', ProtobufTraceSerializer, Uint8Array.of(0x0a, 0x06, 0x08, 0x03, 0x12, 0x02, 0x6e, 0x6f)],
    [
      'JSON',
      JsonTraceSerializer,
      Buffer.from('{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}'),
    ],
  ])('read answers in %s', (_, serializer, body) => {
    expect(serializer.deserializeResponse(body)).toEqual({
      partialSuccess: { rejectedSpans: 3, errorMessage: 'no' },
    });
    expect(serializer.deserializeResponse(new Uint8Array(0))).toEqual({});
    expect(serializer.deserializeResponse(Uint8Array.of(255, 255))).toEqual({});
    expect(serializer.deserializeResponse(undefined as never)).toEqual({});
  });

  test('never throw', () => {
    expect(ProtobufTraceSerializer.serializeRequest(undefined as never)).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining('could not be serialised')]);
  });
});
