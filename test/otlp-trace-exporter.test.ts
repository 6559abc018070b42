import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { SpanExporter as UpstreamSpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import type { ExportResult } from '../src/api/types.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { EndpointError, parseEndpoint } from '../src/export/endpoint.ts';
import type { ExportTraceServiceRequest } from '../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { resolveOtlpTraceOptions } from '../src/export/otlp-trace-options.ts';
import { toReadableSpans } from '../src/export/readable-span.ts';
import { VERSION } from '../src/version.ts';
import { keepFigures, WRITES_FIGURES } from './faults/figures.ts';
import { receive } from './helpers/fault-server.ts';
import { recordedSpans, requestOf } from './helpers/recorded-spans.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

let lines: string[];

beforeEach(() => {
  resetDiagnostics();
  lines = [];
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined);
  vi.spyOn(process.stderr, 'write').mockImplementation((line, done) => {
    lines.push(String(line));
    (done as unknown as (() => void) | undefined)?.();
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Spans by name: those of a piece lie newest first. */
function inWireOrder(request: ExportTraceServiceRequest) {
  const [{ resource, scopeSpans }] = request.resourceSpans;
  const spans = scopeSpans.flatMap(({ spans }) => spans);
  return { resource, spans: spans.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

test('the version in the user agent is that of the package', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
});

test('the class fits where upstream wants a SpanExporter', () => {
  // The assignment is checked by the compiler.
  const exporter: UpstreamSpanExporter = new OTLPTraceExporter();
  expect(exporter.export).toBeTypeOf('function');
});

describe('the endpoint', () => {
  const GENERAL = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const SIGNAL = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';

  test.each([
    [{}, {}, 'http://localhost:4318/v1/traces'],
    [{}, { [GENERAL]: 'http://a:1' }, 'http://a:1/v1/traces'],
    [{}, { [GENERAL]: 'http://a:1/' }, 'http://a:1/v1/traces'],
    [{}, { [GENERAL]: 'https://a/prefix/' }, 'https://a/prefix/v1/traces'],
    [{}, { [GENERAL]: '' }, 'http://localhost:4318/v1/traces'],
    [{}, { [GENERAL]: 'http://a:1', [SIGNAL]: 'http://b:2' }, 'http://b:2/'],
    [{}, { [SIGNAL]: 'http://b:2/own/path' }, 'http://b:2/own/path'],
    [{ url: 'http://c:3/x' }, { [GENERAL]: 'http://a:1', [SIGNAL]: 'http://b:2' }, 'http://c:3/x'],
    [{ url: 'http://c:3' }, {}, 'http://c:3/'],
  ])('of %j and %j is %s', (options, environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(resolveOtlpTraceOptions(options).endpoint.display).toBe(expected);
  });

  test('of an IPv6 address has no brackets where it is connected to', () => {
    expect(parseEndpoint('http://[::1]:4318/v1/traces', 'x')).toMatchObject({ hostname: '::1', port: 4318 });
  });

  test('a query appended by the user stays after the path', () => {
    vi.stubEnv(GENERAL, 'https://a/p?key=canary');
    const { endpoint } = resolveOtlpTraceOptions();
    expect(endpoint.path).toBe('/p/v1/traces?key=canary');
    expect(endpoint.display).not.toContain('canary');
  });

  const UNUSABLE = [
    'localhost:4318',
    ':::bad',
    'ftp://host/',
    'http://',
    '/v1/traces',
    'nonsense',
    'grpc://me:canary-pass@host:1',
    'http://me:canary-pass@ho st/?key=canary-query',
    'me:canary@pass?x@host:1',
  ];

  test.each(UNUSABLE)('%s is refused by name and without its secrets', (url) => {
    const make = () => new OTLPTraceExporter({ url });
    expect(make).toThrow(EndpointError);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/option url: expected a URL that starts with http:\/\/ or https:\/\/, got/);
    expect(make).not.toThrow(/canary/);
  });

  test.each(UNUSABLE)('%s in a variable is named without its secrets, and the next source counts', (text) => {
    const display = () => resolveOtlpTraceOptions().endpoint.display;
    vi.stubEnv(SIGNAL, text);
    vi.stubEnv(GENERAL, 'http://a:1/base');
    expect(display()).toBe('http://a:1/base/v1/traces');
    vi.stubEnv(GENERAL, text);
    expect(display()).toBe('http://localhost:4318/v1/traces');
    vi.stubEnv(SIGNAL, 'http://b:2/own');
    expect(display()).toBe('http://b:2/own');
    const expected = 'expected a URL that starts with http:// or https://, got';
    expect(lines).toEqual([
      expect.stringContaining(`${SIGNAL}: ${expected}`),
      expect.stringContaining(`${GENERAL}: ${expected}`),
    ]);
    expect(lines.join()).not.toContain('canary');
  });

  test('of a variable that is no URL keeps no exporter from being made', () => {
    vi.stubEnv(SIGNAL, 'localhost:4318');
    vi.stubEnv(GENERAL, ':::bad');
    expect(() => new OTLPTraceExporter()).not.toThrow();
    expect(lines).toHaveLength(2);
  });

  test('at port 4317 gets a hint', () => {
    new OTLPTraceExporter({ url: 'http://localhost:4317' });
    expect(lines.join('')).toMatch(/4317.*gRPC.*4318/);
  });

  test('on another host, in plain text, with a key, is named once', () => {
    new OTLPTraceExporter({ url: 'http://collector.example/', headers: { 'x-key': 'canary' } });
    new OTLPTraceExporter({ url: 'http://collector.example/', headers: { 'x-key': 'canary' } });
    expect(lines).toEqual([expect.stringMatching(/collector\.example.*unencrypted.*https/)]);
    expect(lines[0]).not.toContain('canary');
  });

  test.each([
    'http://localhost:1/',
    'http://LOCALHOST.:1/',
    'http://otel.localhost:1/',
    'http://127.0.0.1:1/',
    'http://127.255.0.9:1/',
    'http://127.1:1/',
    'http://0x7f000001:1/',
    'http://0.0.0.0:1/',
    'http://[::1]:1/',
    'http://[0:0::1]:1/',
    'http://[::]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'https://collector.example/',
  ])('%s with a key is no cause for a warning', (url) => {
    new OTLPTraceExporter({ url, headers: { 'x-key': 'k' } });
    expect(lines).toEqual([]);
  });

  test.each([
    'http://localhost.example/',
    'http://localhost@collector.example/',
    'http://127.0.0.1.example/',
    'http://127.0.0.1@collector.example/',
    'http://128.0.0.1/',
    'http://0.0.0.1/',
    'http://10.0.0.1/',
    'http://[::2]/',
    'http://[fe80::1]/',
    'http://[::ffff:128.0.0.1]/',
    'http://notlocalhost/',
  ])('%s with a key is named', (url) => {
    new OTLPTraceExporter({ url, headers: { 'x-key': 'canary' } });
    expect(lines).toEqual([expect.stringMatching(/headers travel unencrypted to another host/)]);
  });

  const OTHER = 'http://collector.example/';

  test.each<[string, object, Record<string, string>, RegExp]>([
    ['a function for headers', { url: OTHER, headers: () => ({}) }, {}, /headers travel unencrypted/],
    ['headers of a variable', { url: OTHER }, { OTEL_EXPORTER_OTLP_HEADERS: 'a=canary' }, /headers travel/],
    ['both of variables', {}, { [GENERAL]: OTHER, OTEL_EXPORTER_OTLP_HEADERS: 'a=canary' }, /headers travel/],
    ['a password in the address', { url: 'http://me:canary@collector.example/' }, {}, /address travels/],
    ['a key in the query', { url: `${OTHER}?key=canary` }, {}, /address travels unencrypted.*it holds a key/],
  ])('in plain text to another host, %s is named', (_, options, variables, expected) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    new OTLPTraceExporter(options);
    expect(lines).toEqual([expect.stringMatching(expected)]);
    expect(lines[0]).not.toContain('canary');
    plain.ways += 1;
    plain['of these named'] += lines.length;
    const { upstream } = plain;
    if (WRITES_FIGURES) upstream['of these named'] += upstreamLines(options);
    const { ways, 'of these named': named } = plain;
    keepFigures(
      'security-plain-text',
      'SPANDREL_FIGURES=write npx vitest run test/otlp-trace-exporter.test.ts',
      { 'ways to give a key': ways, 'of these named': named },
      { 'ways to give a key': ways, ...upstream },
    );
  });

  const plain = { ways: 0, 'of these named': 0, upstream: { 'of these named': 0 } };

  /** What opentelemetry-js tells a logger of level warn of the same options. */
  function upstreamLines(options: object): number {
    const said: string[] = [];
    const keep = (message: string): void => void said.push(message);
    const ignore = (): void => {};
    diag.setLogger(
      { error: keep, warn: keep, info: ignore, debug: ignore, verbose: ignore },
      DiagLogLevel.WARN,
    );
    const load = createRequire(new URL('versions/sdk-2/package.json', import.meta.url));
    new (load('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter)(options);
    diag.disable();
    return said.length;
  }

  test('in plain text, each host is named, and nothing where there is no secret', () => {
    new OTLPTraceExporter({ url: OTHER });
    expect(lines).toEqual([]);
    for (const host of ['a', 'b', 'a']) {
      new OTLPTraceExporter({ url: `http://${host}.example/`, headers: { k: 'v' } });
    }
    expect(lines).toHaveLength(2);
  });
});

describe('the other variables', () => {
  test('headers: option over signal over general, name by name, whatever the case', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'a=general,b=general,c=with%20space');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'B=signal,d=signal');
    const { headers } = resolveOtlpTraceOptions({ headers: { D: 'option' } });
    expect(headers).toEqual({ a: 'general', b: 'signal', c: 'with space', d: 'option' });
    const asked = resolveOtlpTraceOptions({ headers: async () => ({ D: 'later' }) }).headers as () => unknown;
    expect(await asked()).toEqual({ a: 'general', b: 'signal', c: 'with space', d: 'later' });
  });

  test('headers that cannot be read are named without their value', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'canary-without-equals');
    expect(resolveOtlpTraceOptions().headers).toEqual({});
    expect(lines.join('')).toContain('OTEL_EXPORTER_OTLP_HEADERS');
    expect(lines.join('')).not.toContain('canary');
  });

  test.each([
    [{}, {}, 10_000],
    [{}, { OTEL_EXPORTER_OTLP_TIMEOUT: '2000' }, 2_000],
    [{}, { OTEL_EXPORTER_OTLP_TIMEOUT: '2000', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '3000' }, 3_000],
    [{ timeoutMillis: 4_000 }, { OTEL_EXPORTER_OTLP_TIMEOUT: '2000' }, 4_000],
    [{ timeoutMillis: 0 }, {}, 2_147_483_647],
  ])('timeout of %j and %j is %d ms', (options, environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(resolveOtlpTraceOptions(options).timeoutMillis).toBe(expected);
  });

  test('a timeout that is no number is named once and skipped', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'soon');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '7000');
    expect(resolveOtlpTraceOptions().timeoutMillis).toBe(7_000);
    resolveOtlpTraceOptions();
    expect(lines).toEqual([expect.stringContaining('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT')]);
  });

  test('compression', () => {
    expect(resolveOtlpTraceOptions().compression).toBe('none');
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    expect(resolveOtlpTraceOptions().compression).toBe('gzip');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'none');
    expect(resolveOtlpTraceOptions().compression).toBe('none');
    expect(resolveOtlpTraceOptions({ compression: 'gzip' }).compression).toBe('gzip');
  });

  test('protocol: option over signal over general', () => {
    expect(resolveOtlpTraceOptions().protocol).toBe('http/protobuf');
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
    expect(resolveOtlpTraceOptions().protocol).toBe('http/json');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/protobuf');
    expect(resolveOtlpTraceOptions().protocol).toBe('http/protobuf');
    expect(resolveOtlpTraceOptions({ protocol: 'http/json' }).protocol).toBe('http/json');
    expect(lines).toEqual([]);
  });

  test.each([
    ['OTEL_EXPORTER_OTLP_PROTOCOL', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, {}],
    [
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'GRPC' },
      {},
    ],
    ['option protocol', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { protocol: 'grpc' as 'http/json' }],
  ])('grpc in %s is named in a warning, and http/protobuf is sent', (subject, environment, options) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(resolveOtlpTraceOptions(options).protocol).toBe('http/protobuf');
    expect(lines).toEqual([
      `spandrel: ${subject}: expected http/protobuf or http/json, got grpc; spans are sent as http/protobuf. ` +
        'Correct or remove it.\n',
    ]);
  });

  test('nothing secret is in what inspect() shows of the exporter or its transport', () => {
    const exporter = new OTLPTraceExporter({
      url: 'https://me:canary-pass@host/?k=canary-query',
      headers: { authorization: 'canary-header' },
      key: undefined,
    });
    for (const one of [exporter, exporter.wire()]) {
      expect(inspect(one, { depth: 10, showHidden: true })).not.toContain('canary');
      expect(JSON.stringify(one)).not.toContain('canary');
    }
  });
});

