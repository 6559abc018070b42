/** @module Contexts in which no span is made and no header is sent, such as that of an exporter's own requests. */

import { type Context, createContextKey } from '@opentelemetry/api';

// The name is that of `@opentelemetry/core`, and keys of one name are one key: either side's suppression counts.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A context in which tracing is suppressed. */
export function suppressTracing(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}

/** A context in which tracing is not suppressed. */
export function unsuppressTracing(context: Context): Context {
  return context.deleteValue(SUPPRESS_TRACING);
}

/** Whether tracing is suppressed in `context`. */
export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true;
}
