/** Requests by `fetch`: what they come to is what it is by `node:http`, which is the other side of each comparison. */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { SendResult } from '../src/export/exporter.ts';
import type { OtlpHttpOptions } from '../src/export/otlp-http.ts';
import { accept, receive } from './helpers/fault-server.ts';
import { bytes, MEBIBYTE, requestOf, transport } from './helpers/http-sender.ts';

afterEach(() => vi.unstubAllGlobals());

/** As on a host without `node:http`. */
function byFetch(url: string, options: Partial<OtlpHttpOptions> = {}): Promise<SendResult> {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
  return transport(url, options)
    .send(requestOf(bytes(3, 1)))
    .finally(() => vi.unstubAllGlobals());
}

const byNode = (url: string, options: Partial<OtlpHttpOptions> = {}): Promise<SendResult> =>
  transport(url, options).send(requestOf(bytes(3, 1)));

const BODY_ENDS: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['is reset', (socket) => void setImmediate(() => socket.resetAndDestroy())],
  ['ends too early', (socket) => void socket.end()],
  ['never comes', () => {}],
];

describe('a status counts when the body after it', () => {
  test.each(
    BODY_ENDS.flatMap(([how, end]) =>
      [
        ['200 OK', { kind: 'delivered', code: 200 }],
        ['413 Content Too Large', { kind: 'failed', tooLarge: true }],
        ['503 Unavailable\r\nRetry-After: 30', { kind: 'retryable', retryAfterMs: 30_000 }],
        ['307 Moved\r\nLocation: http://127.0.0.1:9/', { kind: 'failed', code: 307 }],
      ].map(([head, result]) => [how, head as string, result as object, end] as const),
    ),
  )('%s: %s', async (_, head, expected, end) => {
    let requests = 0;
    const server = await accept((socket) =>
      socket.once('data', () => {
        requests += 1;
        socket.write(`HTTP/1.1 ${head}\r\nContent-Length: 9\r\n\r\nab`, () => end(socket));
      }),
    );
    const options = { timeoutMillis: 300 };
    const result = await byFetch(server.url, options);
    expect(result).toMatchObject(expected);
    expect(requests).toBe(1);
    expect(result).toEqual(await byNode(server.url, options));
  });
});

test('a partial success is counted in an answer that is compressed', async () => {
  // ExportTraceServiceResponse.partial_success { rejected_spans: 3, error_message: "full" }.
  const body = Uint8Array.from([0x0a, 0x08, 0x08, 0x03, 0x12, 0x04, ...Buffer.from('full')]);
  const server = await receive((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
  });
  expect(await byFetch(server.url)).toEqual({ kind: 'delivered', code: 200, rejected: 3, message: 'full' });
});

test.each([
  ['endless', {}, Buffer.alloc(50 * MEBIBYTE)],
  ['a compressed bomb', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(50 * MEBIBYTE))],
])('a body that is %s is read to 4 MiB and is final', async (_, headers, body) => {
  const server = await receive((response) => response.writeHead(503, headers).end(body));
  expect(await byFetch(server.url)).toMatchObject({ kind: 'failed', code: 'response_too_large' });
  expect(server.requests).toHaveLength(1);
});

test('a header that no request can carry is final, and its value stays inside', async () => {
  const server = await receive();
  for (const value of ['canary\nsecret', 'canary \u65e5']) {
    const options = { headers: () => ({ 'x-api-key': value }) };
    for (const result of [await byFetch(server.url, options), await byNode(server.url, options)]) {
      expect(result.kind).toBe('failed');
      expect(JSON.stringify(result)).not.toContain('canary');
    }
  }
  expect(server.requests).toHaveLength(0);
});

test('why there was no answer is one word, whatever replaced fetch says', async () => {
  const failures = [{ code: 'Bearer canary' }, new Error('canary'), 'canary', { code: 'ECONNRESET' }, null];
  for (const cause of failures) {
    vi.stubGlobal('fetch', async () => {
      throw Object.assign(new TypeError('canary'), { cause });
    });
    const result = await byFetch('http://127.0.0.1:9/');
    expect(result).toMatchObject({ kind: 'retryable', code: expect.stringMatching(/^\w+$/) });
    expect(JSON.stringify(result)).not.toContain('canary');
  }
});

test.each([301, 302, 303, 307, 308])('a redirect of %i is not followed', async (status) => {
  const other = await receive();
  const server = await receive((response) => response.writeHead(status, { location: other.url }).end());
  const result = await byFetch(server.url, { headers: { 'x-api-key': 'canary' } });
  expect(result).toEqual(await byNode(server.url));
  expect(other.connections).toHaveLength(0);
});

test('a redirect that a browser hides is final, and said to be one', async () => {
  // What `fetch` resolves to there (Fetch Standard, "opaque-redirect filtered response").
  const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null };
  vi.stubGlobal('fetch', async () => hidden);
  expect(await byFetch('http://127.0.0.1:9/')).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('redirects are not followed'),
  });
});

test('a request of a page that is hidden outlives it, if it is no larger than such may be', async () => {
  const kept: unknown[] = [];
  vi.stubGlobal('fetch', async (_: string, { keepalive }: RequestInit) => {
    kept.push(keepalive);
    return new Response();
  });
  for (const visibilityState of ['visible', 'hidden']) {
    for (const size of [60 * 1024, 60 * 1024 + 1]) {
      vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
      vi.stubGlobal('document', { visibilityState });
      expect(await transport('http://127.0.0.1:9/').send(requestOf(bytes(size, 1)))).toMatchObject({
        kind: 'delivered',
      });
    }
  }
  expect(kept).toEqual([undefined, undefined, true, undefined]);
});
