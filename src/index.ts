/** @module `spandrel`: start tracing in two lines, and trace functions. */

export { span, startSpan, type TraceOptions, trace } from './ai/trace.ts';
export type { ExporterOption, OtlpDestination } from './api/exporter-options.ts';
export type {
  DestinationFlush,
  DestinationStats,
  FlushResult,
  TracerProviderStats,
} from './api/tracer-provider.ts';
export { flush, type InitOptions, init, type Stats, shutdown, stats } from './init.ts';
