/** @module Makes text that a server wrote fit for a log: one short line, without our secrets in it. */

/** Longest line kept, in UTF-16 units. */
export const MAXIMUM_LINE_LENGTH = 512;
/** How much of a text is looked at, in UTF-16 units: bounds the work on an answer of megabytes. */
const WINDOW_LENGTH = 16_384;
/** Shorter secrets are not searched for: 'a' or '1' would blacken every message and protect nothing. */
const MINIMUM_SECRET_LENGTH = 3;

/**
 * One line of at most {@link MAXIMUM_LINE_LENGTH}: control characters and line separators become spaces, so that
 * a server cannot write log lines of its own, and every one of `secrets` becomes `[redacted]`.
 *
 * @param secrets - from {@link secretsOf}.
 */
export function toLine(text: string, secrets: readonly string[] = []): string {
  let line = stripControls(text.slice(0, WINDOW_LENGTH));
  for (const secret of secrets) line = line.replaceAll(secret, '[redacted]');
  // The window may end inside a secret.
  if (text.length > WINDOW_LENGTH) line = withoutBrokenSecret(line, secrets);
  line = line.trim();
  if (line.length <= MAXIMUM_LINE_LENGTH) return line;
  const last = line.charCodeAt(MAXIMUM_LINE_LENGTH - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return line.slice(0, splitsPair ? MAXIMUM_LINE_LENGTH - 1 : MAXIMUM_LINE_LENGTH);
}

/**
 * The forms in which a server may echo what it was sent: each header value, the words in it (the token after
 * `Bearer`), its percent-encoded form, and the text inside base64. Longest first.
 *
 * @param headers - as configured.
 * @param credentials - `user:password` of the URL.
 */
export function secretsOf(headers: Readonly<Record<string, string>>, credentials?: string): string[] {
  const found = new Set<string>();
  const add = (text: string): void => {
    const cleaned = stripControls(text).trim();
    if (cleaned.length >= MINIMUM_SECRET_LENGTH) found.add(cleaned);
  };
  const addCredentials = (text: string): void => {
    add(text);
    add(text.slice(text.indexOf(':') + 1));
  };
  for (const value of Object.values(headers)) {
    add(value);
    add(percentEncoded(value));
    for (const word of value.split(/[\s,;]+/)) add(word);
    const basic = /^basic\s+(\S+)$/i.exec(value.trim());
    if (basic !== null) addCredentials(fromBase64(basic[1]));
  }
  if (credentials !== undefined) {
    addCredentials(credentials);
    add(toBase64(credentials));
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/** `line` without an end that is the beginning of one of `secrets`. */
function withoutBrokenSecret(line: string, secrets: readonly string[]): string {
  let keep = line.length;
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, line.length); length > line.length - keep; length--) {
      if (line.endsWith(secret.slice(0, length))) keep = line.length - length;
    }
  }
  return line.slice(0, keep);
}

function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // A lone surrogate, which no header can carry either.
    return '';
  }
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function fromBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}
