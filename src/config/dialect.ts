/** @module Which convention names what the AI layer writes. */

import type { Choice } from './options.ts';
import { resolveChoice } from './resolve.ts';

/**
 * `genai`: the OpenTelemetry conventions for generative AI, current names; `genai-1.36`: the names before their
 * renaming. Where those have no name, inputs and outputs are `input.value` and `output.value`, as in OpenInference.
 */
export type DialectName = Choice<'dialect'>;

/** The dialect in force. */
export function resolveDialect(explicit: DialectName | undefined): DialectName {
  return resolveChoice('dialect', explicit);
}
