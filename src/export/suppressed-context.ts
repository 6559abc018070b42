/** @module Runs the sender's own work outside any trace, so that exporting a span never makes another one. */

import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

// The key of upstream's `suppressTracing`; instrumentations ask for it before they start a span.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
const SUPPRESSED_ROOT = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);

/**
 * Calls `work` in the root context with tracing suppressed. Timers and sockets made inside keep this context
 * rather than that of the request whose span happened to end at that moment.
 */
export function runSuppressed<Result>(work: () => Result): Result {
  return runWith(SUPPRESSED_ROOT, work);
}

let runWith: <Result>(active: Context, work: () => Result) => Result = (active, work) =>
  context.with(active, work);

/** Has contexts carried by `run`, where tracing goes on without a context manager that is registered with the API. */
export function carryContextBy(run: <Result>(active: Context, work: () => Result) => Result): void {
  runWith = run;
}
