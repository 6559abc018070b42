/** Spans that other libraries make around the same call of a model, and that will carry its usage. */
import type { Context } from '@opentelemetry/api';
import { spanOf } from '../../api/context.ts';
import { asRecord } from './read.ts';

/** Scopes of the `ai` package's telemetry: that of `@ai-sdk/otel`, and the older one. */
const SCOPES: readonly unknown[] = ['gen_ai', 'ai'];

/**
 * Whether the active span is that of the `ai` package around a call of a model: it sets its usage by itself when the call
 * is over. Its spans may be made by any tracer, and then tell themselves apart by `ai.operationId`.
 */
export function isInsideModelSpan(context: Context): boolean {
  const span = asRecord(spanOf(context));
  const attributes = asRecord(span.attributes);
  if (typeof attributes['ai.operationId'] === 'string') return true;
  const scope = asRecord(span.instrumentationScope ?? span.instrumentationLibrary).name;
  return SCOPES.includes(scope) && attributes['gen_ai.operation.name'] !== undefined;
}
