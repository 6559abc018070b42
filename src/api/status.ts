/** The status of a span. Trace API specification, "Set Status". */
import type { SpanStatus } from '@opentelemetry/api';
import { describe } from './attributes.ts';

const STATUS_OK = 1;
const STATUS_ERROR = 2;

/** A status that counts, read once: `undefined` for UNSET and for what is none. A message counts with ERROR only. */
export function readStatus(status: SpanStatus): SpanStatus | undefined {
  try {
    const { code } = status;
    if (code !== STATUS_OK && code !== STATUS_ERROR) return undefined;
    const message = code === STATUS_ERROR ? status.message : undefined;
    if (message === undefined || message === null) return { code };
    return { code, message: describe(message) };
  } catch {
    return undefined;
  }
}