describe('export of span objects', () => {
  const spans = recordedSpans('one', 'two');
  const exported = (exporter: OTLPTraceExporter): Promise<ExportResult> =>
    new Promise((resolve) => exporter.export(spans, resolve));

  test('sends what they are, whatever SDK made them', async () => {
    const server = await receive();
    const exporter = new OTLPTraceExporter({ url: server.url });
    expect(await exported(exporter)).toEqual({ code: 0 });
    const sent = readExportTraceServiceRequest([server.requests[0].body]);
    const expected = readExportTraceServiceRequest(requestOf(spans).chunks);
    expect(inWireOrder(sent)).toEqual(inWireOrder(expected));
    await exporter.shutdown();
    expect(await exported(exporter)).toMatchObject({ code: 1 });
  });

  test('a span that cannot be read costs itself, and is reported', async () => {
    const server = await receive();
    const exporter = new OTLPTraceExporter({ url: server.url });
    const broken = { ...spans[0], spanContext: () => ({ traceId: 'none', spanId: '', traceFlags: 1 }) };
    const result = await new Promise<ExportResult>((resolve) =>
      exporter.export([spans[0], broken, spans[1]], resolve),
    );
    expect(result).toMatchObject({ code: 1, error: { message: expect.stringMatching(/1 unreadable/) } });
    expect(toReadableSpans(readExportTraceServiceRequest([server.requests[0].body]))).toHaveLength(2);
    await exporter.shutdown();
  });

  test('reports a refusal, and rejected spans, as failures', async () => {
    const server = await receive((response, index) =>
      index === 0 ? response.writeHead(400).end() : response.end(Uint8Array.of(0x0a, 0x02, 0x08, 0x01)),
    );
    const exporter = new OTLPTraceExporter({ url: server.url });
    expect(await exported(exporter)).toMatchObject({
      code: 1,
      error: { message: expect.stringMatching(/400/) },
    });
    expect(await exported(exporter)).toMatchObject({
      code: 1,
      error: { message: expect.stringMatching(/rejected 1/) },
    });
    await exporter.shutdown();
  });

  test('tries again after an answer that allows it', async () => {
    const server = await receive((response, index) => response.writeHead(index === 0 ? 503 : 200).end());
    const exporter = new OTLPTraceExporter({ url: server.url });
    expect(await exported(exporter)).toEqual({ code: 0 });
    expect(server.requests).toHaveLength(2);
    await exporter.shutdown();
  });

  test('a callback that throws harms nobody, and forceFlush waits for calls under way', async () => {
    const server = await receive();
    const exporter = new OTLPTraceExporter({ url: server.url });
    let called = false;
    exporter.export(spans, () => {
      called = true;
      throw new Error('from the callback');
    });
    await exporter.forceFlush();
    expect(called).toBe(true);
    expect(lines.join('')).toContain('from the callback');
    await exporter.shutdown();
  });
});

