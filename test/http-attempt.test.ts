import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Deadline } from '../src/export/deadline.ts';
import { attempt } from '../src/export/http-attempt.ts';
import { accept, receive, refusingPort, until } from './helpers/fault-server.ts';
import { bytes, MEBIBYTE, ObservedAgent, requestOf, transport } from './helpers/http-sender.ts';

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
  expect(result).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
  expect(received).toBe(length);
});

test('a server that refuses before it has read the body is written nothing more, its answer not ended yet', async () => {
  const server = await accept((socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n');
    });
  });
  const request = httpRequest(server.url, { method: 'POST' });
  const written = vi.spyOn(request, 'write');
  const deadline = new Deadline({ timeoutMillis: 10_000, now: () => performance.now(), holdsProcess: true });
  onTestFinished(() => deadline.clear());
  const sent = attempt(request, [bytes(64 * MEBIBYTE, 0x01)], deadline);
  await once(request, 'response');
  const before = written.mock.calls.length;
  const [socket] = server.connections;
  socket.resume();
  // The body would be written on in the turn after the connection has taken what there was.
  await until(() => request.socket?.writableLength === 0);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(written.mock.calls).toHaveLength(before);
  socket.write('no');
  expect(await sent).toMatchObject({ kind: 'answer', status: 413 });
});

describe('a connection', () => {
  test('that is refused is retryable', async () => {
    const port = await refusingPort();
    expect(await transport(`http://127.0.0.1:${port}/`).send(requestOf(bytes(3, 1)))).toEqual({
      kind: 'retryable',
      code: 'ECONNREFUSED',
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
    expect(result).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
    expect(server.connections).toHaveLength(1);
  });

  test('that the server closed while idle is replaced at once, in the same send', async () => {
    const server = await receive();
    const sender = transport(server.url);
    await sender.send(requestOf(bytes(3, 1)));
    // The next request finds the connection open and closed under its feet.
    server.connections[0].once('data', () => server.connections[0].resetAndDestroy());
    const started = performance.now();
    expect(await sender.send(requestOf(bytes(4, 2)))).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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
    expect(result).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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
    expect(await pending).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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
