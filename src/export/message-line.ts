/** @module Makes text that a server wrote fit for a log: one short line, without our secrets in it. */

import { toPrintable } from '../diagnostics.ts';
import { decodeEscapes, redact } from './secrets.ts';

/** Longest line kept, in UTF-16 units. */
export const MAXIMUM_LINE_LENGTH = 512;
/** How much of a text is looked at, in UTF-16 units: bounds the work on an answer of megabytes. */
const WINDOW_LENGTH = 16_384;

/**
 * One line of at most {@link MAXIMUM_LINE_LENGTH}: control characters and line separators become spaces, so that
 * a server cannot write log lines of its own, and every one of `secrets` becomes `[redacted]`.
 *
 * @param secrets - from `secretsOf`.
 */
export function toLine(text: string, secrets: readonly string[] = []): string {
  // Escapes first: what is hidden in them may be a secret, or a control character.
  const shown = toPrintable(decodeEscapes(text.slice(0, WINDOW_LENGTH)));
  const line = redact(shown, secrets, text.length > WINDOW_LENGTH).trim();
  if (line.length <= MAXIMUM_LINE_LENGTH) return line;
  const last = line.charCodeAt(MAXIMUM_LINE_LENGTH - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return line.slice(0, splitsPair ? MAXIMUM_LINE_LENGTH - 1 : MAXIMUM_LINE_LENGTH);
}
