/** Patterns of things that have no business in a trace: keys, tokens, card numbers, addresses of people. */
import { describe } from './attributes.ts';
import type { Mask } from './mask.ts';

/** What `redact` takes. */
export interface RedactOptions {
  /** Which of the built-in patterns are used. Default: all. */
  patterns?: readonly PatternName[];
  /** Further ones. Each is made global; it must match in time linear in the text. */
  custom?: readonly RegExp[];
  /** Attribute keys whose strings are left out whole, whatever they hold; compared without case. */
  keys?: readonly string[];
}

/** Names of the built-in patterns. */
export type PatternName = keyof typeof PATTERNS;

/**
 * Each is linear: no quantifier stands in another over the same characters, and what has no bound begins where nothing of
 * its kind stands before, so that no stretch of text is read from each of its characters on.
 */
const PATTERNS = {
  // Documented prefixes: OpenAI and Anthropic, GitHub, GitLab, Slack, Google, AWS, Stripe, Hugging Face, npm.
  apiKey:
    /(?<![\w-])(?:sk-[\w-]{16,}|gh[pousr]_\w{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|AIza[\w-]{35}|(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)|[rsp]k_(?:live|test)_\w{16,}|hf_\w{30,}|npm_\w{36,})/g,
  // RFC 7519, compact form.
  jsonWebToken: /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g,
  bearer: /\b(?:Bearer|Basic)\s{1,4}[\w.~+/=-]{12,}/gi,
  privateKey:
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----)[\s\S]){1,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  // The members of JSON, of JSON inside JSON, and of query strings that are called a secret. A value ends where its
  // quote does, at whatever depth of escapes.
  secretMember:
    /(?<![a-z])((?:password|passwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|client[_-]?secret|authorization)((?:\\{0,15}["'])?)(?![\w"'\\-])\s{0,4}[:=]\s{0,4})(?!\\{0,15}["']?\[redacted\]|(?:null|true|false)\b)(?:((\\{1,15})")[^"\\]*(?:(?!\4")\\+[^\\][^"\\]*)*|(")[^"\\]*(?:\\[\s\S][^"\\]*)*|(')[^'\\]*|(?:(?:token|digest|basic|bearer)\s)?[^\s"'\\,;&}\]]+)/gi,
  urlCredentials: /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/:@"']{1,200}:[^\s/@"']{1,200}@/gi,
  email: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
  creditCard: /(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.]?\d)/g,
  socialSecurityNumber: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g,
} as const satisfies Record<string, RegExp>;

const REPLACEMENT = '[redacted]';

/** A mask that replaces what the patterns match, compiled once. */
export function redaction(options: RedactOptions = {}): Mask {
  const { patterns = Object.keys(PATTERNS) as PatternName[], custom = [], keys = [] } = options;
  const names = listOf('patterns', patterns).filter(isPattern);
  const own = listOf('custom', custom).flatMap(globalForm);
  const hidden = new Set(listOf('keys', keys).map((key) => String(key).toLowerCase()));
  return (value, key) => {
    if (hidden.has(key.toLowerCase())) return REPLACEMENT;
    let text = value;
    for (const name of names) text = replace(text, name);
    for (const pattern of own) text = text.replace(pattern, REPLACEMENT);
    return text;
  };
}

/** What is no list cannot be understood: it stops the start, rather than letting through what should be hidden. */
function listOf<Item>(name: string, given: readonly Item[]): readonly Item[] {
  if (Array.isArray(given)) return given;
  throw new TypeError(`redact.${name}: expected a list, got ${typeof given}; correct or remove it`);
}

function isPattern(name: string): name is PatternName {
  if (Object.hasOwn(PATTERNS, name)) return true;
  throw new TypeError(
    `redact.patterns: expected some of ${Object.keys(PATTERNS).join(', ')}, got ${describe(name)}; correct or remove it`,
  );
}

function globalForm(pattern: RegExp): RegExp {
  if (!(pattern instanceof RegExp)) {
    throw new TypeError(
      `redact.custom: expected regular expressions, got ${typeof pattern}; correct or remove it`,
    );
  }
  const { source, flags } = pattern;
  return new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
}

function replace(text: string, name: PatternName): string {
  const pattern = PATTERNS[name];
  if (name === 'creditCard') {
    const isJson = /^\s{0,100}[[{]/.test(text);
    return text.replace(pattern, (match, at: number) => {
      if (!isCardNumber(match)) return match;
      return isJson && isBareNumber(text, at, at + match.length) ? '0' : REPLACEMENT;
    });
  }
  if (name === 'secretMember') return text.replace(pattern, hideMember);
  if (name === 'urlCredentials') return text.replace(pattern, `$1${REPLACEMENT}@`);
  return text.replace(pattern, REPLACEMENT);
}

/** JSON stays JSON: quotes stay, and a number in it becomes 0. */
function hideMember(
  _: string,
  member: string,
  keyQuote: string,
  escaped: string | undefined,
  __: string | undefined,
  double: string | undefined,
  single: string | undefined,
): string {
  const quote = escaped ?? double ?? single;
  if (quote === undefined && keyQuote !== '') return `${member}0`;
  return `${member}${quote ?? ''}${REPLACEMENT}`;
}

/** Whether what lies between is a number of JSON, which text in its place would break. */
function isBareNumber(text: string, start: number, end: number): boolean {
  return (
    /[:[,]\s{0,8}$/.test(text.slice(Math.max(0, start - 9), start)) &&
    /^\s{0,8}[,}\]]/.test(text.slice(end, end + 9))
  );
}

/** The check digit that every card number has (ISO/IEC 7812-1, Luhn). */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** One mask after another: what the first leaves, the second sees. */
export function masks(first: Mask | undefined, second: Mask | undefined): Mask | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return (value, key, span) => {
    const text = first(value, key, span);
    return text === null ? null : second(text, key, span);
  };
}