describe('headers of every shape', () => {
  test('a name of Object.prototype travels like any other', async () => {
    const server = await receive();
    const headers = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    const wire = new OTLPTraceExporter({ url: server.url, headers }).wire();
    const result = await wire.send({ chunks: [new Uint8Array(0)], byteLength: 0, spanCount: 0 });
    wire.close();
    expect(result.kind).toBe('delivered');
    expect(server.rawHeaders[0]).toEqual(expect.arrayContaining(['__proto__', 'a', 'constructor', 'b']));
  });

  test('a user agent that no request can carry is named and left out', async () => {
    const server = await receive();
    const wire = new OTLPTraceExporter({ url: server.url, userAgent: 'canary\r\nx-forged: 1' }).wire();
    await wire.send({ chunks: [new Uint8Array(0)], byteLength: 0, spanCount: 0 });
    wire.close();
    expect(server.requests[0].headers['user-agent']).toMatch(/^OTel-OTLP-Exporter-Spandrel/);
    expect(server.requests[0].headers).not.toHaveProperty('x-forged');
    expect(lines).toEqual([expect.stringMatching(/option userAgent: expected/)]);
    expect(lines[0]).not.toContain('canary');
  });

  test.each([
    ['a Headers object', new Headers({ 'x-key': 'v' })],
    ['a Map', new Map([['x-key', 'v']])],
    ['an object with an invalid name beside', { 'x-key': 'v', 'bad name': 'w', '': 'w' }],
  ])('%s is sent', async (_, headers) => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['x-key']);
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/`, headers: headers as never });
    const wire = exporter.wire();
    const result = await wire.send({ chunks: [new Uint8Array(0)], byteLength: 0, spanCount: 0 });
    wire.close();
    server.close();
    expect(result.kind).toBe('delivered');
    expect(seen).toEqual(['v']);
  });

  test.each(['abc', 5, [['a', 'b']]])('%j holds no headers, and nothing throws', (headers) => {
    expect(
      () => new OTLPTraceExporter({ url: 'http://127.0.0.1:1/', headers: headers as never }),
    ).not.toThrow();
  });
});
