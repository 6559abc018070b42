/** @module `spandrel`: start tracing in two lines, and trace functions. */

export { type Enrichment, enrichSpan, usage } from './ai/enrich.ts';
export type {
  AgentFields,
  Message,
  MessagePart,
  ModelFields,
  RetrievedDocument,
  SpanType,
  ToolFields,
  Usage,
} from './ai/fields.ts';
export { instrument } from './ai/instrument/instrument.ts';
export { type Lazy, lazy } from './ai/lazy.ts';
export {
  type CarryOptions,
  currentSpan,
  extract,
  inject,
  type SessionProperties,
  withAttributes,
  withSession,
} from './ai/session.ts';
export {
  span,
  startSpan,
  type TraceOptions,
  trace,
  traceAgent,
  traceChain,
  traceEmbedding,
  traceEvaluator,
  traceGuardrail,
  traceModel,
  traceReranker,
  traceRetriever,
  traceTool,
} from './ai/trace.ts';
export { type TraceClassOptions, traceClass } from './ai/trace-class.ts';
export type { ExporterOption, FileDestination, OtlpDestination } from './api/exporter-options.ts';
export type { Mask, MaskedSpan } from './api/mask.ts';
export type { PatternName, RedactOptions } from './api/redaction.ts';
export type {
  DestinationFlush,
  DestinationStats,
  FlushResult,
  TracerProviderStats,
} from './api/tracer-provider.ts';
export { flush, type InitOptions, init, type Stats, shutdown, stats } from './init.ts';
