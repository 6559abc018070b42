/**
 * A provider of the SDK named with the processors and exporters of both, and subclasses of them, in every
 * combination, or, with the argument `alone`, with those of opentelemetry-js only. What a combination exports comes under a path of its own:
 * `/<processor>/<whose>/<exporter>/<whose>/v1/traces`.
 */
import { OTLPTraceExporter as UpstreamJsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { loadSdk, print, programArguments, sdkName } from './sdk.mjs';
import { spanLimits, work } from './work.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const sdks = { spandrel: await loadSdk('spandrel'), upstream: await loadSdk('upstream') };
const { NodeTracerProvider, resourceFromAttributes } = sdks[sdkName];

/** What this list of finished spans holds, sent as the exporters would. */
async function post(url, spans) {
  const body = JsonTraceSerializer.serializeRequest(spans);
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

const exporters = {
  proto: ({ OTLPTraceExporter }, url) => new OTLPTraceExporter({ url }),
  json: (_sdk, url) => new UpstreamJsonExporter({ url }),
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

const processors = {
  batch: ({ BatchSpanProcessor }, exporter) => new BatchSpanProcessor(exporter),
  simple: ({ SimpleSpanProcessor }, exporter) => new SimpleSpanProcessor(exporter),
  'batch-subclass': ({ BatchSpanProcessor }, exporter) =>
    new (class extends BatchSpanProcessor {
      onStart(span, parentContext) {
        span.setAttribute('processor.start', true);
        super.onStart(span, parentContext);
      }
      onEnd(span) {
        span.attributes['processor.end'] = Object.keys(span.attributes).length;
        if (span.name !== 'limited') super.onEnd(span);
      }
    })(exporter),
  'simple-patched': ({ SimpleSpanProcessor }, exporter) => {
    const processor = new SimpleSpanProcessor(exporter);
    const onEnd = processor.onEnd.bind(processor);
    processor.onEnd = (span) => {
      delete span.attributes.text;
      span.name = `patched ${span.name}`;
      onEnd(span);
    };
    return processor;
  },
};

/** Runs one combination to the end; answers its path, and how many of its exports failed. */
async function combine(processorKind, processorOwner, exporterKind, exporterOwner) {
  const path = [processorKind, processorOwner, exporterKind, exporterOwner].join('/');
  const url = `${base}/${path}/v1/traces`;
  const exporter = exporters[exporterKind](sdks[exporterOwner], url);
  const provider = new NodeTracerProvider({
    spanLimits,
    resource: resourceFromAttributes({ 'service.name': 'pieces' }),
    spanProcessors: [processors[processorKind](sdks[processorOwner], exporter)],
  });
  work(provider);
  await provider.forceFlush();
  if (exporterKind === 'memory') await post(url, exporter.getFinishedSpans());
  await provider.shutdown();
  return path;
}

const owners = programArguments[0] === 'alone' ? ['upstream'] : Object.keys(sdks);
const done = [];
for (const processorKind of Object.keys(processors)) {
  for (const exporterKind of Object.keys(exporters)) {
    for (const processorOwner of owners) {
      // spandrel's exporter speaks protobuf only.
      for (const exporterOwner of exporterKind === 'json' ? ['upstream'] : owners) {
        done.push(await combine(processorKind, processorOwner, exporterKind, exporterOwner));
      }
    }
  }
}
print(done);
