/** Certificates that are right and wrong, from files, on every runtime: what cannot be trusted gets nothing. */

import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stats } from '../../../src/init.ts';
import { Certificates, probeOpenssl } from '../../helpers/certificates.ts';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { listen } from '../../helpers/fault-server.ts';
import { BUN, DENO, Installation, NODE, probeRuntime } from '../../helpers/runtimes.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { decodedSpans } from './decoded.ts';
import { expectBalance, expectDelivered } from './ledger.ts';
import { UPSTREAM } from './programs.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/servers/tls.test.ts';
const SPANS = 10;
const PROGRAM = `
import { flush, init, shutdown, startSpan, stats } from 'spandrel';
init({ serviceName: 'tls' });
for (let index = 0; index < ${SPANS}; index++) startSpan('work').end();
// Until the first attempt has ended, one way or the other.
for (let round = 0; round < 50 && stats().exported === 0 && stats().lastError === undefined; round++) await flush(100);
const before = stats();
await shutdown(1);
console.log(JSON.stringify({ before, after: stats() }));
`;

interface Case {
  readonly title: string;
  /** Names of certificates: the server's own, and whose clients it takes if it asks for certificates. */
  readonly server: string;
  readonly clients?: string;
  /** Files of the variables. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

const MUTUAL = { server: 'server', clients: 'ca', ca: 'ca.pem' };
const OWN = { certificate: 'client.pem', key: 'client.key' };

const TRUSTED: readonly Case[] = [
  { title: 'of a known authority', server: 'server', ca: 'ca.pem' },
  { title: 'that asks for our certificate', ...MUTUAL, ...OWN },
];

/** With the codes that Node, Deno and Bun have for it. */
const REFUSED: readonly (Case & { readonly reason: RegExp })[] = [
  {
    title: 'whose certificate has expired',
    server: 'expired',
    ca: 'ca.pem',
    reason: /CERT_HAS_EXPIRED|UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  },
  {
    title: 'with the name of another host',
    server: 'elsewhere',
    ca: 'ca.pem',
    reason: /ERR_TLS_CERT_ALTNAME_INVALID/,
  },
  {
    title: 'of an unknown authority',
    server: 'server',
    ca: 'other.pem',
    reason: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT/,
  },
  {
    title: 'that asks for a certificate we do not have',
    ...MUTUAL,
    reason: /ALERT_CERTIFICATE_REQUIRED|ECONNRESET|EPIPE/,
  },
  {
    title: 'that does not know the authority of ours',
    ...MUTUAL,
    certificate: 'stranger.pem',
    key: 'stranger.key',
    reason: /ALERT|ECONNRESET|EPIPE/,
  },
];

/** Wrong before anything is sent. */
const UNUSABLE: readonly (Case & { readonly line: RegExp })[] = [
  {
    title: 'the key of another certificate',
    ...MUTUAL,
    certificate: 'client.pem',
    key: 'server.key',
    line: /CLIENT_KEY .*: expected the matching key of OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/,
  },
  {
    title: 'an authority that is not there',
    server: 'server',
    ca: 'absent.pem',
    line: /OTEL_EXPORTER_OTLP_CERTIFICATE .*: expected the path of a readable PEM file, got ENOENT/,
  },
  {
    title: 'a certificate that is not there',
    ...MUTUAL,
    certificate: 'absent.pem',
    key: 'client.key',
    line: /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE .*: expected the path of a readable PEM file, got ENOENT/,
  },
  {
    title: 'a certificate without its key',
    ...MUTUAL,
    certificate: 'client.pem',
    line: /expected a client certificate and its key, got only the certificate/,
  },
];

const byTitle = <Row extends Case>(rows: readonly Row[]): [string, Row][] =>
  rows.map((row) => [row.title, row]);

interface SecureServer {
  readonly port: number;
  readonly connections: Socket[];
  /** Of its requests. */
  readonly bodies: Buffer[];
}

async function startServer(certificates: Certificates, { server, clients }: Case): Promise<SecureServer> {
  const read = (name: string): string => readFileSync(certificates.file(name), 'utf8');
  const connections: Socket[] = [];
  const bodies: Buffer[] = [];
  const asking = clients !== undefined && {
    requestCert: true,
    rejectUnauthorized: true,
    ca: read(`${clients}.pem`),
  };
  const own = { cert: read(`${server}.pem`), key: read(`${server}.key`) };
  const https = createHttpsServer({ ...own, ...asking }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      bodies.push(Buffer.concat(pieces));
      response.end();
    });
  });
  https.on('connection', (socket: Socket) => connections.push(socket));
  https.on('tlsClientError', () => {});
  return { port: await listen(https, connections), connections, bodies };
}

/** Requests that reached a server they should not have, by runtime. */
const figures: Record<string, number> = {};
const upstreamFigures: Record<string, number> = {};

afterAll(() => {
  if (Object.keys(figures).length === 0) return;
  keepFigures('servers-tls', COMMAND, figures, upstreamFigures);
});

