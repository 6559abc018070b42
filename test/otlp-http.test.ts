import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent, type ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import zlib, { gunzipSync } from 'node:zlib';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BYTES_PER_TURN, writeBody } from '../src/export/body-writer.ts';
import { parseEndpoint } from '../src/export/endpoint.ts';
import type { ExportRequest, SendResult } from '../src/export/exporter.ts';
import { gzip } from '../src/export/gzip.ts';
import { type OtlpHttpOptions, OtlpHttpTransport, USER_AGENT } from '../src/export/otlp-http.ts';
import { accept, receive, refusingPort, until } from './helpers/fault-server.ts';

const CANARY = 0xee;
const MEBIBYTE = 1_048_576;

describe('a request', () => {
  test('is one POST with the bytes in order, their length, and the headers OTLP asks for', async () => {
    const server = await receive();
    const sender = transport(server.url, { headers: { 'X-Api-Key': 'k', 'content-type': 'text/plain' } });
    const result = await sender.send(
      requestOf(bytes(300_000, 1), bytes(5, 2), bytes(0, 0), bytes(70_000, 3)),
    );
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
    const [seen] = server.requests;
    expect(seen).toMatchObject({ method: 'POST', path: '/v1/traces' });
    expect(seen.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-length': '370005',
      'user-agent': USER_AGENT,
      'x-api-key': 'k',
    });
    expect(USER_AGENT).toMatch(/^OTel-OTLP-Exporter-Spandrel\/\d/);
    expect(seen.headers).not.toHaveProperty('accept-encoding');
    expect(seen.headers).not.toHaveProperty('transfer-encoding');
    expect(seen.body.equals(Buffer.concat([bytes(300_000, 1), bytes(5, 2), bytes(70_000, 3)]))).toBe(true);
  });

  test('uses the connection of the one before', async () => {
    const server = await receive();
    const sender = transport(server.url);
    for (let index = 0; index < 3; index++) await sender.send(requestOf(bytes(10, index)));
    expect(server.requests.map((request) => request.connection)).toEqual([0, 0, 0]);
  });

  test('uses a connection of its own without keepAlive', async () => {
    const server = await receive();
    const sender = transport(server.url, { keepAlive: false });
    for (let index = 0; index < 2; index++) await sender.send(requestOf(bytes(10, index)));
    expect(server.requests.map((request) => request.connection)).toEqual([0, 1]);
  });

  test('asks the headers function each time and puts the user agent of the user first', async () => {
    const server = await receive();
    let count = 0;
    const sender = transport(server.url, {
      headers: async () => ({ authorization: `token-${++count}` }),
      userAgent: 'mine/1',
    });
    await sender.send(requestOf(bytes(1, 1)));
    await sender.send(requestOf(bytes(1, 1)));
    expect(server.requests.map((request) => request.headers.authorization)).toEqual(['token-1', 'token-2']);
    expect(server.requests[0].headers['user-agent']).toBe(`mine/1 ${USER_AGENT}`);
  });

  test('takes its agent from the factory it was given, made once', async () => {
    const server = await receive();
    const protocols: string[] = [];
    const agent = new Agent({ keepAlive: true });
    const sender = transport(server.url, {
      httpAgentOptions: async (protocol) => {
        protocols.push(protocol);
        return agent;
      },
    });
    await sender.send(requestOf(bytes(1, 1)));
    await sender.send(requestOf(bytes(1, 1)));
    expect(protocols).toEqual(['http:']);
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
  });

  test('over 64 MiB is not sent', async () => {
    const server = await receive();
    const result = await transport(server.url).send({ chunks: [], byteLength: 67_108_865, spanCount: 1 });
    expect(result).toMatchObject({ kind: 'failed', tooLarge: true });
    expect(server.connections).toHaveLength(0);
  });

  test('is made in the root context with tracing suppressed', async () => {
    const storage = new AsyncLocalStorage<Context>();
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
    onTestFinished(() => context.disable());
    const server = await receive();
    const seen: Context[] = [];
    const sender = transport(server.url, {
      httpAgentOptions: () => {
        seen.push(context.active());
        return new Agent();
      },
    });
    const key = Symbol('of the traced program');
    await context.with(ROOT_CONTEXT.setValue(key, 1), () => sender.send(requestOf(bytes(1, 1))));
    expect(isTracingSuppressed(seen[0])).toBe(true);
    expect(seen[0].getValue(key)).toBeUndefined();
  });
});

