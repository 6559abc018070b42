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

/**
 * A processor of another make: it notes what it is shown of each span. With it a provider must keep its spans as
 * objects. Members that releases of upstream leave out when they are empty are filled in; times are left out.
 */
class Witness {
  notes = [];

  note(hook, span) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const parent = span.parentSpanContext;
    const isHrTime = (time) => Array.isArray(time) && time.length === 2;
    this.notes.push({
      hook,
      ...{ traceId, spanId, traceFlags, traceState: traceState?.serialize() },
      parent: parent && {
        ...parent,
        traceState: parent.traceState?.serialize(),
        isRemote: parent.isRemote === true,
      },
      ...{ name: span.name, kind: span.kind, status: span.status, ended: span.ended },
      attributes: { ...span.attributes },
      events: span.events.map((event) => ({
        ...{ name: event.name, attributes: event.attributes ?? {}, time: isHrTime(event.time) },
        dropped: event.droppedAttributesCount ?? 0,
      })),
      links: span.links.map((link) => ({
        ...{ traceId: link.context.traceId, spanId: link.context.spanId, attributes: link.attributes ?? {} },
        dropped: link.droppedAttributesCount ?? 0,
      })),
      times: [span.startTime, span.endTime, span.duration].map(isHrTime),
      isOpen: span.duration[0] === -1,
      dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
      ...{ scope: span.instrumentationScope, resource: span.resource.attributes },
    });
  }

  onStart(span) {
    this.note('onStart', span);
  }

  onEnding(span) {
    this.note('onEnding', span);
  }

  onEnd(span) {
    this.note('onEnd', span);
  }

  forceFlush() {
    return Promise.resolve();
  }

  shutdown() {
    return Promise.resolve();
  }
}

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

/** For each side: whose provider it is, whether a {@link Witness} looks on, and the processors that end at `url`. */
const sides = {
  upstream: {
    provider: 'upstream',
    hasWitness: true,
    processors: (upstream, url) => [upstream.makeBatchSpanProcessor(new upstream.OTLPTraceExporter({ url }))],
  },
  'spandrel-arena': {
    provider: 'spandrel',
    processors: (_upstream, url) => [ours.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url }))],
  },
  'spandrel-plugin': {
    provider: 'spandrel',
    hasWitness: true,
    processors: (_upstream, url) => [ours.makeBatchSpanProcessor(new ours.OTLPTraceExporter({ url }))],
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

/** The SDK whose provider a side has, its witness if it has one, and the processors of that side. */
export async function loadSide(name, sdk) {
  const side = sides[name];
  const upstream = await loadUpstream(sdk);
  return {
    sdk: side.provider === 'upstream' ? upstream : ours,
    witness: () => (side.hasWitness ? new Witness() : undefined),
    processors: (url) => side.processors(upstream, url),
  };
}
