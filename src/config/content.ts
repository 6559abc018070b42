/** @module How much of prompts, completions and arguments is captured. */

import { readEnvironment } from './environment.ts';
import { type Choice, OPTIONS } from './options.ts';
import { checkChoiceOption, warnInvalid } from './readers.ts';

/**
 * `all`: inputs and outputs too; `metadata`: everything but those; `none`: as `metadata`, and of the error of a traced call
 * its type alone.
 */
export type Content = Choice<'content'>;

export interface ContentOptions {
  /**
   * What is captured of inputs and outputs. Default `all`, or what
   * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says if it is set. An invalid value captures nothing.
   */
  content?: Content;
}

// The generative-AI conventions use the variable as a boolean; their Python utilities also give it these words,
// of which two let content into spans. Content goes into spans here, never into separate events.
const WORDS: Readonly<Record<string, Content>> = {
  true: 'all',
  span_only: 'all',
  span_and_event: 'all',
  false: 'metadata',
  no_content: 'metadata',
  event_only: 'metadata',
};

/** What is captured. Fails closed: a value nobody understands captures less, never more, and is said once. */
export function resolveContent(options: ContentOptions = {}): Content {
  const explicit = options?.content;
  if (explicit !== undefined)
    return checkChoiceOption('content', explicit, OPTIONS.content.choices) ?? 'none';
  const [variable] = OPTIONS.content.environment;
  const text = readEnvironment(variable);
  if (text === undefined) return OPTIONS.content.default;
  const content = WORDS[text.toLowerCase()];
  if (content !== undefined) return content;
  warnInvalid(variable, 'true or false', undefined, 'message content is not captured');
  return 'metadata';
}
