/** @module A TCP proxy on loopback that does one harm at a time to the connections through it. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';

/** One connection of a program. */
export interface Link {
  /** What the program writes and reads, without TLS. */
  readonly client: Duplex;
  /** Number of the connection, from 0. */
  readonly index: number;
  /** A new connection to the receiver; each ends with the other. */
  connect(): Socket;
  /** Ends the program's connection by RST. */
  reset(): void;
}

/** What is done to a connection, from its first byte on. */
export type Fault = (link: Link) => void;

/** How a proxy is made. */
export interface ProxyOptions {
  /** The receiver's port. */
  readonly to: number;
  readonly fault: Fault;
  /** Speak TLS with the program, and plain TCP with the receiver. */
  readonly tls?: SecureContext;
}

/** Nothing of it outlives `close`. */
export class FaultProxy {
  /** For the connections that come next. */
  fault: Fault;
  /** Accepted so far. */
  connections = 0;
  port = 0;
  readonly #to: number;
  readonly #tls: SecureContext | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor({ to, fault, tls }: ProxyOptions) {
    this.#to = to;
    this.fault = fault;
    this.#tls = tls;
    this.#server = createServer((socket) => this.#onConnection(socket));
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Listens, on the same port each time. */
  async accept(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  /** Resets every connection, and refuses new ones. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    const index = this.connections++;
    this.#keep(socket);
    const secureContext = this.#tls;
    const client =
      secureContext === undefined ? socket : new TLSSocket(socket, { isServer: true, secureContext });
    client.on('error', () => socket.destroy());
    this.fault({
      client,
      index,
      reset: () => socket.resetAndDestroy(),
      connect: () => {
        const target = connect(this.#to, '127.0.0.1');
        this.#keep(target);
        target.on('close', () => client.destroy());
        client.on('close', () => target.destroy());
        return target;
      },
    });
  }

  /** Its errors are what the proxy is for. */
  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    this.#sockets.add(socket);
  }
}
