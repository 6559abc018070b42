/** @module Where spans go: checks an OTLP/HTTP endpoint and keeps its secrets out of every text about it. */

import { toPrintable } from '../diagnostics.ts';

/** A checked endpoint. */
export interface Endpoint {
  readonly protocol: 'http:' | 'https:';
  /** Host name or address, an IPv6 one without brackets. */
  readonly hostname: string;
  /** The explicit port or the protocol's own. */
  readonly port: number;
  /** Path and query, never empty. */
  readonly path: string;
  /** `user:password`, decoded, from the URL's userinfo. A secret. */
  readonly credentials?: string;
  /** The endpoint without userinfo, query and fragment, for messages. */
  readonly display: string;
}

/** Thrown for an endpoint that cannot be used. Its message never contains userinfo or a query. */
export class EndpointError extends TypeError {
  override readonly name = 'EndpointError';
}

/**
 * Checks `text` (OTLP exporter specification, "Endpoint URLs for OTLP/HTTP").
 *
 * @param source - option or variable it came from, named in the error.
 * @throws {EndpointError} when it is no absolute `http:` or `https:` URL.
 */
export function parseEndpoint(text: string, source: string): Endpoint {
  return fromUrl(parseUrl(text, source));
}

/**
 * As {@link parseEndpoint}, for the general endpoint of all signals: `v1/traces` is appended to its path.
 *
 * @throws {EndpointError} as above.
 */
export function parseGeneralEndpoint(text: string, source: string): Endpoint {
  const url = parseUrl(text, source);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return fromUrl(url);
}

/** Names of RFC 6761, 6.3; 127.0.0.0/8 and ::1, and what stands for this host, 0.0.0.0 and ::. As `URL` writes them. */
const LOOPBACK =
  /^(?:(?:.+\.)?localhost\.?|127(?:\.\d{1,3}){3}|0\.0\.0\.0|::1?|::ffff:(?:7f[\da-f]{2}:[\da-f]{1,4}|0:0))$/;

/** Whether the endpoint is on this machine, where plain http shows its headers to nobody else. */
export function isLoopback(endpoint: Endpoint): boolean {
  return LOOPBACK.test(endpoint.hostname);
}

function parseUrl(text: string, source: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Reported below: the error of `new URL` quotes the text, secrets included.
  }
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new EndpointError(
      `${source}: expected a URL that starts with http:// or https://, got ${withoutSecrets(text)}. ` +
        'Write it like http://localhost:4318/v1/traces.',
    );
  }
  return url;
}

function fromUrl(url: URL): Endpoint {
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  const credentials =
    url.username === '' && url.password === ''
      ? {}
      : { credentials: `${decode(url.username)}:${decode(url.password)}` };
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    // A password with a slash in it makes the rest of the userinfo a path.
    display: `${protocol}//${url.host}${url.pathname.replace(/^.*@/, '/[redacted]@')}`,
    ...credentials,
  };
}

/** Everything up to the last `@` and from the first `?` or `#` goes: the text may not be a URL at all. */
function withoutSecrets(text: string): string {
  const at = text.lastIndexOf('@');
  const host = at < 0 ? text : `[redacted]@${text.slice(at + 1)}`;
  const shown = host.replace(/[?#].*$/s, '');
  return JSON.stringify(toPrintable(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
