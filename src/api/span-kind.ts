/** Span kinds. Trace API specification, "SpanKind". */
import { SpanKind } from '@opentelemetry/api';

/** A kind of the API's enumeration, INTERNAL for anything else. */
export function validKind(kind: unknown): SpanKind {
  return typeof kind === 'number' &&
    Number.isInteger(kind) &&
    kind >= SpanKind.INTERNAL &&
    kind <= SpanKind.CONSUMER
    ? kind
    : SpanKind.INTERNAL;
}