describe('gzip', () => {
  test('the body is the compressed chunks, its length that of the output', async () => {
    const server = await receive();
    const chunks = [bytes(700_000, 1), bytes(3, 2), new TextEncoder().encode('text '.repeat(9_999))];
    const result = await transport(server.url, { compression: 'gzip' }).send(requestOf(...chunks));
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
    const [{ headers, body }] = server.requests;
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(body.length) });
    expect(gunzipSync(body).equals(Buffer.concat(chunks))).toBe(true);
  });

  test('an abort does not settle while zlib still reads a piece', async () => {
    const callbacks: (() => void)[] = [];
    const zlib = {
      createGzip: () => ({
        write: (_: Uint8Array, done: () => void) => callbacks.push(done),
        end,
        destroy,
        on,
      }),
    };
    const [end, destroy, on] = [() => {}, () => {}, () => {}];
    let cancelled = false;
    let settled = false;
    const pending = gzip(zlib, [bytes(MEBIBYTE, 1)], () => cancelled).then((output) => {
      settled = true;
      return output;
    });
    cancelled = true;
    await new Promise((resolve) => setImmediate(resolve));
    expect(callbacks).toHaveLength(1);
    expect(settled).toBe(false);
    callbacks[0]();
    expect(await pending).toBeUndefined();
    expect(callbacks).toHaveLength(1);
  });

  test('output equals the input after inflation, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 8 }), async (chunks) => {
        const output = await gzip(zlib, chunks, () => false);
        expect(gunzipSync(Buffer.concat(output ?? [])).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('an abort during compression sends nothing', async () => {
    const server = await receive();
    const controller = new AbortController();
    const sender = transport(server.url, { compression: 'gzip' });
    const pending = sender.send(requestOf(bytes(8 * MEBIBYTE, 1)), controller.signal);
    setImmediate(() => controller.abort());
    expect(await pending).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('aborted') });
    expect(server.connections).toHaveLength(0);
  });
});

