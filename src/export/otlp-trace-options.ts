/** @module Options of the OTLP trace exporter: what the user gave, else the variables, else the defaults. */

import type { MeterProvider } from '@opentelemetry/api';
import { readEnvironment, readFirstEnvironment } from '../config/environment.ts';
import { isHeaderValue, parseHeaderList } from '../config/key-value-list.ts';
import { MAXIMUM_MILLIS, OPTIONS } from '../config/options.ts';
import { checkBooleanOption, checkStringOption, warnInvalid } from '../config/readers.ts';
import { resolveChoice, resolveNumber } from '../config/resolve.ts';
import { warnOnce } from '../diagnostics.ts';
import { type Endpoint, EndpointError, isLoopback, parseEndpoint, parseGeneralEndpoint } from './endpoint.ts';
import type { TlsOptions } from './node-client.ts';
import type { HeadersSource, OtlpHttpOptions, OtlpHttpProtocol } from './otlp-http.ts';
import { readTlsOptions, type TlsFiles } from './tls-files.ts';

/** Options of `OTLPTraceExporter`, under the names of opentelemetry-js. Each beats its variables. */
export interface OTLPTraceExporterOptions extends TlsFiles {
  /**
   * Where requests go, used as it is. Default: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` as it is, else
   * `OTEL_EXPORTER_OTLP_ENDPOINT` with `v1/traces` appended, else `http://localhost:4318/v1/traces`.
   */
  url?: string;
  /**
   * Headers of each request, or a function called before each one; it may be asynchronous. Names given here
   * replace those of `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, which replace those of `OTEL_EXPORTER_OTLP_HEADERS`.
   */
  headers?: HeadersSource;
  /**
   * Form of requests. Default: `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`, else `OTEL_EXPORTER_OTLP_PROTOCOL`, else
   * `http/protobuf`. Upstream has a package for each form, with one class name: that of
   * `@opentelemetry/exporter-trace-otlp-http` sends JSON, that of `-proto` protobuf; ours sends protobuf unless
   * told. `http/json` costs a pass over the finished bytes at each attempt. OTLP/gRPC is not spoken: `grpc` is
   * named in a warning and `http/protobuf` is sent.
   */
  protocol?: OtlpHttpProtocol;
  /** Total time of one attempt, in milliseconds; 0 means no limit. Default 10 000. */
  timeoutMillis?: number;
  /** Compression of requests. Default `none`. */
  compression?: 'none' | 'gzip';
  /** Whether connections are used again. Default true. */
  keepAlive?: boolean;
  /** Options of the connection agent, or a function that makes it, called once before the first request. */
  httpAgentOptions?: OtlpHttpOptions['httpAgentOptions'];
  /** Accepted for compatibility and without effect: one request is in flight at a time. */
  concurrencyLimit?: number;
  /** Put before our own `User-Agent`. */
  userAgent?: string;
  /**
   * Gets metrics of this exporter (`otel.sdk.exporter.*`, docs/metrics.md). Default: that of the tracer provider it
   * works for, if that has one.
   */
  selfObsMeterProvider?: MeterProvider;
}

const alone = new WeakSet<OTLPTraceExporterOptions>();

/**
 * Marks options of a receiver beside others, of which the variables know nothing: what is left out has its default, and no
 * header or certificate of another receiver is added.
 *
 * @param options - with a `url`.
 */
export function withoutEnvironment(options: OTLPTraceExporterOptions): OTLPTraceExporterOptions {
  alone.add(options);
  return options;
}

/** OTLP exporter specification, "Endpoint": the default base with the path of the signal. */
const DEFAULT_ENDPOINT = 'http://localhost:4318/v1/traces';

/** Default port of OTLP/gRPC, which this exporter does not speak. */
const GRPC_PORT = 4317;

/**
 * The options in force. Invalid values are named in a warning, once, and skipped.
 *
 * @throws {EndpointError} when `url` is no `http:` or `https:` URL.
 * @throws {TlsFileError} when a certificate or key cannot be used: without it requests would go out less
 *   protected than was asked for.
 */
export function resolveOtlpTraceOptions(options: OTLPTraceExporterOptions = {}): OtlpHttpOptions {
  const isAlone = alone.has(options);
  const endpoint = resolveEndpoint(options.url);
  const headers = isAlone ? ownHeaders(options.headers) : resolveHeaders(options.headers);
  const protocol = resolveProtocol(options.protocol, isAlone);
  warnAboutPort(endpoint);
  const tls = hasTlsOptions(options, isAlone) ? readTlsOptions(options, isAlone) : undefined;
  warnAboutPlainText(endpoint, headers, tls);
  return {
    endpoint,
    protocol,
    headers,
    timeoutMillis: resolveNumber('timeoutMillis', options.timeoutMillis, isAlone) || MAXIMUM_MILLIS,
    compression: resolveChoice('compression', options.compression, isAlone),
    keepAlive: checkBooleanOption('keepAlive', options.keepAlive) ?? true,
    httpAgentOptions: options.httpAgentOptions,
    userAgent: checkUserAgent(options.userAgent),
    tls,
  };
}

/** Whether there is anything to read: what reads and checks certificates is loaded for it only. */
function hasTlsOptions(options: TlsFiles, isAlone: boolean): boolean {
  return (['ca', 'cert', 'key'] as const).some(
    (name) =>
      (options[name] ?? undefined) !== undefined ||
      (!isAlone && readFirstEnvironment(OPTIONS[name].environment) !== undefined),
  );
}

