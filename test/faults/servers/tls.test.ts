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
import { decodedSpans } from './decoded.ts';
import { expectBalance, expectDelivered } from './ledger.ts';

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

for (const runtime of [NODE, DENO, BUN]) {
  const probe = (): string | undefined => probeOpenssl() ?? probeRuntime(runtime);
  requireCounterpart(`TLS on ${runtime.name}`, probe)(`${runtime.name}, over TLS`, () => {
    let certificates: Certificates;
    let installation: Installation;
    let program: string;

    beforeAll(() => {
      certificates = new Certificates();
      installation = new Installation();
      program = installation.add('tls.mjs', PROGRAM);
    });

    afterAll(() => {
      certificates?.remove();
      installation?.remove();
    });

    /** Runs the program against a server of the case's certificates. */
    async function send({ server, clients, ca, certificate, key }: Case) {
      const read = (name: string): string => readFileSync(certificates.file(name), 'utf8');
      const connections: Socket[] = [];
      const bodies: Buffer[] = [];
      const https = createHttpsServer(
        {
          cert: read(`${server}.pem`),
          key: read(`${server}.key`),
          ...(clients !== undefined && {
            requestCert: true,
            rejectUnauthorized: true,
            ca: read(`${clients}.pem`),
          }),
        },
        (request, response) => {
          const pieces: Buffer[] = [];
          request.on('data', (piece: Buffer) => pieces.push(piece));
          request.on('end', () => {
            bodies.push(Buffer.concat(pieces));
            response.end();
          });
        },
      );
      https.on('connection', (socket: Socket) => connections.push(socket));
      https.on('tlsClientError', () => {});
      const port = await listen(https, connections);
      const files = { CERTIFICATE: ca, CLIENT_CERTIFICATE: certificate, CLIENT_KEY: key };
      const variables = Object.entries(files).flatMap(([name, file]) =>
        file === undefined ? [] : [[`OTEL_EXPORTER_OTLP_${name}`, certificates.file(file)]],
      );
      const environment = {
        ...Object.fromEntries(variables),
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${port}`,
      };
      const flags = runtime === DENO ? [`--allow-read=${certificates.folder}`] : [];
      const { code, stdout, stderr } = await installation.run(runtime, program, { environment, flags });
      const lines = stderr.split('\n').filter((line) => line !== '');
      expect({ code, lines: stdout === '' ? lines : [] }).toEqual({ code: 0, lines: [] });
      const { before, after } = JSON.parse(stdout) as Record<'before' | 'after', Stats>;
      return { before, after, lines, received: bodies.flatMap(decodedSpans), connections };
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
  });
}
