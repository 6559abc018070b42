import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { SpanExporter as UpstreamSpanExporter } from '@opentelemetry/sdk-trace-base';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExportResult } from '../src/api/types.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { EndpointError, parseEndpoint } from '../src/export/endpoint.ts';
import { OTLPTraceExporter, supplySpanEncoder } from '../src/export/otlp-trace-exporter.ts';
import { resolveOtlpTraceOptions } from '../src/export/otlp-trace-options.ts';
import { TlsFileError } from '../src/export/tls-files.ts';
import { VERSION } from '../src/version.ts';
import { accept, listen, receive, refusingPort, until } from './helpers/fault-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REQUEST = { chunks: [Uint8Array.of(1, 2, 3)], byteLength: 3, spanCount: 1 };

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
  supplySpanEncoder(undefined);
});

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

  test.each([
    'localhost:4318',
    'ftp://host/',
    'http://',
    '/v1/traces',
    'nonsense',
    'grpc://me:canary-pass@host:1',
    'http://me:canary-pass@ho st/?key=canary-query',
    'me:canary@pass?x@host:1',
  ])('%s is refused by name and without its secrets', (url) => {
    for (const make of [() => new OTLPTraceExporter({ url }), fromEnvironment(SIGNAL, url)]) {
      expect(make).toThrow(EndpointError);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(/expected a URL that starts with http:\/\/ or https:\/\/, got/);
      expect(make).not.toThrow(/canary/);
    }
    expect(fromEnvironment(SIGNAL, url)).toThrow(SIGNAL);
  });

  function fromEnvironment(name: string, value: string): () => void {
    return () => {
      vi.stubEnv(name, value);
      new OTLPTraceExporter();
    };
  }

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

  test.each(['http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/', 'https://collector.example/'])(
    '%s with a key is no cause for a warning',
    (url) => {
      new OTLPTraceExporter({ url, headers: { 'x-key': 'k' } });
      expect(lines).toEqual([]);
    },
  );
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

  test.each(['grpc', 'http/json'])('protocol %s is named in a warning', (protocol) => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', protocol);
    resolveOtlpTraceOptions();
    expect(lines.join('')).toContain(`got ${protocol}`);
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
  const spans = [] as never[];
  const exported = (exporter: OTLPTraceExporter): Promise<ExportResult> =>
    new Promise((resolve) => exporter.export(spans, resolve));

  test('without an encoder fails with a text that says what to do', async () => {
    const { code, error } = await exported(new OTLPTraceExporter());
    expect(code).toBe(1);
    expect(error?.message).toMatch(/BatchSpanProcessor/);
  });

  test('sends what the encoder makes of them', async () => {
    supplySpanEncoder(() => REQUEST);
    const server = await receive();
    const exporter = new OTLPTraceExporter({ url: server.url });
    expect(await exported(exporter)).toEqual({ code: 0 });
    expect([...server.requests[0].body]).toEqual([1, 2, 3]);
    await exporter.shutdown();
    expect(await exported(exporter)).toMatchObject({ code: 1 });
  });

  test('reports a refusal, and rejected spans, as failures', async () => {
    supplySpanEncoder(() => REQUEST);
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
    supplySpanEncoder(() => REQUEST);
    const server = await receive((response, index) => response.writeHead(index === 0 ? 503 : 200).end());
    const exporter = new OTLPTraceExporter({ url: server.url });
    expect(await exported(exporter)).toEqual({ code: 0 });
    expect(server.requests).toHaveLength(2);
    await exporter.shutdown();
  });

  test('a callback that throws harms nobody, and forceFlush waits for calls under way', async () => {
    supplySpanEncoder(() => REQUEST);
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

const openssl = findOpenssl();
if (openssl === undefined)
  console.warn('TLS cases are skipped: they make certificates with openssl, not found');

describe.skipIf(openssl === undefined)('TLS', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const pem = (name: string): string => readFileSync(file(name), 'utf8');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spandrel-tls-'));
    makeCertificate('ca', [], '/CN=test authority');
    makeCertificate(
      'server',
      ['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
      '/CN=server',
      'IP:127.0.0.1',
    );
    makeCertificate('wrong', ['-CA', file('ca.pem'), '-CAkey', file('ca.key')], '/CN=wrong', 'DNS:elsewhere');
    makeCertificate('client', ['-CA', file('ca.pem'), '-CAkey', file('ca.key')], '/CN=client');
    makeCertificate('other', [], '/CN=another authority');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function makeCertificate(name: string, authority: string[], subject: string, host?: string): void {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const output = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-subj', subject];
    const names = host === undefined ? [] : ['-addext', `subjectAltName=${host}`];
    const leaf = authority.length === 0 ? [] : ['-addext', 'basicConstraints=critical,CA:FALSE'];
    const command = ['req', '-x509', ...curve, ...output, ...authority, ...names, ...leaf];
    execFileSync(openssl ?? '', command, { stdio: 'ignore' });
  }

  async function secureServer(certificate: string, options: ServerOptions = {}): Promise<string> {
    const connections: Socket[] = [];
    const server = createHttpsServer(
      { cert: pem(`${certificate}.pem`), key: pem(`${certificate}.key`), ...options },
      (request, response) => {
        request.resume();
        request.on('end', () => response.end());
      },
    );
    server.on('connection', (socket) => connections.push(socket as Socket));
    server.on('tlsClientError', () => {});
    return `https://127.0.0.1:${await listen(server, connections)}/v1/traces`;
  }

  async function send(options: object): Promise<unknown> {
    const wire = new OTLPTraceExporter(options).wire();
    const result = await wire.send(REQUEST);
    wire.close();
    return result;
  }

  test('a server of a trusted authority gets the request, several on one connection', async () => {
    const url = await secureServer('server');
    const wire = new OTLPTraceExporter({ url, ca: pem('ca.pem') }).wire();
    for (let index = 0; index < 2; index++) {
      expect(await wire.send(REQUEST)).toEqual({ kind: 'delivered', rejected: 0 });
    }
    wire.close();
  });

  test.each([
    ['an unknown authority', 'server', 'other.pem', /UNABLE_TO_VERIFY|SELF_SIGNED/],
    ['another host name', 'wrong', 'ca.pem', /ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('a server with %s gets nothing', async (_, certificate, authority, code) => {
    const url = await secureServer(certificate);
    const result = await send({ url, ca: pem(authority) });
    expect(result).toMatchObject({ kind: 'retryable', reason: expect.stringMatching(code) });
  });

  test('a server that asks for a certificate gets ours, from the files of the variables', async () => {
    const url = await secureServer('server', {
      requestCert: true,
      rejectUnauthorized: true,
      ca: pem('ca.pem'),
    });
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', file('ca.pem'));
    expect(await send({ url })).toMatchObject({ kind: 'retryable' });
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', file('other.pem'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', file('client.pem'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_KEY', file('client.key'));
    expect(await send({ url })).toEqual({ kind: 'delivered', rejected: 0 });
  });

  test('files that cannot be used stop the start', () => {
    writeFileSync(file('canary.pem'), 'canary');
    const faults: [Record<string, string>, RegExp][] = [
      [{ CERTIFICATE: file('absent.pem') }, /OTEL_EXPORTER_OTLP_CERTIFICATE.*ENOENT/],
      [{ CLIENT_CERTIFICATE: file('canary.pem'), CLIENT_KEY: file('client.key') }, /PEM/],
      [{ CLIENT_CERTIFICATE: file('client.pem'), CLIENT_KEY: file('server.key') }, /matching key/],
      [{ CLIENT_CERTIFICATE: file('client.pem') }, /got only the certificate/],
    ];
    for (const [variables, message] of faults) {
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(`OTEL_EXPORTER_OTLP_${name}`, value);
      const make = () => new OTLPTraceExporter({ url: 'https://localhost/' });
      expect(make).toThrow(TlsFileError);
      expect(make).toThrow(message);
      vi.unstubAllEnvs();
    }
  });
});

describe('in a process of its own', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(ROOT, 'node_modules/.spandrel-test-'));
    for (const [format, extension] of [
      ['esm', 'mjs'],
      ['cjs', 'cjs'],
    ] as const) {
      await build({
        stdin: {
          contents: `export { OTLPTraceExporter } from './src/export/otlp-trace-exporter.ts';
            export { Pipe } from './src/export/pipe.ts';
            export { FakeSource } from './test/helpers/fake-source.ts';`,
          resolveDir: ROOT,
        },
        bundle: true,
        platform: 'node',
        target: 'node20',
        external: ['@opentelemetry/api'],
        format,
        outfile: join(folder, `bundle.${extension}`),
        logLevel: 'error',
      });
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Run {
    readonly output: string;
    readonly code: number | null;
    readonly millis: number;
  }

  /** Runs `script` with `OTLPTraceExporter`, `Pipe`, `FakeSource` and a `pipe` to `url` in scope. */
  function run(format: 'esm' | 'cjs', url: string, script: string): Promise<Run> {
    const names = '{ OTLPTraceExporter, Pipe, FakeSource }';
    const load =
      format === 'esm' ? `import ${names} from './bundle.mjs';` : `const ${names} = require('./bundle.cjs');`;
    const program = `${load}
      const source = new FakeSource();
      const pipe = new Pipe({
        exporter: new OTLPTraceExporter({ url: ${JSON.stringify(url)} }).wire(),
        source, scheduledDelayMillis: 5, warn: () => {},
      });
      const finish = (count) => { source.add(count); pipe.notify(source.waitingBytes, source.waitingSpans); };
      ${script}`;
    const path = join(
      folder,
      `program-${Math.random().toString(36).slice(2)}.${format === 'esm' ? 'mjs' : 'cjs'}`,
    );
    writeFileSync(path, program);
    const started = performance.now();
    const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    return new Promise((resolve) => {
      child.on('close', (code) => {
        resolve({ output: Buffer.concat(pieces).toString(), code, millis: performance.now() - started });
      });
    });
  }

  test.each(['esm', 'cjs'] as const)(
    'as %s: node:http is loaded by the first send, not before',
    async (format) => {
      const server = await receive();
      const script = `
      const loaded = () => process.moduleLoadList.some((name) => / (_?http|https|zlib|tls)(_|$)/.test(name));
      const before = loaded();
      source.add(1);
      pipe.flush().then((result) => console.log(before, loaded(), JSON.stringify(result)));`;
      const { output, code } = await run(format, server.url, script);
      expect(output.trim()).toBe('false true {"exported":1,"dropped":0,"waiting":0,"bytes":0}');
      expect(code).toBe(0);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('an idle kept-alive connection does not keep the process', async () => {
    const server = await receive();
    const { code, millis } = await run('esm', server.url, 'source.add(1); await pipe.flush();');
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(millis).toBeLessThan(4_000);
  });

  test('nor does an export in flight to a server that never answers', async () => {
    const server = await accept((socket) => socket.resume());
    const script = `finish(1);
      // Holds the process until the request is under way, no longer.
      const wait = setInterval(() => { if (pipe.inFlightSpans > 0) clearInterval(wait); }, 20);
      process.once('beforeExit', () => console.log('end', pipe.inFlightSpans));`;
    const { output, millis } = await run('esm', server.url, script);
    expect(output.trim()).toBe('end 1');
    expect(millis).toBeLessThan(4_000);
  });

  test('nor does a pause after a refused connection', async () => {
    const script = `finish(1);
      const wait = setInterval(() => { if (pipe.counters.lastError) clearInterval(wait); }, 20);`;
    const { code, millis } = await run('esm', `http://127.0.0.1:${await refusingPort()}/`, script);
    expect(code).toBe(0);
    expect(millis).toBeLessThan(4_000);
  });

  test('but a flush that is awaited settles, also when nobody answers', async () => {
    const server = await accept((socket) => socket.resume());
    const script = 'finish(1); console.log(JSON.stringify(await pipe.flush(400)));';
    const { output, code } = await run('esm', server.url, script);
    expect(output.trim()).toBe('{"exported":0,"dropped":0,"waiting":1,"bytes":100}');
    expect(code).toBe(0);
  });

  test('a flush before the exit delivers what waits', async () => {
    const server = await receive();
    const script = `finish(3); process.once('beforeExit', () => pipe.flush(1_000));`;
    expect((await run('cjs', server.url, script)).code).toBe(0);
    await until(() => server.requests.length === 1);
  });
});

function findOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return 'openssl';
  } catch {
    return undefined;
  }
}
