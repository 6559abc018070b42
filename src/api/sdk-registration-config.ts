/** @module What registering a provider sets besides (opentelemetry-js 2.x, `register`). */

import type { ContextManager, TextMapPropagator } from '@opentelemetry/api';

/** The argument of `TracerProvider.register`. */
export interface SDKRegistrationConfig {
  /** The global propagator; `null` for none. Default: `OTEL_PROPAGATORS`, else trace context and baggage. */
  propagator?: TextMapPropagator | null;
  /** The global context manager; `null` for none. Default: ours. */
  contextManager?: ContextManager | null;
}
