import type { Socket } from 'node:net';
import zlib, { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gzip } from '../src/export/gzip.ts';
import { accept, receive } from './helpers/fault-server.ts';
import { bytes, MEBIBYTE, ObservedAgent, requestOf, transport, wasmMemory } from './helpers/http-sender.ts';

const CANARY = 0xee;

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
});

describe('gzip', () => {
  test('the body is the compressed chunks, its length that of the output', async () => {
    const server = await receive();
    const chunks = [bytes(700_000, 1), bytes(3, 2), new TextEncoder().encode('text '.repeat(9_999))];
    const result = await transport(server.url, { compression: 'gzip' }).send(requestOf(...chunks));
    expect(result).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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
