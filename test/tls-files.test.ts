import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { TlsFileError } from '../src/export/tls-files.ts';
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

function findOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return 'openssl';
  } catch {
    return undefined;
  }
}
