/** @module Propagation between processes: W3C trace context and baggage, alone or combined. */

export { BAGGAGE_HEADER, W3CBaggagePropagator } from './baggage-propagator.ts';
export { CompositePropagator, type CompositePropagatorOptions } from './composite-propagator.ts';
export {
  parseTraceParent,
  TRACE_PARENT_HEADER,
  TRACE_STATE_HEADER,
  W3CTraceContextPropagator,
} from './trace-context-propagator.ts';
export { TraceState } from './trace-state.ts';
