/** What nginx answers by itself, between a program and its receiver. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { receiveOtlp } from '../../helpers/api-receiver.ts';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { refusingPort, until } from '../../helpers/fault-server.ts';
import { type Nginx, probeNginx, startNginx } from '../../helpers/nginx.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { distinct, expectBalance, expectDelivered } from './ledger.ts';
import { type Side, type SideOptions, spandrel, upstream } from './sides.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/servers/nginx.test.ts';
/** Upstream gives up after about 7.6 s; the quick run needs one answer before and one after. */
const OUTAGE_MILLIS = WRITES_FIGURES ? 15_000 : 700;

vi.setConfig({ testTimeout: WRITES_FIGURES ? 180_000 : 30_000 });

const describeNginx = requireCounterpart('nginx', probeNginx);
const passTo = (port: number): string => `location / { proxy_pass http://127.0.0.1:${port}; }`;
const statuses = (requests: readonly { status: number }[]): number[] => requests.map(({ status }) => status);

/** Runs `work` with opentelemetry-js as well, when figures are written; answers what it made of them. */
async function measureUpstream<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  return WRITES_FIGURES ? work() : undefined;
}

describeNginx('nginx that takes 256 KiB', () => {
  async function limited(): Promise<{ nginx: Nginx; receiver: Awaited<ReturnType<typeof receiveOtlp>> }> {
    const receiver = await receiveOtlp();
    const server = `client_max_body_size 256k; ${passTo(receiver.port)}`;
    return { nginx: await startNginx({ server }), receiver };
  }

  /** 512 spans of about half a KiB, but the one in the middle of 300 KiB. */
  function finishWithOneOversize(side: Side): void {
    side.finish(256, 450);
    side.finish(1, 300 * 1024);
    side.finish(255, 450);
  }

  test('costs the one span that is larger, and at most 19 requests more', async () => {
    const { nginx, receiver } = await limited();
    const side = spandrel({ url: nginx.url });
    finishWithOneOversize(side);
    await side.drain();
    expect(side.stats()).toMatchObject({ started: 512, exported: 511, failed: 1 });
    expect(side.stats().lastError).toMatch(/^HTTP 413 from http:.*larger than the receiver accepts/);
    expectDelivered(side.stats(), receiver.spans);
    const first = await nginx.logged(3);
    expect(first.length - 1).toBeLessThanOrEqual(19);
    expect(side.said).toEqual([expect.stringMatching(/^spandrel: 1 spans lost: HTTP 413/)]);

    const theirs = await measureUpstream(async () => {
      const other = await limited();
      const rival = upstream({ url: other.nginx.url });
      finishWithOneOversize(rival);
      await rival.drain();
      return {
        'delivered spans of 512': distinct(other.receiver.spans),
        'requests beyond the first': (await other.nginx.logged(1)).length - 1,
      };
    });
    keepFigures(
      'servers-413',
      COMMAND,
      { 'delivered spans of 512': receiver.spans.length, 'requests beyond the first': first.length - 1 },
      theirs,
    );
  });

  test('is asked for no more than it took, once it has refused', async () => {
    const { nginx, receiver } = await limited();
    const side = spandrel({ url: nginx.url });
    side.finish(1_024, 1_000);
    await side.drain();
    const learned = (await nginx.logged(2)).length;
    expect(statuses(nginx.requests())).toContain(413);
    for (let round = 1; round <= 3; round++) {
      side.finish(1_024, 1_000);
      await side.drain();
    }
    const later = (await nginx.logged(receiver.requests.length)).slice(learned);
    expect(later.length).toBeGreaterThan(8);
    expect(statuses(later).filter((status) => status !== 200)).toEqual([]);
    expect(side.stats()).toMatchObject({ exported: 4_096, failed: 0, lastError: undefined });
    expectDelivered(side.stats(), receiver.spans);
  });

  test('is heard although it answers while a body of 4 MiB is still being written', async () => {
    const { nginx, receiver } = await limited();
    const side = spandrel({ url: nginx.url });
    side.finish(4_200, 1_000);
    await side.drain();
    expect(statuses(await nginx.logged(receiver.requests.length + 1))).toContain(413);
    // A refusal taken for a broken connection would be said, and tried again with the same body.
    expect(side.said).toEqual([]);
    expect(side.stats()).toMatchObject({ exported: 4_200, failed: 0, lastError: undefined });
    expectDelivered(side.stats(), receiver.spans);
  });

  test('takes more when the body is compressed', async () => {
    const { nginx, receiver } = await limited();
    const side = spandrel({ url: nginx.url, compression: 'gzip' });
    side.finish(1_024, 1_000);
    await side.drain();
    expect(statuses(await nginx.logged(1))).toEqual([200]);
    expect(receiver.requests[0].headers['content-encoding']).toBe('gzip');
    expectDelivered(side.stats(), receiver.spans);
    expect(side.said).toEqual([]);
  });
});

