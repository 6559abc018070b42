/** Embeddings of the OpenAI interface. */
import { contentText } from '../content.ts';
import type { Endpoint } from './endpoint.ts';
import { readUsage, requestModel } from './openai-fields.ts';
import { asList, asText } from './read.ts';

/** The vectors themselves are no content that anyone reads. */
export const EMBEDDINGS: Endpoint = {
  type: 'embedding',
  operation: 'embeddings',
  request: (body, content) => ({
    model: requestModel(body),
    inputs: content ? contentText(inputOf(body.input)) : undefined,
  }),
  response: (answer) => ({
    model: { responseModel: asText(answer.model) },
    usage: readUsage(answer.usage),
  }),
};

/** A text, texts, or the numbers of tokens in place of either. */
function inputOf(input: unknown): unknown {
  const [first] = asList(input);
  if (typeof first === 'number') return `[${asList(input).length} tokens]`;
  return Array.isArray(first) ? asList(input).map(inputOf) : input;
}
