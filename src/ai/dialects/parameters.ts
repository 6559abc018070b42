/** Settings of a model call under the names that most providers give them. */
import type { ModelFields } from '../fields.ts';

const PARAMETERS = [
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['topK', 'top_k'],
  ['maxTokens', 'max_tokens'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['stopSequences', 'stop'],
  ['seed', 'seed'],
  ['choiceCount', 'n'],
  ['stream', 'stream'],
] as const satisfies readonly (readonly [keyof ModelFields, string])[];

/** Those that are there; `undefined` when none is. */
export function parametersOf(model: ModelFields | undefined): Record<string, unknown> | undefined {
  if (model === undefined) return undefined;
  const parameters: Record<string, unknown> = {};
  for (const [field, key] of PARAMETERS) if (model[field] !== undefined) parameters[key] = model[field];
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}
