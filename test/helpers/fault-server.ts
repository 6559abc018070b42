/** Loopback servers that misbehave on purpose, for the tests of the sender. Each closes with its test. */

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as a receiver saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Number of the connection it came on, from 0. */
  readonly connection: number;
}

export interface HttpReceiver {
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Names and values in turn, as they came. */
  readonly rawHeaders: string[][];
  /** Connections accepted so far. */
  readonly connections: Socket[];
}

/**
 * An HTTP server that reads each body whole, records it, then lets `answer` reply. Default: an empty 200.
 *
 * @param port - to listen on. Default: a free one.
 */
export async function receive(
  answer: (response: ServerResponse, index: number, request: IncomingMessage) => void = (response) =>
    response.end(),
  port?: number,
): Promise<HttpReceiver> {
  const requests: SeenRequest[] = [];
  const rawHeaders: string[][] = [];
  const connections: Socket[] = [];
  const server = createHttpServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => {});
    request.on('end', () => {
      rawHeaders.push(request.rawHeaders);
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces),
        connection: connections.indexOf(request.socket),
      });
      answer(response, requests.length - 1, request);
    });
  });
  server.on('connection', (socket) => connections.push(socket));
  const bound = await listen(server, connections, port);
  return { url: `http://127.0.0.1:${bound}/v1/traces`, port: bound, requests, rawHeaders, connections };
}

/** A TCP server that leaves everything to `onConnection`; errors of its sockets are expected. */
export async function accept(
  onConnection: (socket: Socket, index: number) => void,
): Promise<{ readonly url: string; readonly port: number; readonly connections: Socket[] }> {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    onConnection(socket, connections.length - 1);
  });
  const port = await listen(server, connections);
  return { url: `http://127.0.0.1:${port}/v1/traces`, port, connections };
}

/** Listens on a loopback port, a free one by default, and closes, connections included, when the test ends. */
export async function listen(server: Server, connections: readonly Socket[], port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. */
export async function refusingPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when `condition` holds; checked at each turn of the event loop, given up by the test's own timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
