/**
 * Vercel's composite processor: attributes assigned as spans end, children that are still open ended with the
 * root. It is not exported: `registerOTel` makes it for a provider of its own. `inside` puts processors of the SDK
 * named into that provider; `moved` takes the composite out of it and gives it to a provider of the SDK named.
 */
import { SpanKind, trace } from '@opentelemetry/api';
import { registerOTel } from '@vercel/otel';
import { loadSdk, print, programArguments } from './sdk.mjs';

const [where] = programArguments;
const { BatchSpanProcessor, NodeTracerProvider, OTLPTraceExporter } = await loadSdk();
const ended = [];
const recorder = {
  onStart: () => {},
  onEnd: (span) => ended.push([span.name, span.ended]),
  forceFlush: async () => {},
  shutdown: async () => {},
};
registerOTel({
  serviceName: 'ecosystem',
  instrumentations: [],
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter()), recorder],
});
let provider = trace.getTracerProvider().getDelegate();
if (where === 'moved') {
  const composite = findComposite(provider);
  provider = new NodeTracerProvider({ spanProcessors: [composite] });
}

/** The one processor with a list of open spans by root. */
function findComposite(holder) {
  const processors = holder._activeSpanProcessor?._spanProcessors ?? [holder._activeSpanProcessor];
  const found = processors.find((processor) => processor?.rootSpanIds instanceof Map);
  if (found === undefined)
    throw new Error('expected the composite processor of @vercel/otel in its provider');
  return found;
}

const tracer = provider.getTracer('next.js', '0.0.1');
tracer.startActiveSpan(
  'GET /page',
  {
    kind: SpanKind.SERVER,
    attributes: { 'next.span_type': 'BaseServer.handleRequest', 'http.route': '/page' },
  },
  (root) => {
    tracer.startActiveSpan(
      'render',
      { attributes: { 'next.span_type': 'Render.getServerSideProps' } },
      (child) => {
        child.end();
      },
    );
    // Left open: the composite ends it with the root.
    tracer.startActiveSpan('left open', () => {});
    root.end();
  },
);
provider
  .getTracer('other')
  .startSpan('named', { attributes: { 'operation.name': 'own' } })
  .end();
await provider.forceFlush();
await provider.shutdown();
print(ended);
