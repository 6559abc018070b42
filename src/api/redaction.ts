/** Patterns of things that have no business in a trace: keys, tokens, card numbers, addresses of people. */
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
 * No pattern has a quantifier inside a quantifier: each is linear. A match is bounded in length where the thing is.
 */
const PATTERNS = {
  // Documented prefixes: OpenAI and Anthropic, GitHub, GitLab, Slack, Google, AWS, Stripe, Hugging Face, npm.
  apiKey:
    /\b(?:sk-[\w-]{16,200}|gh[pousr]_\w{30,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}|xox[abeoprs]-[\w-]{10,200}|AIza[\w-]{35}|(?:AKIA|ASIA)[A-Z0-9]{16}|[rsp]k_(?:live|test)_\w{16,200}|hf_\w{30,64}|npm_\w{36})\b/g,
  // RFC 7519, compact form.
  jsonWebToken: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g,
  bearer: /\b(?:Bearer|Basic)\s+[\w.~+/=-]{12,}/gi,
  privateKey: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{1,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  // The members of JSON and of query strings that are called a secret.
  secretMember:
    /(["']?\b(?:password|passwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|client[_-]?secret|authorization)\b["']?\s{0,4}[:=]\s{0,4})("(?:[^"\\]|\\.){1,4000}"|'[^']{1,4000}'|[^\s"',;&}]{1,4000})/gi,
  urlCredentials: /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/:@"']{1,200}:[^\s/@"']{1,200}@/gi,
  email: /\b[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}\b/g,
  creditCard: /\b(?:\d[ -]?){12,18}\d\b/g,
  socialSecurityNumber: /\b\d{3}-\d{2}-\d{4}\b/g,
} as const satisfies Record<string, RegExp>;

const REPLACEMENT = '[redacted]';

/** A mask that replaces what the patterns match, compiled once. */
export function redaction(options: RedactOptions = {}): Mask {
  const { patterns = Object.keys(PATTERNS) as PatternName[], custom = [], keys = [] } = options;
  const names = patterns.filter((name) => Object.hasOwn(PATTERNS, name));
  const own = custom.map(
    ({ source, flags }) => new RegExp(source, flags.includes('g') ? flags : `${flags}g`),
  );
  const hidden = new Set(keys.map((key) => key.toLowerCase()));
  return (value, key) => {
    if (hidden.has(key.toLowerCase())) return REPLACEMENT;
    let text = value;
    for (const name of names) text = replace(text, name);
    for (const pattern of own) text = text.replace(pattern, REPLACEMENT);
    return text;
  };
}

function replace(text: string, name: PatternName): string {
  const pattern = PATTERNS[name];
  if (name === 'creditCard') {
    return text.replace(pattern, (match) => (isCardNumber(match) ? REPLACEMENT : match));
  }
  if (name === 'secretMember') return text.replace(pattern, keepQuotes);
  if (name === 'urlCredentials') return text.replace(pattern, `$1${REPLACEMENT}@`);
  return text.replace(pattern, REPLACEMENT);
}

/** JSON stays JSON. */
function keepQuotes(_: string, member: string, value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? '';
  return `${member}${quote}${REPLACEMENT}${quote}`;
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
