/**
 * @module `spandrel/honeyhive`: the names of the `honeyhive` package, so that a program written for it runs by changing
 * the import. The LangChain tracer and the REST client are not here.
 */

export type { LinkToken } from './ai/honeyhive/carrier.ts';
export {
  type EnrichSessionParams,
  type EnrichSpanParams,
  enrichSession,
  enrichSpan,
} from './ai/honeyhive/enrich.ts';
export {
  traceChain,
  traceClass,
  traceFunction,
  traceModel,
  traceTool,
} from './ai/honeyhive/module-functions.ts';
export type { HoneyHiveTracerProperties, InitParams } from './ai/honeyhive/options.ts';
export type { SessionParams } from './ai/honeyhive/sessions.ts';
export type { SpanNameFilter, SpanNameFilters } from './ai/honeyhive/span-name-filters.ts';
export type { TraceClassOptions } from './ai/honeyhive/traced-class.ts';
export type { TraceFunctionOptions } from './ai/honeyhive/traced-function.ts';
export { HoneyHiveTracer, type TypedTraceOptions } from './ai/honeyhive/tracer.ts';
export {
  type EvaluateParams,
  type EvaluationResult,
  evaluate,
  evaluator,
  type HoneyHiveEvaluator,
} from './experiments/honeyhive.ts';
