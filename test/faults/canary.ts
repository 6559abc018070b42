/**
 * @module Secrets to look for, the ways in which a server may echo them, and the search: written without a look at how
 * the package redacts, so that each can find the other wrong.
 */

import { inspect } from 'node:util';

/** Each has marks that JSON, URLs or shells treat as special, and enough letters not to occur by chance. */
export const CANARIES = {
  header: 'hk-9f3A "quoted" <tag>/Canary-Option-71c2',
  environment: 'EnvCanary_5b8e+Zq==tail-4417',
  token: 'sk-live-FunctionCanary0123456789abcdef',
  password: 'pa:ss/w@rd-CanaryUserinfo%41-xyz',
  query: 'QueryCanary&=?#-2f6d9e81',
} as const;

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const escapeUnicode = (text: string): string =>
  text.replace(/[<>&"']/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What servers, proxies and log formats do to a text that they quote. */
export const ECHOES: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in upper case': (secret) => secret.toUpperCase(),
  'in lower case': (secret) => secret.toLowerCase(),
  'percent-encoded': encodeURIComponent,
  'percent-encoded to the last byte': percent,
  'as a form has it': (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'as JSON': (secret) => JSON.stringify(secret),
  'as JSON in JSON': (secret) => JSON.stringify(secret).slice(1, -1),
  'as JSON safe for HTML': (secret) => escapeUnicode(secret),
  'in lines of ten': (secret) => secret.replace(/.{10}/g, '$&\r\n '),
  'in base64, in lines of sixteen': (secret) =>
    Buffer.from(secret).toString('base64').replace(/.{16}/g, '$&\n'),
  'with colours inside': (secret) => `${secret.slice(0, 9)}\u001b[31m${secret.slice(9)}\u001b[0m`,
  'with a space after each letter': (secret) => [...secret].join(' '),
  'with zero-width marks inside': (secret) => [...secret].join('\u200b'),
  'turned around by the terminal': (secret) => `\u202e${secret}\u202c`,
  'without its end': (secret) => secret.slice(0, -6),
  'without its beginning': (secret) => secret.slice(6),
};

/** Letters and digits in a row of which a thief could make something. */
const PART = 12;

/** How often a secret, or twelve letters and digits of one, stands in `text`, in any of the forms above. */
export function occurrences(text: string, secrets: readonly string[] = Object.values(CANARIES)): string[] {
  const views = new Set(
    [text, plain(text), unescaped(text), decoded(text), decoded(unescaped(text))].map(letters),
  );
  const found: string[] = [];
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('base64')]) {
      const wanted = letters(form);
      for (const view of views) {
        for (let at = 0; at + PART <= wanted.length; at += 1) {
          const part = wanted.slice(at, at + PART);
          for (let place = view.indexOf(part); place >= 0; place = view.indexOf(part, place + PART)) {
            found.push(`${part} of ${secret}`);
            at += PART - 1;
          }
        }
      }
    }
  }
  return found;
}

function letters(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function plain(text: string): string {
  return text.replace(/\[\d*m/g, '');
}

function unescaped(text: string): string {
  return text.replace(/\\+u00([0-9a-f]{2})/gi, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** All that can be seen of something from outside: what `inspect`, `console.log` and JSON show, and where it came from. */
export function everythingOf(value: unknown): string {
  const texts = [
    inspect(value, {
      depth: 12,
      showHidden: true,
      getters: false,
      maxArrayLength: 20,
      maxStringLength: 10_000,
    }),
    inspect(value),
    String(value instanceof Error ? `${value.stack} ${inspect(value.cause)}` : ''),
  ];
  try {
    texts.push(JSON.stringify(value, (_, member) => (ArrayBuffer.isView(member) ? '' : member)) ?? '');
  } catch {
    // Circular or hostile: `inspect` has shown it.
  }
  return texts.join('\n');
}
