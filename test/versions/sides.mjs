// The providers that are compared: upstream's, spandrel's, and each one's parts in the other.
import * as spandrel from 'spandrel/otel';

/** Upstream's classes under one name each; 2.x and 3.x differ in packages and in constructor arguments. */
async function loadUpstream(sdk) {
  const trace = {
    ...(await import('@opentelemetry/sdk-trace')),
    ...(sdk === 'sdk-2' && (await import('@opentelemetry/sdk-trace-base'))),
  };
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  return {
    ...trace,
    TracerProvider: trace.BasicTracerProvider ?? trace.TracerProvider,
    OTLPTraceExporter,
    AsyncLocalStorageContextManager,
    resourceFromAttributes,
    makeBatchSpanProcessor: (exporter) =>
      sdk === 'sdk-2' ? new trace.BatchSpanProcessor(exporter) : new trace.BatchSpanProcessor({ exporter }),
  };
}

const ours = { ...spandrel, makeBatchSpanProcessor: (exporter) => new spandrel.BatchSpanProcessor(exporter) };

/** A processor that does nothing; with it a provider must keep its spans as objects. */
const idleProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** Sends what `serializer` makes of the spans of one flush. */
class SerializingProcessor {
  spans = [];

  constructor(serializer, url) {
    this.serializer = serializer;
    this.url = url;
  }

  onStart() {}

  onEnd(span) {
    if ((span.spanContext().traceFlags & 1) !== 0) this.spans.push(span);
  }

  async forceFlush() {
    if (this.spans.length === 0) return;
    const body = this.serializer.serializeRequest(this.spans.splice(0));
    const response = await fetch(this.url, { method: 'POST', body });
    await response.arrayBuffer();
  }

  shutdown() {
    return this.forceFlush();
  }
}

/** For each side: whose provider it is, and the processors that end at `url`. */
const sides = {
  upstream: {
    provider: 'upstream',
    processors: (upstream, url) => [upstream.makeBatchSpanProcessor(new upstream.OTLPTraceExporter({ url }))],
  },
  'spandrel-arena': {
    provider: 'spandrel',
    processors: (_upstream, url) => [ours.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url }))],
  },
  'spandrel-plugin': {
    provider: 'spandrel',
    processors: (_upstream, url) => [
      ours.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url })),
      idleProcessor,
    ],
  },
  'upstream-processor-in-spandrel': {
    provider: 'spandrel',
    processors: (upstream, url) => [upstream.makeBatchSpanProcessor(new upstream.OTLPTraceExporter({ url }))],
  },
  'spandrel-exporter-in-upstream': {
    provider: 'upstream',
    processors: (upstream, url) => [upstream.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url }))],
  },
  'spandrel-processor-in-upstream': {
    provider: 'upstream',
    processors: (_upstream, url) => [ours.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url }))],
  },
  'spandrel-serializer': {
    provider: 'upstream',
    processors: (_upstream, url) => [new SerializingProcessor(ours.ProtobufTraceSerializer, url)],
  },
};

/** The SDK whose provider a side has, and the processors of that side. */
export async function loadSide(name, sdk) {
  const side = sides[name];
  const upstream = await loadUpstream(sdk);
  return {
    sdk: side.provider === 'upstream' ? upstream : ours,
    processors: (url) => side.processors(upstream, url),
  };
}
