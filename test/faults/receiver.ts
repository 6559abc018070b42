/** @module A receiver on loopback that decodes what it gets and counts the spans. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { readSpanIds, SpanCount } from './span-ids.ts';

/** A request as it came. */
export interface Arrival {
  /** Number among the requests, from 0. */
  readonly index: number;
  /** When it was there whole, in milliseconds of `performance.now`. */
  readonly at: number;
  /** Bytes of its body, before compression. */
  readonly bytes: number;
  readonly spans: number;
  readonly headers: IncomingMessage['headers'];
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What to say to a request; `undefined` for an empty 200. Spans of what is refused are not counted. */
export type Answer = (arrival: Arrival) => Reply | undefined;

export interface CountingReceiver {
  readonly port: number;
  readonly arrivals: Arrival[];
  readonly spans: SpanCount;
  /** Of bodies that are no OTLP request. */
  readonly undecodable: string[];
  close(): Promise<void>;
}

export async function startReceiver(answer: Answer = () => undefined): Promise<CountingReceiver> {
  const arrivals: Arrival[] = [];
  const spans = new SpanCount();
  const undecodable: string[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const ids: string[] = [];
    try {
      readSpanIds(body, (id) => ids.push(id));
    } catch (error) {
      undecodable.push((error as Error).message);
    }
    const arrival: Arrival = {
      ...{ index: arrivals.length, at: performance.now(), bytes: body.length, spans: ids.length },
      headers: request.headers,
    };
    arrivals.push(arrival);
    const { status, headers = {}, body: said = '' } = answer(arrival) ?? { status: 200 };
    if (status < 300) for (const id of ids) spans.add(id);
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(said) }).end(said);
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      onRequest(request, response, request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ port: (server.address() as AddressInfo).port, arrivals, spans, undecodable },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