function resolveEndpoint(url: string | undefined): Endpoint {
  if (url !== undefined) return parseEndpoint(String(url), 'option url');
  const [signalName, generalName] = OPTIONS.endpoint.environment;
  return (
    readEndpoint(signalName, parseEndpoint) ??
    readEndpoint(generalName, parseGeneralEndpoint) ??
    parseEndpoint(DEFAULT_ENDPOINT, 'the default')
  );
}

/** The endpoint of a variable. One that is no URL is named in a warning, without its secrets, and counts as unset. */
function readEndpoint(name: string, parse: typeof parseEndpoint): Endpoint | undefined {
  const text = readEnvironment(name);
  if (text === undefined) return undefined;
  try {
    return parse(text, name);
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    warnOnce(`config:${name}`, `${error.message} It is ignored.`);
    return undefined;
  }
}

function resolveHeaders(explicit: HeadersSource | undefined): HeadersSource {
  const [signalName, generalName] = OPTIONS.headers.environment;
  return ownHeaders(explicit, { ...readHeaders(generalName), ...readHeaders(signalName) });
}

function ownHeaders(
  explicit: HeadersSource | undefined,
  others: Readonly<Record<string, string>> = {},
): HeadersSource {
  if (typeof explicit !== 'function') return { ...others, ...checkHeaders(explicit) };
  return async () => ({ ...others, ...checkHeaders(await explicit()) });
}

function readHeaders(name: string): Record<string, string> {
  const text = readEnvironment(name);
  if (text === undefined) return {};
  const list = parseHeaderList(text);
  if ('fault' in list) {
    warnInvalid(name, `key=value,… in percent-encoding, but ${list.fault}`);
    return {};
  }
  return Object.fromEntries(list.pairs.map(([key, value]) => [key.toLowerCase(), value]));
}

/** RFC 9110, §5.6.2: what a header name is made of. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Names in lower case, so that `Authorization` replaces `authorization`. A `Headers` or `Map` will do as well. */
function checkHeaders(headers: unknown): Record<string, string> {
  const checked: Record<string, string> = Object.create(null);
  for (const [name, value] of headerEntries(headers)) {
    // Code written for opentelemetry-js passes `undefined` for a key that is not configured.
    if (value === undefined) continue;
    if (!HEADER_NAME.test(name)) {
      // Not shown: who writes 'x-api-key: …' where the name belongs writes the key too.
      warnInvalid('option headers', 'names that can travel in an HTTP request');
    } else if (typeof value === 'object' || typeof value === 'symbol' || !isHeaderValue(String(value))) {
      warnInvalid(`header ${name}`, 'a value that can travel in an HTTP header');
    } else {
      checked[name.toLowerCase()] = String(value);
    }
  }
  return checked;
}

/** Names and values; none, and a warning, when it holds no headers or cannot be read. Values are never shown. */
function headerEntries(headers: unknown): [string, unknown][] {
  if (headers === undefined || headers === null) return [];
  try {
    const { entries } = headers as { entries?: unknown };
    if (typeof headers === 'object' && !Array.isArray(headers)) {
      return typeof entries === 'function'
        ? [...(headers as Map<string, unknown>).entries()].map(([name, value]) => [String(name), value])
        : Object.entries(headers);
    }
  } catch {
    // Reported below.
  }
  warnInvalid('option headers', 'an object of header names and values', `a value of type ${typeof headers}`);
  return [];
}

function resolveProtocol(explicit: OtlpHttpProtocol | undefined, isAlone: boolean): OtlpHttpProtocol {
  const protocol = resolveChoice('protocol', explicit, isAlone);
  if (protocol !== 'grpc') return protocol;
  const isGrpc = (name: string): boolean => readEnvironment(name)?.toLowerCase() === 'grpc';
  const variable = OPTIONS.protocol.environment.find(isGrpc);
  const subject = explicit === undefined && variable !== undefined ? variable : 'option protocol';
  warnInvalid(subject, 'http/protobuf or http/json', 'grpc', 'spans are sent as http/protobuf');
  return 'http/protobuf';
}

function warnAboutPort(endpoint: Endpoint): void {
  if (endpoint.port === GRPC_PORT) {
    warnOnce(
      `otlp-port-4317:${endpoint.display}`,
      `${endpoint.display}: port 4317 is usually OTLP/gRPC, and spans are sent by HTTP. If no answer comes, use port 4318.`,
    );
  }
}

/** Once a host. What an agent of the user's own does with the request, a proxy for one, is not seen here. */
function warnAboutPlainText(endpoint: Endpoint, headers: HeadersSource, tls: TlsOptions | undefined): void {
  if (endpoint.protocol !== 'http:' || isLoopback(endpoint)) return;
  const { display, hostname, credentials, path } = endpoint;
  if (tls !== undefined) {
    warnOnce(
      `otlp-no-tls:${hostname}`,
      `${display}: certificates are configured, and http:// uses none. Use https:// if spans must travel encrypted.`,
    );
  }
  const hasHeaders = typeof headers === 'function' || Object.keys(headers).length > 0;
  if (!hasHeaders && credentials === undefined && !path.includes('?')) return;
  warnOnce(
    `otlp-plain-text:${hostname}`,
    `${display}: ${hasHeaders ? 'headers travel' : 'the address travels'} unencrypted to another host. Use https:// if ` +
      `${hasHeaders ? 'they hold' : 'it holds'} a key.`,
  );
}

function checkUserAgent(userAgent: unknown): string | undefined {
  const text = checkStringOption('userAgent', userAgent);
  if (text === undefined || isHeaderValue(text)) return text;
  warnInvalid('option userAgent', 'a value that can travel in an HTTP header');
  return undefined;
}
