/** Processors and exporters of both SDKs, and subclasses of them, in every combination, with one provider. */
import { spanLimits, work } from './work.mjs';

const exporters = {
  proto: ({ OTLPTraceExporter }, url) => new OTLPTraceExporter({ url }),
  // An exporter of its own there, an option of the one exporter here.
  json: ({ JsonExporter, OTLPTraceExporter }, url) =>
    new (JsonExporter ?? OTLPTraceExporter)({ url, protocol: 'http/json' }),
  memory: ({ InMemorySpanExporter }) => new InMemorySpanExporter(),
  'proto-subclass': ({ OTLPTraceExporter }, url) =>
    new (class extends OTLPTraceExporter {
      export(spans, resultCallback) {
        for (const span of spans) span.attributes['exporter.saw'] = span.name;
        const kept = spans.filter(({ name }) => name !== 'continued');
        super.export(kept, resultCallback);
      }
    })({ url }),
};

/** Each takes what the constructor takes: the exporter in 2.x, an object with the exporter in 3.x. */
const processors = {
  batch: ({ BatchSpanProcessor }, given) => new BatchSpanProcessor(given),
  simple: ({ SimpleSpanProcessor }, given) => new SimpleSpanProcessor(given),
  'batch-subclass': ({ BatchSpanProcessor }, given) =>
    new (class extends BatchSpanProcessor {
      onStart(span, parentContext) {
        span.setAttribute('processor.start', true);
        super.onStart(span, parentContext);
      }
      onEnd(span) {
        span.attributes['processor.end'] = Object.keys(span.attributes).length;
        if (span.name !== 'limited') super.onEnd(span);
      }
    })(given),
  'simple-patched': ({ SimpleSpanProcessor }, given) => {
    const processor = new SimpleSpanProcessor(given);
    const onEnd = processor.onEnd.bind(processor);
    processor.onEnd = (span) => {
      delete span.attributes.text;
      span.name = `patched ${span.name}`;
      onEnd(span);
    };
    return processor;
  },
};

/**
 * Runs every combination to the end, one after another. What one exports comes under a path of its own,
 * `/<processor>/<whose>/<exporter>/<whose>/v1/traces`; answers the paths without their end.
 *
 * `sdks` holds the classes by owner, `provider` makes a provider of the options that both have, `asOptions` says
 * that processors take an object, and `api` is the copy of the API that all of them use.
 */
export async function combineAll({ sdks, provider: makeProvider, asOptions = false, api, serializer }) {
  const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const owners = Object.keys(sdks);
  const done = [];
  for (const [processorKind, makeProcessor] of Object.entries(processors)) {
    for (const [exporterKind, makeExporter] of Object.entries(exporters)) {
      for (const [processorOwner, exporterOwner] of pairs(owners)) {
        const path = [processorKind, processorOwner, exporterKind, exporterOwner].join('/');
        const url = `${base}/${path}/v1/traces`;
        const exporter = makeExporter(sdks[exporterOwner], url);
        const processor = makeProcessor(sdks[processorOwner], asOptions ? { exporter } : exporter);
        const provider = makeProvider({ spanLimits, spanProcessors: [processor] });
        work(provider, api);
        await provider.forceFlush();
        if (exporterKind === 'memory') await post(url, serializer, exporter.getFinishedSpans());
        await provider.shutdown();
        done.push(path);
      }
    }
  }
  return done;
}

const pairs = (owners) => owners.flatMap((first) => owners.map((second) => [first, second]));

/** Sends finished spans as an exporter would. */
async function post(url, serializer, spans) {
  const body = serializer.serializeRequest(spans);
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}
