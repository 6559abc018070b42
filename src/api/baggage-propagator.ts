/** @module The `baggage` header (W3C Baggage). */

import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { isTracingSuppressed } from './suppress-tracing.ts';

/** Name of the header. */
export const BAGGAGE_HEADER = 'baggage';

/** Members read from or written to one message: what the specification asks at least ("Limits"). */
const MAXIMUM_MEMBERS = 64;
/** Characters read over all `baggage` headers of a message, or written: the same section. */
const MAXIMUM_LENGTH = 8_192;

/** What properties may consist of: octets of a value, separators and blanks, so that nothing can end the member. */
const PROPERTIES = /^[\t\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;

/**
 * Text in which every percent sign belongs to well-formed UTF-8 (RFC 3629 §4). No two alternatives begin alike, so
 * the time is linear in the text.
 */
const PERCENT_ENCODED = (() => {
  const tail = '%[89AB][0-9A-F]';
  const sequences = [
    '[^%]',
    '%[0-7][0-9A-F]',
    `%(?:C[2-9A-F]|D[0-9A-F])${tail}`,
    `%E0%[AB][0-9A-F]${tail}`,
    `%E[1-9A-CEF](?:${tail}){2}`,
    `%ED%[89][0-9A-F]${tail}`,
    `%F0%[9AB][0-9A-F](?:${tail}){2}`,
    `%F[1-3](?:${tail}){3}`,
    `%F4%8[0-9A-F](?:${tail}){2}`,
  ];
  return new RegExp(`^(?:${sequences.join('|')})*$`, 'i');
})();

/**
 * Carries baggage in the W3C header.
 *
 * At most 64 members and 8192 characters, over all headers of a message, are read or written; what goes beyond
 * is left out, which is reported at most once a minute. A member that is malformed or not percent-encoded
 * UTF-8 is skipped. Of two members with one key the last counts. Never throws, whatever the carrier does.
 */
export class W3CBaggagePropagator implements TextMapPropagator {
  /** Writes the header, unless there is no baggage or tracing is suppressed. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    try {
      const baggage = propagation.getBaggage(context);
      if (baggage === undefined || isTracingSuppressed(context)) return;
      const header = formatBaggage(baggage);
      if (header !== '') setter.set(carrier, BAGGAGE_HEADER, header);
    } catch (error) {
      warn('baggage-inject', `baggage: the header could not be written: ${describe(error)}`);
    }
  }

  /** A context with the baggage of the header; the same context if the header holds none. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      const header = getter.get(carrier, BAGGAGE_HEADER);
      if (header === undefined) return context;
      const entries = parseBaggage(Array.isArray(header) ? header : [header]);
      if (entries.size === 0) return context;
      // Own properties by definition, not assignment: `__proto__` is a legal key.
      return propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries)));
    } catch (error) {
      warn('baggage-extract', `baggage: the header could not be read: ${describe(error)}`);
      return context;
    }
  }

  /** Names of the headers this propagator writes. */
  fields(): string[] {
    return [BAGGAGE_HEADER];
  }
}

function parseBaggage(headers: readonly unknown[]): Map<string, BaggageEntry> {
  const entries = new Map<string, BaggageEntry>();
  let budget = MAXIMUM_LENGTH;
  let members = 0;
  for (const header of headers) {
    if (typeof header !== 'string') continue;
    for (let start = 0; start < header.length; ) {
      const comma = header.indexOf(',', start);
      const end = comma < 0 ? header.length : comma;
      if (end - start > budget || members === MAXIMUM_MEMBERS) {
        warnShortened('read');
        return entries;
      }
      // The comma counts too, so that a header of commas alone also ends.
      budget -= end - start + 1;
      const member = end === start ? undefined : parseMember(header.slice(start, end));
      start = end + 1;
      if (member === undefined) continue;
      members++;
      entries.set(member.key, member.entry);
    }
  }
  return entries;
}

function parseMember(text: string): { key: string; entry: BaggageEntry } | undefined {
  const semicolon = text.indexOf(';');
  const pair = semicolon < 0 ? text : text.slice(0, semicolon);
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  const key = decode(pair.slice(0, equals).trim());
  const value = decode(pair.slice(equals + 1).trim());
  if (!key || value === undefined) return undefined;
  const properties = semicolon < 0 ? '' : text.slice(semicolon + 1).trim();
  const metadata = properties === '' ? undefined : { metadata: baggageEntryMetadataFromString(properties) };
  return { key, entry: { value, ...metadata } };
}

function formatBaggage(baggage: Baggage): string {
  const members: string[] = [];
  let length = -1;
  let shortened = false;
  for (const [key, entry] of baggage.getAllEntries()) {
    const member = formatMember(key, entry);
    if (member === undefined) continue;
    if (members.length === MAXIMUM_MEMBERS || length + 1 + member.length > MAXIMUM_LENGTH) {
      shortened = true;
      continue;
    }
    members.push(member);
    length += 1 + member.length;
  }
  if (shortened) warnShortened('written');
  return members.join(',');
}

function formatMember(key: string, entry: BaggageEntry): string | undefined {
  if (key === '') return undefined;
  const pair = `${encode(key)}=${encode(String(entry.value))}`;
  const properties = entry.metadata?.toString();
  if (!properties || PROPERTIES.test(properties)) return properties ? `${pair};${properties}` : pair;
  warn(
    'baggage-properties',
    'baggage: expected properties of printable ASCII without comma, quote and backslash; they are left out. ' +
      'Percent-encode them.',
  );
  return pair;
}

function warnShortened(verb: string): void {
  warn(
    `baggage-shortened-${verb}`,
    `baggage: more than ${MAXIMUM_MEMBERS} members or ${MAXIMUM_LENGTH} characters; only a part is ${verb}.`,
  );
}

/** Percent-encodes; a lone surrogate, which has no UTF-8, becomes U+FFFD. */
function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  }
}

/** Checked first: an error thrown for each of 1,365 members took 6 ms for one header of 8 KiB (Node.js 20). */
function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  return PERCENT_ENCODED.test(text) ? decodeURIComponent(text) : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
