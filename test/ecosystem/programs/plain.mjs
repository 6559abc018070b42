/** Spans that no SDK made: plain objects, given to a processor and to an exporter of the SDK named. */
import { SpanKind } from '@opentelemetry/api';
import { loadSdk, print, programArguments } from './sdk.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const { BatchSpanProcessor, SimpleSpanProcessor, OTLPTraceExporter, resourceFromAttributes } =
  await loadSdk();
const exporter = (path) => new OTLPTraceExporter({ url: `${base}/${path}/v1/traces` });

const resource = resourceFromAttributes({ 'service.name': 'plain', replicas: 3 });
const context = (spanId) => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId, traceFlags: 1 });

/** A span in the shape that frameworks with span objects of their own give to processors. */
function plain(spanId, parentSpanId, more = {}) {
  return {
    name: `span ${spanId}`,
    kind: SpanKind.INTERNAL,
    spanContext: () => context(spanId),
    parentSpanContext: parentSpanId === undefined ? undefined : context(parentSpanId),
    startTime: [1_500_000_000, 1],
    endTime: [1_500_000_001, 2],
    duration: [1, 1],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'framework', version: '2.0.0' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...more,
  };
}

// With the argument `unset`, a key that holds no value.
const unset = programArguments[0] === 'unset' ? { nothing: undefined } : {};

const spans = () => [
  plain('b7ad6b7169203331'),
  plain('b7ad6b7169203332', 'b7ad6b7169203331', {
    kind: SpanKind.CLIENT,
    attributes: { text: 'Größe', list: [1, 2], 'mastra.span.type': 'llm', ...unset },
    status: { code: 2, message: 'it failed' },
    events: [
      { name: 'event', time: [1_500_000_000, 7], attributes: { a: 1 } },
      { name: 'bare', time: [1, 0] },
    ],
    links: [{ context: context('b7ad6b7169203331'), attributes: { why: 'retry' } }],
    droppedAttributesCount: 2,
  }),
  plain('b7ad6b7169203333', 'b7ad6b7169203332', {
    instrumentationScope: { name: 'another', schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' },
    resource: resourceFromAttributes({ 'service.name': 'second' }),
    spanContext: () => ({ ...context('b7ad6b7169203333'), traceState: undefined, isRemote: false }),
  }),
  // Not sampled: a processor leaves it out, an exporter does not ask.
  plain('b7ad6b7169203334', undefined, {
    spanContext: () => ({ ...context('b7ad6b7169203334'), traceFlags: 0 }),
  }),
];

const batch = new BatchSpanProcessor(exporter('batch'));
for (const span of spans()) batch.onEnd(span);
await batch.forceFlush();
await batch.shutdown();

const simple = new SimpleSpanProcessor(exporter('simple'));
for (const span of spans()) simple.onEnd(span);
await simple.forceFlush();
await simple.shutdown();

const direct = exporter('direct');
const result = await new Promise((resolve) => direct.export(spans(), resolve));
await direct.shutdown();
print({ code: result.code });
