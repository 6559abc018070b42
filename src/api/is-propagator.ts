/** What can be used as a propagator. */
import type { TextMapPropagator } from '@opentelemetry/api';

/** Whether `value` has what it takes to read and write headers. */
export function isPropagator(value: unknown): value is TextMapPropagator {
  const candidate = value as TextMapPropagator | null | undefined;
  try {
    return typeof candidate?.inject === 'function' && typeof candidate.extract === 'function';
  } catch {
    return false;
  }
}
