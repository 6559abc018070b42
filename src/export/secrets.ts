/** @module Keeps what was configured as a secret out of text that a server wrote. */

/** Shorter secrets are not searched for: 'a' or '1' would blacken every message and protect nothing. */
const MINIMUM_SECRET_LENGTH = 3;
/** From this many letters and digits on, a secret is found with anything between them; a shorter one as it stands. */
const LOOSE_LENGTH = 6;
/**
 * From this many letters and digits in a row on, a part of a secret is hidden too. Fewer are no use to a thief, and
 * words of English are seldom as long.
 */
const PART_LENGTH = 12;
/** Of the longest name of an authentication scheme (`Negotiate`): words of a header up to it are no tokens. */
const SCHEME_LENGTH = 9;
const HIDDEN = '[redacted]';

/** What of an endpoint is a secret. */
interface EndpointSecrets {
  readonly credentials?: string;
  readonly path?: string;
}

/**
 * What a server may echo of what it was sent: each header value, the credentials in it (the token after `Bearer`,
 * the password inside base64), the userinfo and query values of the URL, and the base64 of each.
 *
 * @param headers - as configured.
 * @param endpoint - its userinfo, and its path with the query.
 */
export function secretsOf(
  headers: Readonly<Record<string, string>>,
  { credentials, path = '' }: EndpointSecrets = {},
): string[] {
  const found = new Set<string>();
  const add = (text: string): void => {
    const secret = text.trim();
    if (secret.length < MINIMUM_SECRET_LENGTH) return;
    for (const form of [secret, decodeEscapes(secret), toBase64(secret)]) found.add(form);
  };
  const addCredentials = (text: string): void => {
    add(text);
    add(text.slice(text.indexOf(':') + 1));
  };
  for (const value of Object.values(headers)) {
    add(value);
    for (const word of value.split(/[\s,;="']+/)) if (word.length > SCHEME_LENGTH) add(word);
    const [, scheme, rest] = /^\s*([\w-]+)\s+(\S.*)$/s.exec(value) ?? [];
    if (rest !== undefined) add(rest);
    if (scheme?.toLowerCase() === 'basic') addCredentials(fromBase64(rest.trim()));
  }
  if (credentials !== undefined) addCredentials(credentials);
  const query = path.indexOf('?');
  if (query >= 0) for (const value of new URLSearchParams(path.slice(query)).values()) add(value);
  return [...found];
}

/**
 * `text` with `[redacted]` for each of `secrets` and each longer part of one, in whatever letter case, with whatever
 * spaces and marks between their letters and digits.
 *
 * @param isCut - whether more followed `text`: its end, which may be the beginning of a secret, is left out then.
 */
export function redact(text: string, secrets: readonly string[], isCut = false): string {
  if (secrets.length === 0) return text;
  const letters = lettersOf(text);
  const hidden = new Uint8Array(text.length);
  const hide = (from: number, to: number): void => {
    hidden.fill(1, from, to);
  };
  const parts = new Set<string>();
  for (const secret of secrets) {
    const { compact } = lettersOf(secret);
    if (compact.length >= PART_LENGTH) {
      for (let end = PART_LENGTH; end <= compact.length; end++) {
        parts.add(compact.slice(end - PART_LENGTH, end));
      }
    } else if (compact.length >= LOOSE_LENGTH) {
      for (const at of occurrences(letters.compact, compact)) {
        hide(letters.at[at], letters.at[at + compact.length - 1] + 1);
      }
    } else {
      for (const at of occurrences(folded(text), folded(secret))) {
        if (standsAlone(text, at, at + secret.length)) hide(at, at + secret.length);
      }
    }
  }
  for (let end = PART_LENGTH; end <= letters.compact.length; end++) {
    const start = end - PART_LENGTH;
    if (parts.has(letters.compact.slice(start, end))) hide(letters.at[start], letters.at[end - 1] + 1);
  }
  return rebuild(isCut ? text.slice(0, letters.at[letters.at.length - PART_LENGTH] ?? 0) : text, hidden);
}

/** Escapes within escapes that are undone: a proxy may quote the JSON of a server in its own. */
const ESCAPE_DEPTH = 3;
const JSON_ESCAPE = /\\(?:u([0-9a-f]{4})|([bfnrt])|(["\\/]))/gi;

/** Text as it was before it became part of JSON or of a URL: `\u003c`, `\"` and `%3C` are the marks they stand for. */
export function decodeEscapes(text: string): string {
  let decoded = text;
  for (let depth = 0; depth < ESCAPE_DEPTH && /[\\%]/.test(decoded); depth++) decoded = decodeOnce(decoded);
  return decoded;
}

function decodeOnce(text: string): string {
  return text
    .replace(JSON_ESCAPE, (_, digits?: string, control?: string, mark = '') => {
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      return control === undefined ? mark : ' ';
    })
    .replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
      try {
        return decodeURIComponent(bytes);
      } catch {
        return bytes;
      }
    });
}

/** A text in lower case where every letter stays in its place: that of some is longer. */
function folded(text: string): string {
  return text.replace(/\p{Lu}/gu, (letter) => {
    const lower = letter.toLowerCase();
    return lower.length === letter.length ? lower : letter;
  });
}

/** The letters and digits of a text in lower case, and where each stands. */
function lettersOf(text: string): { readonly compact: string; readonly at: readonly number[] } {
  const at: number[] = [];
  let compact = '';
  for (const { 0: letter, index } of text.matchAll(/[\p{L}\p{N}]/gu)) {
    const lower = letter.toLowerCase();
    compact += lower;
    for (let unit = 0; unit < lower.length; unit++) at.push(index);
  }
  return { compact, at };
}

function occurrences(text: string, searched: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(searched); at >= 0; at = text.indexOf(searched, at + 1)) found.push(at);
  return found;
}

/** Whether no letter or digit follows on another at either end: 'dev' is none of 'developer'. */
function standsAlone(text: string, start: number, end: number): boolean {
  const joins = (place: number): boolean => /^[\p{L}\p{N}]{2}$/u.test(text.slice(place - 1, place + 1));
  return (start === 0 || !joins(start)) && !joins(end);
}

function rebuild(text: string, hidden: Uint8Array): string {
  let result = '';
  for (let start = 0; start < text.length; ) {
    let end = start + 1;
    while (end < text.length && hidden[end] === hidden[start]) end++;
    result += hidden[start] === 1 ? HIDDEN : text.slice(start, end);
    start = end;
  }
  return result;
}

function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}