describeNginx('nginx before a receiver', () => {
  /** Spans that end while nothing listens behind nginx, and what arrives when something does. */
  async function outage(start: (options: SideOptions) => Side) {
    const port = await refusingPort();
    const nginx = await startNginx({ server: passTo(port) });
    const side = start({ url: nginx.url });
    side.finish(100);
    const began = performance.now();
    while (performance.now() - began < OUTAGE_MILLIS) await side.flush(OUTAGE_MILLIS);
    const refused = nginx.requests();
    const receiver = await receiveOtlp(undefined, port);
    await side.drain();
    return { nginx, side, refused, receiver };
  }

  test('that is away and comes back (502) gets every span once', async () => {
    let ours: ReturnType<typeof spandrel> | undefined;
    const { refused, receiver, nginx } = await outage((options) => {
      ours = spandrel(options);
      return ours;
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(statuses(refused))).toEqual(new Set([502]));
    const stats = ours?.stats() ?? expect.fail();
    expect(stats).toMatchObject({ exported: 100, waiting: 0, failed: 0 });
    expectDelivered(stats, receiver.spans);
    expect(ours?.said).toEqual([
      expect.stringMatching(/HTTP 502 from .* 100 spans are kept and tried again/),
    ]);
    const theirs = await measureUpstream(async () => {
      const other = await outage(upstream);
      await delay(1_000);
      return {
        'lost spans of 100': 100 - distinct(other.receiver.spans),
        'requests during 15 s without it': other.refused.length,
      };
    });
    keepFigures(
      'servers-502',
      COMMAND,
      {
        'lost spans of 100': 100 - receiver.spans.length,
        'requests during 15 s without it': statuses(nginx.requests()).filter((status) => status === 502)
          .length,
      },
      theirs,
    );
  });

  test.each([429, 503])('that limits the rate (%i) gets every span once', async (status) => {
    const receiver = await receiveOtlp();
    const nginx = await startNginx({
      http: 'limit_req_zone $server_port zone=all:32k rate=2r/s;',
      server: `limit_req zone=all; limit_req_status ${status}; ${passTo(receiver.port)}`,
    });
    const side = spandrel({ url: nginx.url });
    for (let round = 0; round < 3; round++) {
      side.finish(50);
      await side.drain();
    }
    expect(statuses(nginx.requests())).toContain(status);
    expect(side.stats()).toMatchObject({ exported: 150, failed: 0 });
    expectDelivered(side.stats(), receiver.spans);
  });

  /** nginx refuses everything and asks for a pause of `seconds`; answers how long after each refusal the next came. */
  async function pauses(start: (options: SideOptions) => Side, seconds: number) {
    const receiver = await receiveOtlp();
    const nginx = await startNginx({
      http: `limit_req_zone $server_port zone=all:32k rate=30r/m;
        map $status $pause { 503 ${seconds}; }`,
      server: `limit_req zone=all; add_header Retry-After $pause always; ${passTo(receiver.port)}`,
    });
    const side = start({ url: nginx.url });
    side.finish(10);
    await side.drain();
    side.finish(10);
    const began = performance.now();
    await side.flush(30_000);
    const paused = performance.now() - began;
    return { receiver, nginx, side, paused };
  }

  test('that asks for a pause (503, Retry-After: 2) is not asked again before', async () => {
    let ours: ReturnType<typeof spandrel> | undefined;
    const { receiver, nginx, paused } = await pauses((options) => {
      ours = spandrel(options);
      return ours;
    }, 2);
    expect(statuses(await nginx.logged(3))).toEqual([200, 503, 200]);
    expect(paused).toBeGreaterThanOrEqual(1_990);
    expectDelivered(ours?.stats() ?? expect.fail(), receiver.spans);
    const theirs = await measureUpstream(async () => {
      const other = await pauses(upstream, 12);
      return { 'lost spans of 10, Retry-After: 12': 20 - distinct(other.receiver.spans) };
    });
    const long = await measureUpstream(() => pauses(spandrel, 12));
    keepFigures(
      'servers-503',
      COMMAND,
      {
        'lost spans of 10, Retry-After: 12': 20 - distinct(long?.receiver.spans ?? []),
        'next request after Retry-After: 2, ms': Math.round(paused),
      },
      theirs,
    );
  });

  /** A receiver that counts the first request and answers it too late for nginx. */
  async function slow(start: (options: SideOptions) => Side) {
    const receiver = await receiveOtlp((response, index) => {
      if (index > 0) response.end();
    });
    const server = `proxy_read_timeout 300ms; ${passTo(receiver.port)}`;
    const nginx = await startNginx({ server });
    const side = start({ url: nginx.url });
    side.finish(100);
    await side.drain();
    return { receiver, nginx, side };
  }

  test('that answers too late (504) gets every span, and those of the lost answer twice', async () => {
    let ours: ReturnType<typeof spandrel> | undefined;
    const { receiver, nginx } = await slow((options) => {
      ours = spandrel(options);
      return ours;
    });
    const seen = statuses(await nginx.logged(receiver.requests.length));
    expect([seen[0], seen.at(-1)]).toEqual([504, 200]);
    expect(new Set(seen.slice(0, -1))).toEqual(new Set([504]));
    const stats = ours?.stats() ?? expect.fail();
    expect(stats).toMatchObject({ exported: 100, failed: 0 });
    expectBalance(stats);
    // Each time the answer was lost, not the request.
    expect(receiver.spans).toHaveLength(100 * seen.length);
    expect(distinct(receiver.spans)).toBe(100);
    const theirs = await measureUpstream(async () => {
      const other = await slow(upstream);
      return {
        'lost spans of 100': 100 - distinct(other.receiver.spans),
        requests: other.receiver.requests.length,
      };
    });
    keepFigures(
      'servers-504',
      COMMAND,
      { 'lost spans of 100': 100 - distinct(receiver.spans), requests: receiver.requests.length },
      theirs,
    );
  });

  test.each([301, 302, 307, 308])(
    'that redirects (%i) is refused: nothing reaches the second host',
    async (status) => {
      const second = await receiveOtlp();
      const server = `location / { return ${status} http://localhost:${second.port}$request_uri; }`;
      const nginx = await startNginx({ server });
      const side = spandrel({ url: nginx.url, headers: { 'x-api-key': 'canary-key' } });
      side.finish(10);
      await side.drain();
      expect(statuses(await nginx.logged(1))).toEqual([status]);
      expect(second.connections).toHaveLength(0);
      expect(side.stats()).toMatchObject({ exported: 0, failed: 10 });
      expect(side.stats().lastError).toMatch(new RegExp(`HTTP ${status} .*redirects are not followed`));
      expectDelivered(side.stats(), second.spans);
      if (!WRITES_FIGURES) return;
      const figures = () => ({
        'requests at the second host': second.requests.length,
        'requests at the first': nginx.requests().length,
      });
      const ours = figures();
      const rival = upstream({ url: nginx.url });
      rival.finish(10);
      await rival.drain();
      const both = figures();
      keepFigures('servers-redirect', COMMAND, ours, {
        'requests at the second host':
          both['requests at the second host'] - ours['requests at the second host'],
        'requests at the first': both['requests at the first'] - ours['requests at the first'],
      });
    },
  );
});

describeNginx('nginx that closes idle connections after a second', () => {
  async function idle(start: (options: SideOptions) => Side, isStalled: boolean) {
    const receiver = await receiveOtlp();
    const nginx = await startNginx({ server: `keepalive_timeout 1s; ${passTo(receiver.port)}` });
    const side = start({ url: nginx.url });
    side.finish(10);
    await side.drain();
    side.finish(10);
    // A stalled event loop has not seen the end of the connection when it sends on it.
    if (isStalled) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    else await delay(1_500);
    const began = performance.now();
    await side.drain();
    return { receiver, nginx, side, millis: performance.now() - began };
  }

  test.each([false, true])('costs no span and no line, event loop stalled: %s', async (isStalled) => {
    let ours: ReturnType<typeof spandrel> | undefined;
    const { receiver, nginx, millis } = await idle((options) => {
      ours = spandrel(options);
      return ours;
    }, isStalled);
    expect(statuses(await nginx.logged(2))).toEqual([200, 200]);
    const [first, second] = nginx.requests();
    expect(second.connection).not.toBe(first.connection);
    expect(ours?.said).toEqual([]);
    expect(ours?.stats()).toMatchObject({ exported: 20, lastError: undefined });
    expectDelivered(ours?.stats() ?? expect.fail(), receiver.spans);
    const theirs = await measureUpstream(async () => {
      const other = await idle(upstream, isStalled);
      return {
        'lost spans of 20': 20 - distinct(other.receiver.spans),
        'lines said': other.side.said.length,
        'second export, ms': Math.round(other.millis),
      };
    });
    keepFigures(
      isStalled ? 'servers-idle-stalled' : 'servers-idle',
      COMMAND,
      {
        'lost spans of 20': 20 - receiver.spans.length,
        'lines said': ours?.said.length ?? -1,
        'second export, ms': Math.round(millis),
      },
      theirs,
    );
  });

  test('keeps a connection that is in use', async () => {
    const receiver = await receiveOtlp();
    const nginx = await startNginx({ server: `keepalive_timeout 1s; ${passTo(receiver.port)}` });
    const side = spandrel({ url: nginx.url });
    for (let round = 1; round <= 5; round++) {
      side.finish(10);
      await side.drain();
    }
    const requests = await nginx.logged(5);
    expect(new Set(requests.map(({ connection }) => connection)).size).toBe(1);
    expect(requests.map(({ request }) => request)).toEqual([1, 2, 3, 4, 5]);
    await until(() => receiver.requests.length === 5);
    expectDelivered(side.stats(), receiver.spans);
  });
});
