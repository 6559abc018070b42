import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSpan } from '../src/ai/trace.ts';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { TlsFileError } from '../src/export/tls-files.ts';
import { flush, init, shutdown, stats } from '../src/init.ts';
import { listen } from './helpers/fault-server.ts';

const REQUEST = { chunks: [Uint8Array.of(1, 2, 3)], byteLength: 3, spanCount: 1 };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
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
      expect(await wire.send(REQUEST)).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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

  const asking = (): ServerOptions => ({
    requestCert: true,
    rejectUnauthorized: true,
    ca: pem('ca.pem'),
  });

  test('a server that asks for a certificate gets ours, from the files of the variables', async () => {
    const url = await secureServer('server', asking());
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', file('ca.pem'));
    expect(await send({ url })).toMatchObject({ kind: 'retryable' });
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', file('client.pem'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_KEY', file('client.key'));
    expect(await send({ url })).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
  });

  test('neither file is in what inspect() shows of the exporter or its transport, connected', async () => {
    const url = await secureServer('server', asking());
    const own = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
    const exporter = new OTLPTraceExporter({ url, ...own });
    const wire = exporter.wire();
    expect(await wire.send(REQUEST)).toMatchObject({ kind: 'delivered' });
    for (const one of [exporter, wire]) {
      const shown = inspect(one, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect(shown).not.toContain('-----BEGIN');
    }
    wire.close();
  });

  test.each([
    ['http://collector.example/', [/certificates are configured, and http:\/\/ uses none/]],
    ['https://collector.example/', []],
    ['http://localhost:4318/', []],
  ])('certificates for %s', (url, expected) => {
    resetDiagnostics();
    const said: string[] = [];
    const stderr = vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => said.push(String(text)) > 0);
    new OTLPTraceExporter({ url, ca: pem('ca.pem') });
    stderr.mockRestore();
    expect(said).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  test('the variables for traces beat the general ones, and the options both', async () => {
    const url = await secureServer('server', asking());
    const set = (prefix: string, ca: string, client: string): void => {
      vi.stubEnv(`${prefix}_CERTIFICATE`, file(`${ca}.pem`));
      vi.stubEnv(`${prefix}_CLIENT_CERTIFICATE`, file(`${client}.pem`));
      vi.stubEnv(`${prefix}_CLIENT_KEY`, file(`${client}.key`));
    };
    set('OTEL_EXPORTER_OTLP', 'other', 'other');
    expect(await send({ url })).toMatchObject({ kind: 'retryable' });
    set('OTEL_EXPORTER_OTLP_TRACES', 'ca', 'client');
    expect(await send({ url })).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
    // Explicit options are not read beside the files: these are not there.
    set('OTEL_EXPORTER_OTLP_TRACES', 'absent', 'absent');
    const own = { ca: pem('ca.pem'), cert: pem('client.pem'), key: readFileSync(file('client.key')) };
    expect(await send({ url, ...own })).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
  });

  test('init sends by them too', async () => {
    const url = await secureServer('server', asking());
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', url);
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', file('ca.pem'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', file('client.pem'));
    vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_KEY', file('client.key'));
    init({ registerGlobal: false });
    startSpan('secret').end();
    expect(await flush()).toMatchObject({ exported: 1 });
    await shutdown();
  });

  describe('cannot start with', () => {
    const CLIENT = { CLIENT_CERTIFICATE: 'client.pem', CLIENT_KEY: 'client.key' };
    beforeAll(() => {
      writeFileSync(file('canary.pem'), 'canary');
      writeFileSync(file('empty.pem'), '');
      const damaged = pem('ca.pem').replace(/\n.{20}/, '\ncanarycanarycanary++');
      writeFileSync(file('damaged.pem'), damaged);
      writeFileSync(file('half.pem'), `${pem('ca.pem')}\n${damaged}`);
      execFileSync(openssl ?? '', [
        'x509',
        '-in',
        file('ca.pem'),
        '-outform',
        'DER',
        '-out',
        file('der.pem'),
      ]);
      const cipher = ['-aes256', '-passout', 'pass:canary'];
      execFileSync(openssl ?? '', ['ec', ...cipher, '-in', file('client.key'), '-out', file('locked.key')], {
        stdio: 'ignore',
      });
    });

    test.each([
      ['an absent authority', { CERTIFICATE: 'absent.pem' }, /CERTIFICATE \(.*absent.pem"\): .* got ENOENT/],
      ['a folder', { CERTIFICATE: '.' }, /CERTIFICATE .* got EISDIR/],
      ['an authority that is text', { CERTIFICATE: 'canary.pem' }, /CERTIFICATE .* PEM form, got none/],
      ['an empty authority', { CERTIFICATE: 'empty.pem' }, /CERTIFICATE .* PEM form, got none/],
      ['an authority in DER form', { CERTIFICATE: 'der.pem' }, /CERTIFICATE .* PEM form, got none/],
      ['a key as authority', { CERTIFICATE: 'client.key' }, /CERTIFICATE .* PEM form, got none/],
      ['a damaged authority', { CERTIFICATE: 'damaged.pem' }, /cannot be read at place 1/],
      ['a damaged second authority', { CERTIFICATE: 'half.pem' }, /cannot be read at place 2/],
      [
        'an absent certificate',
        { ...CLIENT, CLIENT_CERTIFICATE: 'absent.pem' },
        /CLIENT_CERTIFICATE .* ENOENT/,
      ],
      [
        'a certificate that is text',
        { ...CLIENT, CLIENT_CERTIFICATE: 'canary.pem' },
        /CLIENT_CERT.* got none/,
      ],
      ['an absent key', { ...CLIENT, CLIENT_KEY: 'absent.key' }, /CLIENT_KEY .* got ENOENT/],
      [
        'a key that is text',
        { ...CLIENT, CLIENT_KEY: 'canary.pem' },
        /CLIENT_KEY .* private key in PEM form/,
      ],
      [
        'a key with a passphrase',
        { ...CLIENT, CLIENT_KEY: 'locked.key' },
        /CLIENT_KEY .* without a passphrase/,
      ],
      ['the key of another', { ...CLIENT, CLIENT_KEY: 'server.key' }, /CLIENT_KEY .* matching key of OTEL/],
      ['a certificate without key', { CLIENT_CERTIFICATE: 'client.pem' }, /got only the certificate/],
      ['a key without certificate', { CLIENT_KEY: 'client.key' }, /got only the key/],
    ])('%s', (_, variables, message) => {
      for (const [name, value] of Object.entries(variables)) {
        vi.stubEnv(`OTEL_EXPORTER_OTLP_${name}`, file(value));
      }
      const make = () => new OTLPTraceExporter({ url: 'https://localhost/' });
      expect(make).toThrow(TlsFileError);
      expect(make).toThrow(message);
      expect(make).not.toThrow(/canary(?!\.pem)/);
    });

    const key = (): string => pem('client.key');
    test.each([
      ['the key itself', key],
      ['the key in base64', () => Buffer.from(key()).toString('base64')],
      ['the key on one line', () => key().replaceAll('\n', '\\n')],
    ])('%s where its path belongs, and shows none of it', (_, value) => {
      vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', file('client.pem'));
      vi.stubEnv('OTEL_EXPORTER_OTLP_CLIENT_KEY', value());
      const make = () => new OTLPTraceExporter({ url: 'https://localhost/' });
      expect(make).toThrow(
        /CLIENT_KEY \(a value of \d+ characters\): expected the path of a readable PEM file/,
      );
      expect(make).not.toThrow(/BEGIN|MIG|LS0t/);
    });

    test.each([
      ['', /option ca: .* got none/],
      [new Uint8Array(0), /option ca: .* got none/],
      [7, /option ca: expected PEM text .* got a value of type number/],
    ])('option ca of %j', (ca, message) => {
      const make = () => new OTLPTraceExporter({ url: 'https://localhost/', ca: ca as string });
      expect(make).toThrow(TlsFileError);
      expect(make).toThrow(message);
    });

    test('init says so, and tracing is off', () => {
      const said: string[] = [];
      resetDiagnostics();
      const stderr = vi
        .spyOn(process.stderr, 'write')
        .mockImplementation((text) => said.push(String(text)) > 0);
      vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', file('canary.pem'));
      init({ registerGlobal: false });
      stderr.mockRestore();
      expect(said).toEqual([
        expect.stringMatching(/tracing is off: OTEL_EXPORTER_OTLP_CERTIFICATE .* got none/),
      ]);
      expect(stats().engine).toBe('none');
    });
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
