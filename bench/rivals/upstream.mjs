/**
 * opentelemetry-js as installed: its provider and span, collection as its BatchSpanProcessor does it, its
 * protobuf serialiser. Each import of this file under another query string loads its own copy of the SDK, so
 * that two sides of a row share no class, no compiled code and no type feedback.
 */
import { createRequire } from 'node:module';

const MAX_EXPORT_BATCH_SIZE = 512;
const MAX_QUEUE_SIZE = 2048;

const require = createRequire(import.meta.url);
for (const path of Object.keys(require.cache)) {
  if (/@opentelemetry[\\/](?!api[\\/])/.test(path)) delete require.cache[path];
}
const sdk = require('@opentelemetry/sdk-trace-base');
const transformer = require('@opentelemetry/otlp-transformer');
const exporterProto = requireExporter();

export const serializer = transformer.ProtobufTraceSerializer;
export const version = `sdk-trace-base ${require('@opentelemetry/sdk-trace-base/package.json').version}`;

/** The two classes that put a string into protobuf, for the control that patches them. */
export const stringWriters = {
  sizeEstimator:
    require('@opentelemetry/otlp-transformer/build/src/common/protobuf/protobuf-size-estimator.js')
      .ProtobufSizeEstimator,
  writer: require('@opentelemetry/otlp-transformer/build/src/common/protobuf/protobuf-writer.js')
    .ProtobufWriter,
};

/** Collects what BatchSpanProcessor would: sampled spans, at most the queue size. */
class CollectingProcessor {
  finished = [];
  dropped = 0;

  onStart() {}

  onEnd(span) {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.finished.length >= MAX_QUEUE_SIZE) {
      this.dropped++;
      return;
    }
    this.finished.push(span);
  }

  async forceFlush() {}
  async shutdown() {}
}

export function open({ recording }) {
  const processor = new CollectingProcessor();
  const provider = new sdk.BasicTracerProvider({
    sampler: recording ? new sdk.AlwaysOnSampler() : new sdk.AlwaysOffSampler(),
    spanProcessors: [processor],
  });
  return {
    engine: 'js',
    version,
    tracer: provider.getTracer('bench', '1.0.0'),
    drain() {
      let bytes = 0;
      while (processor.finished.length > 0) {
        bytes += serializer.serializeRequest(processor.finished.splice(0, MAX_EXPORT_BATCH_SIZE)).length;
      }
      return bytes;
    },
  };
}

export function openExporting(url) {
  if (!exporterProto) {
    const missing = new Error(
      'expected @opentelemetry/exporter-trace-otlp-proto; run `npm ci` in bench/rivals',
    );
    missing.name = 'SideUnavailable';
    throw missing;
  }
  // A batch size above 512 and a long delay leave the start of the export to flush(); the export itself is one batch.
  const processor = new sdk.BatchSpanProcessor(new exporterProto.OTLPTraceExporter({ url }), {
    maxExportBatchSize: MAX_EXPORT_BATCH_SIZE * 2,
    maxQueueSize: MAX_QUEUE_SIZE,
    scheduledDelayMillis: 600_000,
  });
  const provider = new sdk.BasicTracerProvider({ spanProcessors: [processor] });
  return {
    engine: 'js',
    version,
    tracer: provider.getTracer('bench', '1.0.0'),
    flush: () => processor.forceFlush(),
    shutdown: () => provider.shutdown(),
  };
}

/** Needed by the export rows only, and installed with bench/rivals only; the other rows do without. */
function requireExporter() {
  try {
    return require('@opentelemetry/exporter-trace-otlp-proto');
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
