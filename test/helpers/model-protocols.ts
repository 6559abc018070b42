/**
 * @module A loopback server that speaks the wire protocols of model services: JSON answers, refusals, and server-sent
 * events whose bytes arrive cut anywhere, with keep-alive comments between them. It answers what the test lays down.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Reply {
  /** A whole answer. */
  json?: unknown;
  status?: number;
  headers?: Record<string, string>;
  /** A streamed answer; each event has the name of its `type` where `named` says so. */
  events?: readonly unknown[];
  named?: boolean;
  /** What ends a stream: `[DONE]` where it is not told. */
  end?: string | null;
  /** Leaves the stream open after its events. */
  hold?: boolean;
  /** Where the bytes are cut. */
  seed?: number;
}

export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each protocol has requests of its own
  readonly body: any;
  /** Whether the client let go before the answer was complete. */
  readonly wasCut: Promise<boolean>;
}

export interface ModelService {
  readonly url: string;
  readonly port: number;
  readonly requests: ModelRequest[];
  /** What the next requests get, one each. */
  answer(...replies: Reply[]): void;
}

/** Starts a service; ends with the test. */
export async function startModelService(): Promise<ModelService> {
  const requests: ModelRequest[] = [];
  const replies: Reply[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const wasCut = new Promise<boolean>((resolve) => {
      response.once('close', () => resolve(!response.writableFinished));
    });
    requests.push({
      path: request.url ?? '',
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
      wasCut,
    });
    await send(
      response,
      replies.shift() ?? { status: 500, json: { error: { message: 'no reply laid down' } } },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    answer: (...laidDown) => replies.push(...laidDown),
  };
}

async function send(response: ServerResponse, reply: Reply): Promise<void> {
  const { json, status = 200, headers = {}, events } = reply;
  if (events === undefined) {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-request-id': 'request-1',
      ...headers,
    });
    response.end(JSON.stringify(json));
    return;
  }
  response.writeHead(status, {
    'content-type': 'text/event-stream',
    'x-request-id': 'request-1',
    ...headers,
  });
  for (const piece of cutAnywhere(streamText(reply), reply.seed ?? 1)) {
    if (response.destroyed) return;
    response.write(piece);
    // Each piece is a segment of its own.
    await new Promise(setImmediate);
  }
  if (!reply.hold) response.end();
}

function streamText({ events = [], named, end = '[DONE]', hold }: Reply): string {
  let text = ': connected\n\n';
  for (const event of events) {
    const name = named ? `event: ${(event as { type: string }).type}\n` : '';
    text += `${name}data: ${JSON.stringify(event)}\n\n: keep-alive\n\n`;
  }
  return end === null || hold ? text : `${text}data: ${end}\n\n`;
}

/** Pieces of 1 to 90 bytes, by a small linear congruential generator; characters of several bytes are cut too. */
function cutAnywhere(text: string, seed: number): Buffer[] {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  let state = seed;
  for (let from = 0; from < bytes.length; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const to = from + 1 + ((state >>> 8) % 90);
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}
