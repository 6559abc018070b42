/** @module Spans recorded by opentelemetry-js itself, from generated recipes: the independent side of comparisons. */

import { type Attributes, createTraceState, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';

const text = fc.string({ unit: 'binary', maxLength: 12 });
// '__proto__' has its own test: upstream loses it.
const key = text.filter((value) => value !== '' && value !== '__proto__');
const number = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger());

const simpleValue = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(text, { maxLength: 3 }),
  fc.array(fc.boolean(), { maxLength: 3 }),
  fc.array(number, { maxLength: 3 }),
);

export const simpleAttributes: fc.Arbitrary<Attributes> = fc.dictionary(key, simpleValue, {
  maxKeys: 6,
  noNullPrototype: true,
});

/** Every kind of AnyValue, nested. */
export const anyAttributes: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  key,
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      simpleValue,
      fc.constant(null),
      fc.uint8Array({ maxLength: 12 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value,
  { maxKeys: 6, noNullPrototype: true },
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

// Epoch milliseconds with a fraction, as upstream takes them; end and start independent, so some end early.
const time = fc.tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));

const spanRecipe = fc.record({
  scope: fc.integer({ min: 0, max: 2 }),
  name: text,
  kind: fc.integer({ min: 0, max: 4 }),
  parent: fc.option(spanContext, { nil: undefined }),
  startTime: time,
  endTime: time,
  attributes: simpleAttributes,
  links: fc.array(fc.record({ context: spanContext, attributes: simpleAttributes }), { maxLength: 3 }),
  events: fc.array(fc.record({ name: text, attributes: simpleAttributes, time }), { maxLength: 3 }),
  status: fc.oneof(
    fc.constant(undefined),
    fc.constant({ code: 1 }),
    fc.record({ code: fc.constant(2), message: text }),
  ),
});

const traceRecipe = fc.record({
  resource: simpleAttributes,
  resourceSchemaUrl: fc.constantFrom(undefined, 'schema:resource'),
  scopes: fc.constant([
    { name: 'plain' },
    { name: 'versioned', version: '1.2.3' },
    { name: '', version: '0', schemaUrl: 'schema:scope' },
  ] as { name: string; version?: string; schemaUrl?: string }[]),
  spans: fc.array(spanRecipe, { minLength: 1, maxLength: 4 }),
});

// Low, so that generated spans exceed each limit and the dropped counts are not all 0.
const LIMITS = {
  attributeCountLimit: 4,
  eventCountLimit: 2,
  linkCountLimit: 2,
  attributePerEventCountLimit: 3,
  attributePerLinkCountLimit: 3,
};

function record(recipe: typeof traceRecipe extends fc.Arbitrary<infer R> ? R : never): ReadableSpan[] {
  const finished: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(recipe.resource, { schemaUrl: recipe.resourceSchemaUrl }),
    spanLimits: LIMITS,
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => finished.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  for (const { scope, parent, ...wanted } of recipe.spans) {
    const { name, version, schemaUrl } = recipe.scopes[scope];
    const tracer = provider.getTracer(name, version, { schemaUrl });
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const span = tracer.startSpan(wanted.name, wanted, context);
    for (const event of wanted.events) span.addEvent(event.name, event.attributes, event.time);
    if (wanted.status) span.setStatus(wanted.status);
    span.end(wanted.endTime);
  }
  return finished;
}

/** What opentelemetry-js recorded for some trace of one to four spans, in the order they ended. */
export const upstreamSpans: fc.Arbitrary<ReadableSpan[]> = traceRecipe.map(record);
