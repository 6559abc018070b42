// Sends corpus.mjs with the built package to the OTLP endpoint in argv[2] and prints, as JSON, the ids that each
// span got and the provider's own count. argv[3] is the module format, `esm` or `cjs`; SPANDREL_ENGINE chooses the
// engine.
import { createRequire } from 'node:module';
import { createTraceState, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { remoteParent, resource, scopes, spanLimits, spans } from './corpus.mjs';

const [url, format] = process.argv.slice(2);
const otel =
  format === 'cjs'
    ? createRequire(import.meta.url)('../../dist/cjs/otel.cjs')
    : await import('../../dist/esm/otel.mjs');

const provider = new otel.TracerProvider({
  resource: otel.resourceFromAttributes(resource.attributes, { schemaUrl: resource.schemaUrl }),
  spanLimits,
  spanProcessors: [new otel.BatchSpanProcessor(new otel.OTLPTraceExporter({ url }))],
});

const spanContext = ({ traceState, ...rest }) => ({
  ...rest,
  ...(traceState && { traceState: createTraceState(traceState) }),
});
const remote = trace.setSpanContext(ROOT_CONTEXT, spanContext(remoteParent));
const toLink = ({ context, attributes, excessAttributes }) => ({
  context: spanContext(context),
  attributes: { ...attributes, ...excessAttributes },
});
const started = new Map();

function parentContext(parent) {
  if (parent === undefined) return ROOT_CONTEXT;
  return parent === 'remote' ? remote : trace.setSpan(ROOT_CONTEXT, started.get(parent));
}

function start(entry, index) {
  const { name, version, schemaUrl } = scopes[entry.scope];
  const tracer = provider.getTracer(name, version, schemaUrl === '' ? undefined : { schemaUrl });
  const atStart = index % 2 === 0;
  const span = tracer.startSpan(
    entry.name,
    {
      kind: entry.kind,
      startTime: [...entry.start],
      attributes: atStart ? entry.attributes : undefined,
      links: atStart ? entry.links.map(toLink) : undefined,
    },
    parentContext(entry.parent),
  );
  if (!atStart) {
    span.setAttributes(entry.attributes);
    span.addLinks(entry.links.map(toLink));
  }
  started.set(entry.key, span);
}

function fill(entry) {
  const span = started.get(entry.key);
  for (const [key, value] of Object.entries(entry.excessAttributes)) span.setAttribute(key, value);
  const addEvent = ({ name, attributes, excessAttributes, time }) =>
    span.addEvent(name, { ...attributes, ...excessAttributes }, [...time]);
  for (const event of entry.events) addEvent(event);
  for (let added = 0; added < entry.excessEvents; added++) addEvent(entry.events.at(-1));
  for (let added = 0; added < entry.excessLinks; added++) span.addLink(toLink(entry.links.at(-1)));
  if (entry.status.code !== 0) span.setStatus(entry.status);
  span.end([...entry.end]);
}

spans.forEach(start);
spans.forEach(fill);
await provider.forceFlush();
await provider.shutdown();
const identities = Object.fromEntries([...started].map(([key, span]) => [key, span.spanContext()]));
const { engine, exported } = provider.stats();
console.log(JSON.stringify({ identities, engine, exported }));
