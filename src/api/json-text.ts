/**
 * Where the values of a JSON text begin and end. All of it expects valid JSON, and steps over strings by searching
 * for their end, so one pass costs about what `indexOf` does.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** Characters of `\uXXXX`. */
const UNICODE_ESCAPE = 6;

/** A value, or a member of an object with its key, as a range of the text. */
export interface Part {
  readonly start: number;
  readonly end: number;
  /** Where the value begins: behind the key, for a member. */
  readonly value: number;
}

/** Whether a text is JSON. Never throws. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The position of the first character from `at` that is no white space (RFC 8259, section 2). */
export function skipSpace(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next += 1;
  return next;
}

/** The position after the last character before `end` that is no white space. */
export function trimSpace(text: string, end: number): number {
  let last = end;
  while (last > 0 && isSpace(text.charCodeAt(last - 1))) last -= 1;
  return last;
}

/** The position after the string that begins at `start`. */
export function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0 && backslashesBefore(text, quote) % 2 === 1) quote = text.indexOf('"', quote + 1);
  return quote < 0 ? text.length : quote + 1;
}

/**
 * The elements or members of the container that begins at `start` and ends before `end`: the first and the last `most` of
 * them at least, so that a million numbers do not become a million objects. `skipped` lay between them.
 */
export function partsOf(
  text: string,
  start: number,
  end: number,
  most: number,
): { readonly parts: Part[]; readonly skipped: number } {
  const parts: Part[] = [];
  let skipped = 0;
  const isObject = text[start] === '{';
  let at = skipSpace(text, start + 1);
  while (at < end - 1) {
    let value = at;
    if (isObject) value = skipSpace(text, skipSpace(text, stringEnd(text, at)) + 1);
    const next = valueEnd(text, value, end - 1);
    parts.push({ start: at, value, end: trimSpace(text, next) });
    at = skipSpace(text, next + 1);
    if (parts.length >= 4 * most) skipped += parts.splice(most, parts.length - 2 * most).length;
  }
  return { parts, skipped };
}

/** The position of the comma, or of the end of the container, that follows the value at `start`. */
function valueEnd(text: string, start: number, end: number): number {
  let depth = 0;
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === COMMA && depth === 0) return at;
    // `[` and `{` differ from `]` and `}` by 2.
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    at += 1;
  }
  return end;
}

/** The last position up to `limit` at which the inside of a string, from `start`, may be cut. */
export function cutBefore(text: string, start: number, limit: number): number {
  let at = start;
  let last = -1;
  for (;;) {
    const next = at + lengthOfCharacter(text, at);
    if (next > limit) break;
    last = at;
    at = next;
  }
  return last >= 0 && isSurrogate(unitAt(text, last), 0xd800) ? last : at;
}

/** The first position from `at` on at which the inside of a string that ends at `end` may be cut. */
export function cutAfter(text: string, at: number, end: number): number {
  let next = at;
  // Only an escape that begins this close can reach to `at`.
  let backslash = at - 1;
  while (backslash > at - UNICODE_ESCAPE && text.charCodeAt(backslash) !== BACKSLASH) backslash -= 1;
  if (backslash > at - UNICODE_ESCAPE && backslashesBefore(text, backslash) % 2 === 0) {
    next = Math.max(at, backslash + lengthOfCharacter(text, backslash));
  }
  while (next < end && isSurrogate(unitAt(text, next), 0xdc00)) next += lengthOfCharacter(text, next);
  return Math.min(next, end);
}

/** Whether a UTF-16 unit is a surrogate: a high one from 0xd800, a low one from 0xdc00. */
export function isSurrogate(unit: number, first: 0xd800 | 0xdc00): boolean {
  return (unit & 0xfc00) === first;
}

function lengthOfCharacter(text: string, at: number): number {
  if (text.charCodeAt(at) !== BACKSLASH) return 1;
  return text[at + 1] === 'u' ? UNICODE_ESCAPE : 2;
}

/** The UTF-16 unit that the character at `at`, written out or escaped, stands for; 0 for escapes of one letter. */
function unitAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== BACKSLASH) return text.charCodeAt(at);
  return text[at + 1] === 'u' ? Number.parseInt(text.slice(at + 2, at + UNICODE_ESCAPE), 16) : 0;
}

function backslashesBefore(text: string, at: number): number {
  let first = at;
  while (first > 0 && text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return at - first;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
