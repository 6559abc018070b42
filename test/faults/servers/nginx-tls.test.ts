/** nginx that ends TLS before a receiver, and may ask for a certificate of ours. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OTLPTraceExporterOptions } from '../../../src/export/otlp-trace-options.ts';
import { receiveOtlp } from '../../helpers/api-receiver.ts';
import { Certificates, probeOpenssl } from '../../helpers/certificates.ts';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { probeNginx, startNginx } from '../../helpers/nginx.ts';
import { expectBalance, expectDelivered } from './ledger.ts';
import { spandrel } from './sides.ts';

requireCounterpart('nginx', () => probeNginx() ?? probeOpenssl())('nginx that ends TLS', () => {
  let certificates: Certificates;
  const pem = (name: string): string => readFileSync(certificates.file(name), 'utf8');

  beforeAll(() => {
    certificates = new Certificates();
  });

  afterAll(() => certificates?.remove());

  /** @param more - further directives of its server block. */
  async function sendThrough(more: string, options: OTLPTraceExporterOptions) {
    const receiver = await receiveOtlp();
    const own = `ssl_certificate ${certificates.file('server.pem')};
      ssl_certificate_key ${certificates.file('server.key')};`;
    const server = `${own} ${more} location / { proxy_pass http://127.0.0.1:${receiver.port}; }`;
    const nginx = await startNginx({ server, secure: true });
    const side = spandrel({ url: nginx.url, ...options });
    side.finish(100);
    await side.flush(500);
    return { receiver, nginx, side };
  }

  const asking = (): string => `ssl_client_certificate ${certificates.file('ca.pem')}; ssl_verify_client on;`;

  test.each(['TLSv1.2', 'TLSv1.3'])('passes every span on, over %s', async (version) => {
    const { receiver, side } = await sendThrough(`ssl_protocols ${version};`, { ca: pem('ca.pem') });
    expect(side.said).toEqual([]);
    expect(side.stats()).toMatchObject({ exported: 100 });
    expectDelivered(side.stats(), receiver.spans);
  });

  test('gets nothing when its authority is unknown', async () => {
    const { receiver, nginx, side } = await sendThrough('', { ca: pem('other.pem') });
    expect(nginx.requests()).toEqual([]);
    expect(receiver.connections).toHaveLength(0);
    expect(side.stats()).toMatchObject({ waiting: 100, exported: 0, failed: 0 });
    expect(side.stats().lastError).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE$/);
    expectBalance(side.stats());
  });

  test('and asks for a certificate takes every span from who has one', async () => {
    const own = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
    const { receiver, side } = await sendThrough(asking(), own);
    expect(side.said).toEqual([]);
    expectDelivered(side.stats(), receiver.spans);
    expect(side.stats().exported).toBe(100);
  });

  test.each(['none', 'one of a stranger'])(
    'and asks for a certificate passes nothing on with %s',
    async (what) => {
      const own = what === 'none' ? {} : { cert: pem('stranger.pem'), key: pem('stranger.key') };
      const { receiver, nginx, side } = await sendThrough(asking(), { ca: pem('ca.pem'), ...own });
      // nginx ends the handshake, then answers 400 to the request: final, so it is said and counted at once.
      expect(await nginx.logged(1)).toEqual([{ status: 400, connection: expect.any(Number), request: 1 }]);
      expect(receiver.connections).toHaveLength(0);
      expect(side.stats()).toMatchObject({ exported: 0, failed: 100, waiting: 0 });
      expect(side.stats().lastError).toMatch(/^HTTP 400 from https:.*client certificate/);
      expect(side.said).toEqual([expect.stringMatching(/^spandrel: 100 spans lost: HTTP 400 /)]);
      expectDelivered(side.stats(), receiver.spans);
    },
  );

  test('and closes idle connections after a second costs no span and no line', async () => {
    const { receiver, nginx, side } = await sendThrough('keepalive_timeout 1s;', { ca: pem('ca.pem') });
    side.finish(100);
    await delay(1_500);
    await side.drain();
    const [first, second] = await nginx.logged(2);
    expect(second.connection).not.toBe(first.connection);
    expect(side.said).toEqual([]);
    expect(side.stats()).toMatchObject({ exported: 200, lastError: undefined });
    expectDelivered(side.stats(), receiver.spans);
  });
});