describe('an answer', () => {
  test.each([429, 502, 503, 504])('%i is retryable', async (status) => {
    expect(await resultFor(status)).toMatchObject({
      kind: 'retryable',
      reason: expect.stringContaining(`HTTP ${status}`),
    });
  });

  test('any other status from 300 to 599 is final', async () => {
    const statuses: number[] = [];
    for (let status = 300; status < 600; status++) {
      if (![429, 502, 503, 504].includes(status)) statuses.push(status);
    }
    const server = await receive((response, index) => response.writeHead(statuses[index]).end());
    const sender = transport(server.url);
    for (const status of statuses) {
      const result = await sender.send(requestOf(bytes(3, 1)));
      expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining(`HTTP ${status}`) });
      expect('tooLarge' in result).toBe(status === 413);
    }
    expect(server.requests).toHaveLength(statuses.length);
  });

  test.each([200, 202, 204])('%i delivers', async (status) => {
    expect(await resultFor(status)).toEqual({ kind: 'delivered', rejected: 0 });
  });

  test('a partial success says how many spans were rejected, and why', async () => {
    const body = Uint8Array.from([0x0a, 0x08, 0x08, 0x03, 0x12, 0x04, ...Buffer.from('full')]);
    expect(await resultFor(200, body)).toEqual({ kind: 'delivered', rejected: 3, message: 'full' });
  });

  test.each([
    [429, '7', 7_000],
    [503, '7', 7_000],
    [503, '99999', 300_000],
    [429, new Date(Date.now() + 100_000).toUTCString(), expect.closeTo(100_000, -4)],
  ])('%i with Retry-After %s pauses', async (status, value, expected) => {
    expect(await resultFor(status, '', { 'retry-after': value })).toMatchObject({ retryAfterMs: expected });
  });

  test.each([
    [429, '-1'],
    [503, 'soon'],
    [502, '7'],
  ])('%i with Retry-After %s does not', async (status, value) => {
    expect(await resultFor(status, '', { 'retry-after': value })).not.toHaveProperty('retryAfterMs');
  });

  test('a redirect is not followed', async () => {
    const other = await receive();
    const result = await resultFor(307, '', { location: other.url });
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('not followed') });
    expect(other.connections).toHaveLength(0);
  });

  test('a body over 4 MiB is not read to its end and is final, whatever the status', async () => {
    for (const status of [200, 503]) {
      let written = 0;
      const server = await receive((response) => {
        response.writeHead(status);
        const more = (): void => {
          while (!response.destroyed && written < 200 * MEBIBYTE) {
            written += 65_536;
            if (!response.write(Buffer.alloc(65_536))) {
              response.once('drain', more);
              return;
            }
          }
          response.end();
        };
        more();
      });
      const result = await transport(server.url).send(requestOf(bytes(3, 1)));
      expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('4194304') });
      await until(() => server.connections[0].destroyed);
      // The rest of it is what the sockets' buffers on both sides held.
      expect(written).toBeLessThan(40 * MEBIBYTE);
    }
  });

  test('a body that claims an encoding is not inflated', async () => {
    const bomb = Buffer.from('1f8b08000000000000030300000000000000', 'hex');
    expect(await resultFor(200, bomb, { 'content-encoding': 'gzip' })).toEqual({
      kind: 'delivered',
      rejected: 0,
    });
  });

  test('what it says is in the reason, as one line without our secrets', async () => {
    const server = await receive((response) => {
      response.writeHead(401, { 'content-type': 'text/plain', 'x-echo': 'canary-key-123' });
      response.end(`bad key:\r\n canary-key-123 and canary-pass ${'.'.repeat(5_000)}`);
    });
    const url = server.url.replace('//', '//me:canary-pass@').concat('?key=canary-query');
    const result = await transport(url, { headers: { 'x-api-key': 'canary-key-123' } }).send(
      requestOf(bytes(3, 1)),
    );
    expect(server.requests[0].path).toBe('/v1/traces?key=canary-query');
    expect(server.requests[0].headers.authorization).toBe(`Basic ${btoa('me:canary-pass')}`);
    const { reason } = result as { reason: string };
    expect(reason).toMatch(/bad key: +\[redacted\] and \[redacted\]/);
    expect(reason).not.toMatch(/canary|[\r\n]/);
    expect(reason.length).toBeLessThan(800);
  });

  test('the message of a protobuf Status is in the reason', async () => {
    const body = Uint8Array.from([0x08, 0x03, 0x12, 0x07, ...Buffer.from('no spam')]);
    const result = await resultFor(400, body, { 'content-type': 'application/x-protobuf' });
    expect(result).toMatchObject({ reason: expect.stringContaining(': no spam') });
  });
});

test('a server that says 200 before it has read the body still gets all of it', async () => {
  const length = 8 * MEBIBYTE;
  let received = 0;
  const server = await accept((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'));
    socket.on('data', (piece) => {
      received += piece.filter((byte) => byte === 0x01).length;
      if (received === length) socket.write('\n\0');
    });
  });
  const result = await transport(server.url).send(requestOf(bytes(length, 0x01)));
  expect(result).toEqual({ kind: 'delivered', rejected: 0 });
  expect(received).toBe(length);
});

