/** @module The propagators of a process. */

import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '../api/propagation.ts';
import { readEnvironment } from './environment.ts';
import { selectNames } from './names.ts';
import { OPTIONS } from './options.ts';

export interface PropagatorOptions {
  /** A propagator, or names in the order they run; `none` or an empty list: none. */
  propagators?: TextMapPropagator | readonly PropagatorName[];
}

export type PropagatorName = 'tracecontext' | 'baggage' | 'none';

/**
 * The propagator in force, `undefined` for none. Default: `OTEL_PROPAGATORS`, else `tracecontext,baggage`.
 * Names listed twice count once (Environment Variable Specification, "General SDK Configuration").
 */
export function resolvePropagator(options: PropagatorOptions = {}): TextMapPropagator | undefined {
  const explicit = options?.propagators;
  if (isPropagator(explicit)) return explicit;
  const [variable] = OPTIONS.propagators.environment;
  const known = ['tracecontext', 'baggage'] as const;
  const names =
    selectNames('option propagators', explicit, known) ??
    selectNames(variable, readEnvironment(variable)?.split(','), known) ??
    known;
  if (names.length === 0) return undefined;
  return new CompositePropagator({
    propagators: names.map((name) =>
      name === 'baggage' ? new W3CBaggagePropagator() : new W3CTraceContextPropagator(),
    ),
  });
}

function isPropagator(value: unknown): value is TextMapPropagator {
  const candidate = value as TextMapPropagator | null | undefined;
  return typeof candidate?.inject === 'function' && typeof candidate.extract === 'function';
}
