/** @module The functions of the module: their spans belong to the session of the context, or of the only tracer. */

import type { AnyFunction } from '../trace-options.ts';
import { onlyMembership } from './destination.ts';
import { membership } from './membership.ts';
import { decorateClass, type TraceClassOptions } from './traced-class.ts';
import { anyMembership, type TraceFunctionOptions, traced } from './traced-function.ts';
import type { TypedTraceOptions } from './tracer.ts';

/**
 * Makes wrappers: a call of the wrapped function is a span, with arguments and result, and with the function's type,
 * `this`, `name` and `length` kept; generators and streams are followed to their end. Whose it is, each call decides: the
 * session around it, else that of the only tracer. With several tracers and no session around it, it is not traced.
 *
 * @param association - what the spans belong to where no session is around them, in the server's names: `session_id` …
 */
export function traceFunction(
  options: TraceFunctionOptions = {},
  association?: Record<string, string>,
): <F extends AnyFunction>(fn: F) => F {
  if (association === undefined) return (fn) => traced(fn, options, anyMembership);
  const { session_id, project, source, run_id, dataset_id, datapoint_id } = association;
  const given = { project, source, runId: run_id, datasetId: dataset_id, datapointId: datapoint_id };
  return (fn) =>
    traced(fn, options, () => {
      const own = onlyMembership();
      if (own === undefined) return undefined;
      const present = Object.entries({ sessionId: session_id, ...given }).filter(
        ([, value]) => value !== undefined,
      );
      return membership(own.destination, { ...own.association, ...Object.fromEntries(present) });
    });
}

/** As `traceFunction`, for the call of a model. */
export function traceModel<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
  return traceFunction({ ...options, eventType: 'model' })(fn);
}

/** As `traceFunction`, for a tool. */
export function traceTool<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
  return traceFunction({ ...options, eventType: 'tool' })(fn);
}

/** As `traceFunction`, for a step that puts others together. */
export function traceChain<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
  return traceFunction({ ...options, eventType: 'chain' })(fn);
}

/** Not in the original. Traces the methods of a class; the result is a decorator, in both forms of the language. */
export function traceClass(
  options: TraceClassOptions = {},
): <C extends abstract new (...args: never[]) => unknown>(target: C) => C {
  return decorateClass(options, anyMembership);
}