describe('a connection', () => {
  test('that is refused is retryable', async () => {
    const port = await refusingPort();
    expect(await transport(`http://127.0.0.1:${port}/`).send(requestOf(bytes(3, 1)))).toEqual({
      kind: 'retryable',
      reason: `no answer from http://127.0.0.1:${port}/: ECONNREFUSED`,
    });
  });

  test('that is reset before the answer is retryable, after one request', async () => {
    const server = await accept((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const result = await transport(server.url).send(requestOf(bytes(3, 1)));
    expect(result).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('ECONNRESET') });
    expect(server.connections).toHaveLength(1);
  });

  test('that carries something else than HTTP is retryable', async () => {
    const server = await accept((socket) => socket.once('data', () => socket.end('SSH-2.0-server\r\n')));
    expect(await transport(server.url).send(requestOf(bytes(3, 1)))).toMatchObject({ kind: 'retryable' });
  });

  test.each(['FIN', 'RST'])('that ends by %s after a 200 header has delivered', async (end) => {
    const server = await accept((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')),
    );
    const agent = new ObservedAgent();
    // Not before the header has arrived, which a reset would overtake.
    agent.onResponse = () => {
      const [socket] = server.connections;
      if (end === 'RST') socket.resetAndDestroy();
      else socket.end();
    };
    const result = await transport(server.url, { httpAgentOptions: () => agent }).send(
      requestOf(bytes(3, 1)),
    );
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
    expect(server.connections).toHaveLength(1);
  });

  test('that the server closed while idle is replaced at once, in the same send', async () => {
    const server = await receive();
    const sender = transport(server.url);
    await sender.send(requestOf(bytes(3, 1)));
    // The next request finds the connection open and closed under its feet.
    server.connections[0].once('data', () => server.connections[0].resetAndDestroy());
    const started = performance.now();
    expect(await sender.send(requestOf(bytes(4, 2)))).toEqual({ kind: 'delivered', rejected: 0 });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(server.connections).toHaveLength(2);
  });

  test('that is new and closed without an answer is not replaced in the same send', async () => {
    const server = await accept((socket) => socket.once('data', () => socket.end()));
    expect(await transport(server.url).send(requestOf(bytes(3, 1)))).toMatchObject({ kind: 'retryable' });
    expect(server.connections).toHaveLength(1);
  });
});

describe('the deadline', () => {
  test('ends an attempt that gets no answer, and closes its connection', async () => {
    const server = await accept((socket) => socket.resume());
    const started = performance.now();
    const result = await transport(server.url, { timeoutMillis: 300 }).send(requestOf(bytes(3, 1)));
    const took = performance.now() - started;
    expect(result).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('timed out') });
    expect(took).toBeGreaterThan(290);
    expect(took).toBeLessThan(600);
    await until(() => server.connections[0].destroyed);
  });

  test('ends an attempt whose body nobody reads', async () => {
    const server = await accept((socket) => socket.pause());
    const result = await transport(server.url, { timeoutMillis: 300 }).send(
      requestOf(bytes(16 * MEBIBYTE, 1)),
    );
    expect(result).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('timed out') });
  });

  test('is total: an answer that trickles does not extend it, and its 200 counts', async () => {
    const server = await accept((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
        const trickle = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(trickle));
      });
    });
    const started = performance.now();
    const result = await transport(server.url, { timeoutMillis: 300 }).send(requestOf(bytes(3, 1)));
    expect(performance.now() - started).toBeLessThan(600);
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
  });

  test('covers a headers function that never answers', async () => {
    const server = await receive();
    const sender = transport(server.url, { timeoutMillis: 100, headers: () => new Promise(() => {}) });
    expect(await sender.send(requestOf(bytes(3, 1)))).toMatchObject({
      kind: 'retryable',
      reason: expect.stringContaining('timed out'),
    });
    expect(server.connections).toHaveLength(0);
  });

  test('gives an answer that arrived while the event loop stood still its turn', async () => {
    const shared = new SharedArrayBuffer(4);
    const worker = await answeringThread(shared);
    const sender = transport(`http://127.0.0.1:${worker.port}/`, { timeoutMillis: 300 });
    const pending = sender.send(requestOf(bytes(3, 1)));
    await worker.sawRequest;
    // Beyond the deadline; the other thread answers meanwhile.
    Atomics.wait(new Int32Array(shared), 0, 0, 800);
    expect(await pending).toEqual({ kind: 'delivered', rejected: 0 });
  });

  test('an abort ends the attempt at once', async () => {
    const server = await accept((socket) => socket.resume());
    const controller = new AbortController();
    const pending = transport(server.url).send(requestOf(bytes(3, 1)), controller.signal);
    await until(() => server.connections.length === 1);
    controller.abort();
    expect(await pending).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('aborted') });
  });

  test('an abort before the start connects to nobody', async () => {
    const server = await receive();
    const result = await transport(server.url).send(requestOf(bytes(3, 1)), AbortSignal.abort());
    expect(result).toMatchObject({ kind: 'retryable' });
    expect(server.connections).toHaveLength(0);
  });
});

