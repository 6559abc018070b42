/** @module Propagation between processes: W3C trace context and baggage, B3, alone or combined; their carriers. */

export {
  B3_CONTEXT_HEADER,
  B3InjectEncoding,
  B3Propagator,
  type B3PropagatorConfig,
  X_B3_FLAGS,
  X_B3_PARENT_SPAN_ID,
  X_B3_SAMPLED,
  X_B3_SPAN_ID,
  X_B3_TRACE_ID,
} from './b3-propagator.ts';
export { BAGGAGE_HEADER, W3CBaggagePropagator } from './baggage-propagator.ts';
export {
  CompositePropagator,
  type CompositePropagatorConfig,
  type CompositePropagatorOptions,
} from './composite-propagator.ts';
export { type Environment, EnvironmentGetter, EnvironmentSetter } from './environment-carrier.ts';
export { isPropagator } from './is-propagator.ts';
export {
  parseTraceParent,
  TRACE_PARENT_HEADER,
  TRACE_STATE_HEADER,
  W3CTraceContextPropagator,
} from './trace-context-propagator.ts';
export { TraceState } from './trace-state.ts';
