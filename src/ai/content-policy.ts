/** What a single call says about its content. */

import { describe } from '../api/attributes.ts';
import type { SpanExtension } from '../api/span-extension.ts';
import type { Content } from '../config/content.ts';
import { OPTIONS } from '../config/options.ts';
import { warnInvalid } from '../config/readers.ts';
import { capturesContent, capturesErrors } from '../init.ts';

/** The words of `init`, or whether content is captured at all. */
export type CallContent = boolean | Content;

/** What was given. Fails closed, as `init` does: a value nobody understands captures less, never more. */
export function contentOf(given: unknown): CallContent | undefined {
  if (given === undefined || typeof given === 'boolean') return given;
  const { choices } = OPTIONS.content;
  const word = choices.find((choice) => choice === given);
  if (word !== undefined) return word;
  const expected = `true, false or one of ${choices.join(', ')}`;
  warnInvalid('content of a traced function', expected, describe(given), 'its calls capture nothing');
  return 'none';
}

/** Whether inputs and outputs are captured; where the call says nothing, the option of `init` decides. */
export function capturesContentFor(content: CallContent | undefined): boolean {
  return content === undefined ? capturesContent() : content === true || content === 'all';
}

/** Whether messages and stack traces of errors are recorded. */
export function capturesErrorsFor(content: CallContent | undefined): boolean {
  return typeof content === 'string' ? content !== 'none' : capturesErrors();
}

/** Of a span whose call says whether content is captured, and of which nothing else is known yet. One each: calls are many. */
export class ContentPolicy implements SpanExtension {
  readonly content: CallContent;

  constructor(content: CallContent) {
    this.content = content;
  }

  finish(): void {}
}

const POLICIES = new Map<CallContent, ContentPolicy>();

export function policyFor(content: CallContent): ContentPolicy {
  const known = POLICIES.get(content) ?? new ContentPolicy(content);
  POLICIES.set(content, known);
  return known;
}