describe('a fault of the configuration', () => {
  test('a headers function that throws is retryable and its text stays inside', async () => {
    const sender = transport('http://127.0.0.1:9/', {
      headers: () => {
        throw new RangeError('canary-secret');
      },
    });
    const result = await sender.send(requestOf(bytes(3, 1)));
    expect(result).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('RangeError') });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  test('a header no request can carry fails without its value', async () => {
    const sender = transport('http://127.0.0.1:9/', { headers: { 'x-key': 'canary\nsecret' } });
    const result = await sender.send(requestOf(bytes(3, 1)));
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('ERR_INVALID_CHAR') });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  test('nothing is sent after close', async () => {
    const server = await receive();
    const sender = transport(server.url);
    sender.close();
    expect(await sender.send(requestOf(bytes(3, 1)))).toMatchObject({ kind: 'failed' });
    expect(server.connections).toHaveLength(0);
  });
});

describe('the memory of a request', () => {
  const early = (status: string) => (socket: Socket) => {
    // Answers before it reads, then reads on, slowly enough that the sender is long done.
    socket.once('data', () => {
      socket.pause();
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    });
  };
  test.each([
    ['200 OK', 'delivered'],
    ['413 Content Too Large', 'failed'],
    ['503 Service Unavailable', 'retryable'],
  ])('is not read after a %s that came before the body', async (status, kind) => {
    const received: Buffer[] = [];
    const server = await accept((socket) => {
      early(status)(socket);
      socket.on('data', (piece) => received.push(piece));
    });
    const memory = wasmMemory(128);
    const body = new Uint8Array(memory.buffer, 0, 8 * MEBIBYTE).fill(0x11);
    const agent = new ObservedAgent({ keepAlive: true });
    const started = performance.now();
    const result = await transport(server.url, { httpAgentOptions: () => agent }).send(requestOf(body));
    body.fill(CANARY);
    expect(result.kind).toBe(kind);
    expect(agent.openRequests).toBe(0);
    expect(performance.now() - started).toBeLessThan(2_000);
    const [socket] = server.connections;
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.resume();
    await ended;
    const seen = Buffer.concat(received);
    expect(seen.includes(CANARY)).toBe(false);
    // Proof that the transfer was cut rather than finished.
    expect(seen.length).toBeLessThan(8 * MEBIBYTE);
  });

  test('is not read after a deadline or an abort', async () => {
    for (const how of ['deadline', 'abort']) {
      const received: Buffer[] = [];
      const server = await accept((socket) => {
        socket.on('data', (piece) => received.push(piece));
        socket.pause();
      });
      const body = bytes(8 * MEBIBYTE, 0x11);
      const signal = how === 'abort' ? AbortSignal.timeout(200) : undefined;
      const agent = new ObservedAgent();
      const timeoutMillis = how === 'deadline' ? 200 : 10_000;
      const sender = transport(server.url, { timeoutMillis, httpAgentOptions: () => agent });
      const result = await sender.send(requestOf(body), signal);
      body.fill(CANARY);
      expect(result).toMatchObject({ kind: 'retryable' });
      expect(agent.openRequests).toBe(0);
      const [socket] = server.connections;
      const ended = new Promise((resolve) => socket.on('close', resolve));
      socket.resume();
      await ended;
      expect(Buffer.concat(received).includes(CANARY)).toBe(false);
    }
  });

  test('is not copied on its way to the socket', () => {
    const memory = wasmMemory(4);
    const target = new RecordingTarget();
    writeBody(target, [new Uint8Array(memory.buffer, 100, 50), new Uint8Array(memory.buffer, 9_000, 60)]);
    expect(target.pieces.map((piece) => [piece.buffer === memory.buffer, piece.byteOffset])).toEqual([
      [true, 100],
      [true, 9_000],
    ]);
  });
});

