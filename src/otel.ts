/** @module `spandrel/otel`: the SDK under the names that opentelemetry-js uses. */

export { BatchSpanProcessor, type BatchSpanProcessorOptions } from './api/batch-span-processor.ts';
export { AsyncLocalStorageContextManager } from './api/context.ts';
export { type IdGenerator, RandomIdGenerator } from './api/ids.ts';
export type { SpanLimits } from './api/limits.ts';
export type { Mask, MaskedSpan } from './api/mask.ts';
export { NoopSpanProcessor } from './api/noop-span-processor.ts';
export { OTLPTraceExporter } from './api/otlp-trace-exporter.ts';
export {
  B3_CONTEXT_HEADER,
  B3InjectEncoding,
  B3Propagator,
  type B3PropagatorConfig,
  CompositePropagator,
  type CompositePropagatorConfig,
  type CompositePropagatorOptions,
  EnvironmentGetter,
  EnvironmentSetter,
  TraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
  X_B3_FLAGS,
  X_B3_PARENT_SPAN_ID,
  X_B3_SAMPLED,
  X_B3_SPAN_ID,
  X_B3_TRACE_ID,
} from './api/propagation.ts';
export {
  defaultResource,
  defaultServiceName,
  emptyResource,
  type ResourceAttributes,
  resourceFromAttributes,
} from './api/resource.ts';
export {
  type DetectedResource,
  type DetectedResourceAttributes,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type ResourceDetectionConfig,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from './api/resource-detectors.ts';
export {
  AlwaysOffSampler,
  AlwaysOnSampler,
  type ComposableProbabilitySamplerOptions,
  type ComposableSampler,
  createAlwaysRecordSampler,
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
  createComposableAnnotatingSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
  ParentBasedSampler,
  type ParentBasedSamplerOptions,
  type Sampler,
  SamplingDecision,
  type SamplingIntent,
  type SamplingPredicate,
  type SamplingResult,
  type SamplingRule,
  TraceIdRatioBasedSampler,
} from './api/sampler.ts';
export type { SDKRegistrationConfig } from './api/sdk-registration-config.ts';
export { SimpleSpanProcessor } from './api/simple-span-processor.ts';
export { isTracingSuppressed, suppressTracing, unsuppressTracing } from './api/suppress-tracing.ts';
export {
  type ExportTraceServiceResponse,
  JsonTraceSerializer,
  ProtobufTraceSerializer,
  type TraceSerializer,
} from './api/trace-serializer.ts';
export type { Tracer } from './api/tracer.ts';
export type {
  DestinationFlush,
  DestinationStats,
  FlushResult,
  TracerProviderOptions,
  TracerProviderOptions as NodeTracerConfig,
  TracerProviderOptions as TracerConfig,
  TracerProviderStats,
} from './api/tracer-provider.ts';
export {
  type ExportResult,
  ExportResultCode,
  type InstrumentationScope,
  type MaybePromise,
  type RawResourceAttribute,
  type ReadableSpan,
  type Resource,
  type Span,
  type SpanExporter,
  type SpanProcessor,
  type TimedEvent,
} from './api/types.ts';
export type {
  BatchOptions,
  BatchOptions as BufferConfig,
  BatchSpanProcessorBrowserConfig,
} from './config/batch.ts';
export type { GeneralLimits } from './config/span-limits.ts';
export {
  WatchedTracerProvider as BasicTracerProvider,
  WatchedTracerProvider as NodeTracerProvider,
  WatchedTracerProvider as TracerProvider,
} from './exit/watched-tracer-provider.ts';
export { ConsoleSpanExporter } from './export/console-span-exporter.ts';
export { InMemorySpanExporter } from './export/in-memory-span-exporter.ts';
export type { OTLPTraceExporterOptions } from './export/otlp-trace-options.ts';