for (const runtime of [NODE, DENO, BUN]) {
  const probe = (): string | undefined => probeOpenssl() ?? probeRuntime(runtime);
  requireCounterpart(`TLS on ${runtime.name}`, probe)(`${runtime.name}, over TLS`, () => {
    let certificates: Certificates;
    let installation: Installation;

    beforeAll(() => {
      certificates = new Certificates();
      installation = new Installation();
    });

    afterAll(() => {
      certificates?.remove();
      installation?.remove();
    });

    /** Runs a program against a server of the case's certificates. */
    async function runAgainst(row: Case, source: string, more: Record<string, string> = {}) {
      const server = await startServer(certificates, row);
      const files = { CERTIFICATE: row.ca, CLIENT_CERTIFICATE: row.certificate, CLIENT_KEY: row.key };
      const variables = Object.entries(files).flatMap(([name, file]) =>
        file === undefined ? [] : [[`OTEL_EXPORTER_OTLP_${name}`, certificates.file(file)]],
      );
      const environment = {
        ...Object.fromEntries(variables),
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${server.port}`,
        ...more,
      };
      const flags = runtime === DENO ? [`--allow-read=${certificates.folder}`] : [];
      const file = installation.add('tls.mjs', source);
      const result = await installation.run(runtime, file, { environment, flags });
      return { ...server, ...result, received: server.bodies.flatMap(decodedSpans) };
    }

    async function send(row: Case, more: Record<string, string> = {}) {
      const { code, stdout, stderr, received, connections } = await runAgainst(row, PROGRAM, more);
      expect({ code, stderr: stdout === '' ? stderr : '' }).toEqual({ code: 0, stderr: '' });
      const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', Stats>;
      return { before, after, lines: stderr.split('\n').slice(0, -1), received, connections };
    }

    test.each(byTitle(TRUSTED))('a server %s gets every span', async (_, row) => {
      const { after, lines, received } = await send(row);
      expect(lines).toEqual([]);
      expect(after).toMatchObject({ started: SPANS, exported: SPANS });
      expectDelivered(after, received);
    });

    test.each(byTitle(REFUSED))('a server %s gets nothing, and one line says why', async (_, row) => {
      const { before, after, lines, received } = await send(row);
      expect(received).toEqual([]);
      figures[`${runtime.name}: spans at a server that is not trusted`] ??= 0;
      figures[`${runtime.name}: spans at a server that is not trusted`] += received.length;
      // A certificate can be renewed: until the end the spans are kept.
      expect(before).toMatchObject({ waiting: SPANS, exported: 0, failed: 0 });
      expect(before.lastError).toMatch(/^no answer from https:\/\/127\.0\.0\.1:\d+\/v1\/traces: /);
      expect(before.lastError).toMatch(row.reason);
      expect(before.lastErrorTime).toEqual(expect.any(Number));
      expectBalance(before);
      expect(after.dropped).toEqual({ shutdown: SPANS });
      expectBalance(after);
      expect(lines).toEqual([
        `spandrel: export not finished: ${before.lastError}. ${SPANS} spans are kept and tried again.`,
        `spandrel: ${SPANS} spans given up at shutdown; last error: ${before.lastError}`,
      ]);
    });

    test.each(byTitle(UNUSABLE))('tracing is off with %s, and one line says why', async (_, row) => {
      const { before, lines, connections } = await send(row);
      expect(connections).toEqual([]);
      expect(lines).toEqual([expect.stringMatching(/^spandrel: tracing is off: /)]);
      expect(lines[0]).toMatch(row.line);
      expect(before).toMatchObject({ engine: 'none', started: 0, lastErrorTime: expect.any(Number) });
      expect(before.lastError).toBe(lines[0].replace('spandrel: ', ''));
    });

    // Deno's node:https trusts no further authority by a variable: what it would fall back to cannot be shown.
    if (runtime === DENO) return;
    test('an authority that cannot be read is not replaced by those of the runtime', async () => {
      // The runtime itself trusts the server: whoever goes on without the file gets through.
      const trusting = { NODE_EXTRA_CA_CERTS: certificates.file('ca.pem') };
      const row = { title: '', server: 'server', ca: 'absent.pem' };
      const { before, connections, received } = await send(row, trusting);
      expect(connections).toEqual([]);
      expect(before.engine).toBe('none');
      const trusted = await send({ title: '', server: 'server' }, trusting);
      expectDelivered(trusted.after, trusted.received);
      expect(trusted.after.exported).toBe(SPANS);
      const what = `${runtime.name}: spans sent although the authority's file cannot be read`;
      figures[what] = received.length;
      if (!WRITES_FIGURES || runtime !== NODE) return;
      const source = `${UPSTREAM} finish(${SPANS}); await flush();`;
      upstreamFigures[what] = (await runAgainst(row, source, trusting)).received.length;
    });
  });
}
