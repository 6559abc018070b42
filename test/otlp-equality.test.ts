/**
 * The same spans through our provider and through opentelemetry-js's serializer, both decoded by protobufjs, must
 * be equal but for these intended differences:
 *
 * - Spans of a request lie newest first, ours; upstream keeps the order of ends. Compared by span id.
 * - Upstream writes zero-valued scalars and empty status and kind onto the wire, we leave them out as proto3 does.
 *   Equal once decoded.
 * - An int64 `bigint` is an integer here; upstream has no such value and writes an empty AnyValue.
 * - `null` is an empty AnyValue in both, and so is `undefined` inside an array or Map here; a plain member that is
 *   `undefined` is left out here and an empty AnyValue upstream.
 * - Lone surrogates are U+FFFD in both; a `__proto__` key, and keys of a Map, reach the wire only here.
 */
import {
  type Attributes,
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceFromAttributes as ownResource } from '../src/api/resource.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { CapturingExporter } from './helpers/engine-capture.ts';
import { decodeWithProtobufjs } from './helpers/engine-protobufjs.ts';
import { anyAttributes } from './helpers/upstream-spans.ts';

const RESOURCE = { 'service.name': 'shop', 'größe 🌊': ['a', 'b'], count: 3, ratio: 0.5 };
const SCOPE = { name: 'library', version: '1.0.0' };

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  // Sizes around a one-byte and a two-byte length.
  fc
    .tuple(fc.constantFrom('a', 'ü', '漢'), fc.integer({ min: 40, max: 3000 }))
    .map(([unit, count]) => unit.repeat(count)),
);
const id = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((value) => /[^0]/.test(value));
const spanContext: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: id(32),
    spanId: id(16),
    traceFlags: fc.constant(1),
    isRemote: fc.boolean(),
    traceState: fc.constantFrom('vendor=1', 'a=1,b=2').map(createTraceState),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
);
const time = fc.tuple(fc.integer({ min: 1, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));
// The same few keys again and again, so that memos and guesses are at work, beside keys of any kind.
const attributes = fc
  .tuple(
    anyAttributes,
    fc.dictionary(fc.constantFrom('model', 'prompt', 'größe'), fc.oneof(fc.constantFrom('a', 'b'), text), {
      noNullPrototype: true,
    }),
  )
  .map(([any, usual]) => ({ ...usual, ...any }) as Attributes);
const spanRecipe = fc.record({
  name: fc.oneof(text, fc.constantFrom('chat', 'embed')),
  kind: fc.integer({ min: 0, max: 4 }),
  parent: fc.option(spanContext, { nil: undefined }),
  startTime: time,
  seconds: fc.integer({ min: 0, max: 1000 }),
  attributes,
  links: fc.array(fc.record({ context: spanContext, attributes }), { maxLength: 3 }),
  events: fc.array(fc.record({ name: text, attributes, time }), { maxLength: 3 }),
  status: fc.oneof(
    fc.constant(undefined),
    fc.constant({ code: 1 }),
    fc.record({ code: fc.constant(2), message: text }, { requiredKeys: ['code'] }),
  ),
});
type Recipe = typeof spanRecipe extends fc.Arbitrary<infer R> ? R : never;

/** Records the span with our provider, and returns what upstream would hold of the same span. */
function record(provider: TracerProvider, recipe: Recipe): ReadableSpan {
  const { name, kind, startTime, links, parent } = recipe;
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const tracer = provider.getTracer(SCOPE.name, SCOPE.version);
  const span = tracer.startSpan(name, { kind, startTime, links, attributes: recipe.attributes }, context);
  for (const event of recipe.events) span.addEvent(event.name, event.attributes, event.time);
  if (recipe.status) span.setStatus(recipe.status);
  const endTime: [number, number] = [startTime[0] + recipe.seconds, startTime[1]];
  span.end(endTime);
  return {
    name,
    kind,
    // The random flag of a trace that begins here is on the wire and not in the context.
    spanContext: () => ({ ...span.spanContext(), traceFlags: parent === undefined ? 3 : 1 }),
    parentSpanContext: parent,
    startTime,
    endTime,
    duration: [recipe.seconds, 0],
    status: recipe.status ?? { code: 0 },
    attributes: recipe.attributes,
    links: links as Link[],
    events: recipe.events,
    ended: true,
    resource: resourceFromAttributes(RESOURCE),
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Decodes a request; a status that is not there becomes the empty one, which says the same. */
function withStatus(bytes: Uint8Array) {
  const request = decodeWithProtobufjs(bytes);
  return {
    resourceSpans: request.resourceSpans.map((resourceSpans) => ({
      ...resourceSpans,
      scopeSpans: resourceSpans.scopeSpans.map((scopeSpans) => ({
        ...scopeSpans,
        spans: scopeSpans.spans.map((span) => ({ ...span, status: span.status ?? { code: 0, message: '' } })),
      })),
    })),
  };
}

describe.each(['wasm', 'ts'] as const)('OTLP bytes made by the %s engine', (engine) => {
  const exporter = new CapturingExporter();
  const provider = new TracerProvider({
    engine,
    arenaBytes: 8 << 20,
    resource: ownResource(RESOURCE),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });

  it('say what the serializer of opentelemetry-js says', () => {
    expect(provider.stats().engine).toBe(engine);
    const property = fc.property(fc.array(spanRecipe, { minLength: 1, maxLength: 4 }), (recipes) => {
      for (const recipe of recipes) {
        const theirs = ProtobufTraceSerializer.serializeRequest([record(provider, recipe)]) as Uint8Array;
        const [ours] = exporter.requests.splice(0);
        expect(withStatus(ours)).toEqual(withStatus(theirs));
      }
    });
    fc.assert(property, { numRuns: 150 });
    expect(provider.stats().dropped).toEqual({});
  });

  it('hold what only we can say: bigints, Maps and a key named __proto__', () => {
    const attributes = {
      big: -(2n ** 63n),
      map: new Map([['k', 1]]),
      ['__proto__']: 'own',
      list: [undefined, 1n],
    };
    const span = provider.getTracer('x').startSpan('only here');
    for (const [key, value] of Object.entries(attributes)) span.setAttribute(key, value as unknown as string);
    span.end();
    const read = decodeWithProtobufjs(exporter.requests.splice(0)[0]).resourceSpans[0].scopeSpans[0].spans[0];
    expect(read.attributes).toEqual([
      { key: 'big', value: { intValue: '-9223372036854775808' } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { intValue: '1' } }] } } },
      { key: '__proto__', value: { stringValue: 'own' } },
      { key: 'list', value: { arrayValue: { values: [{}, { intValue: '1' }] } } },
    ]);
  });
});
