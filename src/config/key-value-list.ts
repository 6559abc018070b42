/** @module Lists of `key=value` pairs in variables: OTLP headers and resource attributes. */

/** The pairs, or what is wrong, worded for a warning and without any of the text, which may hold a secret. */
export type KeyValueList =
  | { readonly pairs: readonly (readonly [key: string, value: string])[] }
  | { readonly fault: string };

/** Rules in which the two uses differ. */
export interface KeyValueListRule {
  /** What keys may consist of, tested after decoding. Default: anything but the empty key. */
  readonly isKey?: (key: string) => boolean;
  /** Whether `=` may stand in a value as it is. */
  readonly equalsInValue: boolean;
}

/**
 * Parses `key1=value1,key2=value2` with percent-encoded text and optional white space around keys, values and
 * commas, the form of the W3C Baggage header without properties. Empty members are skipped. Linear in the
 * length of `text`; never throws. One bad member makes the whole list a fault, so that no caller acts on half
 * of what was meant.
 */
export function parseKeyValueList(text: string, rule: KeyValueListRule): KeyValueList {
  const pairs: (readonly [string, string])[] = [];
  let member = 0;
  for (let start = 0; start <= text.length; ) {
    const comma = text.indexOf(',', start);
    const end = comma < 0 ? text.length : comma;
    const entry = text.slice(start, end).trim();
    start = end + 1;
    if (entry === '') continue;
    member++;
    const equals = entry.indexOf('=');
    if (equals < 0) return { fault: `member ${member} has no "="` };
    if (!rule.equalsInValue && entry.indexOf('=', equals + 1) >= 0) {
      return { fault: `member ${member} has a second "=", which must be written %3D` };
    }
    const key = decode(entry.slice(0, equals).trim());
    const value = decode(entry.slice(equals + 1).trim());
    if (key === undefined || value === undefined) {
      return { fault: `member ${member} is not percent-encoded UTF-8` };
    }
    if (key === '' || rule.isKey?.(key) === false) {
      return {
        fault: `member ${member} has ${key === '' ? 'an empty key' : 'characters a key cannot have'}`,
      };
    }
    pairs.push([key, value]);
  }
  return { pairs };
}

// RFC 9110 §5.6.2, `token`: what a header name is made of.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Parses `OTEL_EXPORTER_OTLP_HEADERS` (OTLP exporter specification, "Specifying headers via environment
 * variables"): W3C Baggage form, names being HTTP tokens. A value with a control character is a fault, because
 * `node:http` would throw on it at each request (RFC 9110 §5.5).
 */
export function parseHeaderList(text: string): KeyValueList {
  const list = parseKeyValueList(text, { isKey: (key) => TOKEN.test(key), equalsInValue: true });
  if ('fault' in list) return list;
  const bad = list.pairs.findIndex(([, value]) => !isHeaderValue(value));
  return bad < 0 ? list : { fault: `member ${bad + 1} has a value that cannot travel in an HTTP header` };
}

/** Whether `value` can travel in an HTTP header: no control characters but the tab, nothing above U+00FF. */
export function isHeaderValue(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
