/** @module Harm done to a request on its way to the receiver, or to the way itself. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Link } from './proxy.ts';

/** No harm. */
export const pass: Fault = ({ client, connect }) => {
  const target = connect();
  client.pipe(target);
  target.pipe(client);
};

/** `fault` for the first `count` connections, then `next`. */
export function first(count: number, fault: Fault, next: Fault = pass): Fault {
  return (link) => (link.index < count ? fault(link) : next(link));
}

/** RST once `bytes` of the request have come, while more are being written. */
export function resetMidBody(bytes: number): Fault {
  return ({ client, reset }) => {
    let seen = 0;
    client.on('data', (piece: Buffer) => {
      seen += piece.length;
      if (seen >= bytes) reset();
    });
  };
}

/** Reads everything, answers nothing. */
export const blackHole: Fault = ({ client }) => void client.resume();

/** Reads nothing, answers nothing: what the program writes stays in its send buffer. */
export const deaf: Fault = ({ client }) => void client.pause();

/** Reads one byte in `millis`, and passes it on. */
export function slowReader(millis: number): Fault {
  return (link) => {
    const target = link.connect();
    target.pipe(link.client);
    void passSlowly(link, millis, (byte) => target.write(byte));
  };
}

async function passSlowly({ client }: Link, millis: number, write: (byte: Buffer) => void): Promise<void> {
  client.pause();
  while (!client.destroyed) {
    const byte = client.read(1) as Buffer | null;
    if (byte !== null) write(byte);
    await delay(millis, undefined, { ref: false });
  }
}

/** Everything arrives `millis` later, in both directions. */
export function latency(millis: number): Fault {
  return ({ client, connect }) => {
    const target = connect();
    client.on('data', (piece) => setTimeout(() => target.write(piece), millis));
    target.on('data', (piece) => setTimeout(() => client.write(piece), millis));
  };
}

/** At most so many bytes a second reach the receiver; the program is read no faster. */
export function bandwidth(bytesPerSecond: number): Fault {
  return ({ client, connect }) => {
    const target = connect();
    target.pipe(client);
    client.on('data', (piece: Buffer) => {
      client.pause();
      target.write(piece);
      setTimeout(() => client.resume(), (piece.length / bytesPerSecond) * 1_000);
    });
  };
}

/** Closes the connection so long after each answer, if nothing else came meanwhile; what comes later is not read. */
export function closeWhenIdle(millis: number): Fault {
  return ({ client, connect }) => {
    const target = connect();
    let timer: NodeJS.Timeout | undefined;
    client.on('data', (piece) => {
      clearTimeout(timer);
      target.write(piece);
    });
    target.on('data', (piece) => {
      client.write(piece);
      timer = setTimeout(() => client.destroy(), millis);
    });
  };
}