describe('writeBody', () => {
  test('writes at most 256 KiB a turn, though the target never asks it to wait', async () => {
    const target = new RecordingTarget();
    writeBody(target, [bytes(MEBIBYTE, 1), bytes(10, 2), bytes(100_000, 3), bytes(0, 4)]);
    await until(() => target.ended);
    expect(Math.max(...target.bytesByTurn.values())).toBeLessThanOrEqual(BYTES_PER_TURN);
    expect(target.bytesByTurn.size).toBe(5);
    const whole = Buffer.concat(target.pieces);
    expect(whole.equals(Buffer.concat([bytes(MEBIBYTE, 1), bytes(10, 2), bytes(100_000, 3)]))).toBe(true);
  });

  test('waits for drain, and for the next turn after it', async () => {
    const target = new RecordingTarget(false);
    writeBody(target, [bytes(10, 1), bytes(10, 2)]);
    expect(target.pieces).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(target.pieces).toHaveLength(1);
    target.drain();
    expect(target.pieces).toHaveLength(1);
    await until(() => target.ended);
    expect(target.pieces).toHaveLength(2);
  });

  test('stops when told, without ending the request', async () => {
    const target = new RecordingTarget();
    let stopped = false;
    writeBody(target, [bytes(MEBIBYTE, 1)], () => stopped);
    stopped = true;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(target.pieces).toHaveLength(1);
    expect(target.ended).toBe(false);
  });
});

/** Counts requests that have not emitted 'close'. */
class ObservedAgent extends Agent {
  openRequests = 0;
  onResponse: () => void = () => {};

  // Called by ClientRequest's constructor, so this listener runs before any other.
  addRequest(request: ClientRequest, ...rest: unknown[]): void {
    this.openRequests++;
    request.on('close', () => this.openRequests--);
    request.on('response', () => this.onResponse());
    (Agent.prototype as unknown as { addRequest(...args: unknown[]): void }).addRequest.call(
      this,
      request,
      ...rest,
    );
  }
}

class RecordingTarget {
  destroyed = false;
  ended = false;
  readonly pieces: Uint8Array[] = [];
  readonly bytesByTurn = new Map<number, number>();
  #turn = 0;
  readonly #accepts: boolean;
  drain: () => void = () => {};

  constructor(accepts = true) {
    this.#accepts = accepts;
    const count = (): void => {
      this.#turn++;
      if (!this.ended && this.#turn < 1_000) setImmediate(count);
    };
    setImmediate(count);
  }

  write(piece: Uint8Array): boolean {
    this.pieces.push(piece);
    this.bytesByTurn.set(this.#turn, (this.bytesByTurn.get(this.#turn) ?? 0) + piece.length);
    return this.#accepts;
  }

  end(): void {
    this.ended = true;
  }

  once(_: 'drain', listener: () => void): void {
    this.drain = listener;
  }
}

function transport(url: string, options: Partial<OtlpHttpOptions> = {}): OtlpHttpTransport {
  const made = new OtlpHttpTransport({ endpoint: parseEndpoint(url, 'test'), ...options });
  onTestFinished(() => made.close());
  return made;
}

function wasmMemory(pages: number): { readonly buffer: ArrayBuffer } {
  // The ES library this is checked against has no types for it.
  const { Memory } = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;
  return new Memory({ initial: pages, maximum: pages });
}

interface WebAssemblyHost {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
}

function requestOf(...chunks: Uint8Array[]): ExportRequest {
  return { chunks, byteLength: chunks.reduce((sum, chunk) => sum + chunk.length, 0), spanCount: 5 };
}

function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

async function resultFor(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Promise<SendResult> {
  const server = await receive((response) => response.writeHead(status, headers).end(body));
  const result = await transport(server.url).send(requestOf(bytes(3, 1)));
  expect(server.requests).toHaveLength(1);
  return result;
}

/** A server in another thread, which can answer while this one stands still. */
async function answeringThread(
  shared: SharedArrayBuffer,
): Promise<{ readonly port: number; readonly sawRequest: Promise<void> }> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const server = require('node:http').createServer((request, response) => {
       parentPort.postMessage('request');
       // Only once the main thread stands still, or soon after.
       setTimeout(() => response.end(), 400);
     });
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true, workerData: shared },
  );
  onTestFinished(async () => {
    await worker.terminate();
  });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const sawRequest = new Promise<void>((resolve) => worker.once('message', () => resolve()));
  return { port, sawRequest };
}
