/** @module Harm done to the answer. The receiver gets the request whole, unless it says otherwise. */

import { gzipSync } from 'node:zlib';
import type { Fault, Link } from './proxy.ts';

/** Passes the request on and gives the receiver's first answer, whole, to `react` instead of the program. */
function insteadOfAnswer(react: (link: Link, answer: Buffer) => void): Fault {
  return (link) => {
    const target = link.connect();
    link.client.pipe(target);
    target.once('data', (answer: Buffer) => react(link, answer));
  };
}

const head = (...fields: string[]): string => `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;

/** The receiver has the spans; the program gets a RST instead of the answer. */
export const resetBeforeHeaders = insteadOfAnswer(({ reset }) => reset());

/** A 200 and a part of its body, then the end. A reset would overtake what was just written, hence the pause. */
const afterHead = (end: (link: Link) => void): Fault =>
  insteadOfAnswer((link) => {
    link.client.write(`${head('Content-Length: 100')}part`);
    setTimeout(() => end(link), 100);
  });

export const resetAfterHead = afterHead(({ reset }) => reset());
export const finAfterHead = afterHead(({ client }) => client.end());

/** The head of a 200 at once, then a body of which one byte comes in `millis`. */
export function slowAnswer(millis: number): Fault {
  return insteadOfAnswer(({ client }) => {
    client.write(head('Content-Length: 100000'));
    const timer = setInterval(() => client.write('x'), millis);
    client.on('close', () => clearInterval(timer));
  });
}

/** Not even the head comes within any time: one byte of it in `millis`. */
export function slowHead(millis: number): Fault {
  return insteadOfAnswer(({ client }) => {
    const text = `HTTP/1.1 200 OK\r\nX-Padding: ${'x'.repeat(8_000)}`;
    let index = 0;
    const timer = setInterval(() => client.write(text[index++]), millis);
    client.on('close', () => clearInterval(timer));
  });
}

export const garbageChunks = insteadOfAnswer(({ client }) => {
  client.end(`${head('Transfer-Encoding: chunked')}zz\r\nno chunk\r\n`);
});

/** More of the body comes than its Content-Length says. */
export const shortLength = insteadOfAnswer(({ client }) => {
  client.end(`${head('Content-Length: 2')}\n\0and what was not announced`);
});

/** Less of the body comes than its Content-Length says. */
export const longLength = insteadOfAnswer(({ client }) => {
  client.end(`${head('Content-Length: 5000000')}\n\0`);
});

/** A field of `bytes`: the runtime's parser stops at 16 KiB of head. */
export function hugeHeaders(bytes: number): Fault {
  return insteadOfAnswer(({ client }) => {
    client.end(head(`X-Padding: ${'x'.repeat(bytes)}`, 'Content-Length: 0'));
  });
}

/** A 200 whose body of zeros is `bytes` when it is inflated, and a thousandth of that on the wire. */
export function gzipBomb(bytes: number): Fault {
  const body = gzipSync(Buffer.alloc(bytes), { level: 1 });
  return insteadOfAnswer(({ client }) => {
    client.write(head('Content-Encoding: gzip', `Content-Length: ${body.length}`));
    client.end(body);
  });
}

/** A 200 whose chunks never end. */
export const endlessBody = insteadOfAnswer(({ client }) => {
  client.write(head('Transfer-Encoding: chunked'));
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const write = (): void => {
    while (!client.destroyed && client.write(chunk));
  };
  client.on('drain', write);
  write();
});

/** The receiver's answer, twice. */
export const duplicateAnswer = insteadOfAnswer(({ client }, answer) => {
  client.write(Buffer.concat([answer, answer]));
});

/** 100, 102 and 103 before every answer. */
export const informational: Fault = ({ client, connect }) => {
  const target = connect();
  client.pipe(target);
  target.on('data', (answer) => {
    client.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n');
    client.write('HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n');
    client.write(answer);
  });
};

/**
 * A final answer as soon as the request begins to come, of which 64 KiB are read, and the rest `millis` later by
 * `onLateByte`, if it still comes; then the connection ends. The receiver gets nothing.
 */
export function early(status: number, millis: number, onLateByte: (piece: Buffer) => void): Fault {
  return ({ client }) => {
    let seen = 0;
    let isLate = false;
    client.on('data', (piece: Buffer) => {
      if (isLate) onLateByte(piece);
      if (seen === 0) client.write(`HTTP/1.1 ${status} Early\r\nContent-Length: 0\r\n\r\n`);
      seen += piece.length;
      if (seen < 65_536 || isLate) return;
      isLate = true;
      client.pause();
      setTimeout(() => client.resume().end(), millis);
    });
  };
}
