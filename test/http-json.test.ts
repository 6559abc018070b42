/** Requests in JSON form, as a receiver sees them, and what its JSON answers mean. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SendResult } from '../src/export/exporter.ts';
import { MAXIMUM_REQUEST_BYTES } from '../src/export/otlp-http.ts';
import { receive } from './helpers/fault-server.ts';
import { requestOf, transport } from './helpers/http-sender.ts';
import { field, requestOfSpan } from './helpers/protobuf-bytes.ts';

const WIRE = requestOfSpan(field(5, 'look up'));
const REQUEST = requestOf(WIRE.subarray(0, 3), WIRE.subarray(3));

const nameOf = (body: Buffer): string =>
  JSON.parse(body.toString()).resourceSpans[0].scopeSpans[0].spans[0].name;

async function answered(status: number, body: string, type = 'application/json'): Promise<SendResult> {
  const server = await receive((response) => response.writeHead(status, { 'content-type': type }).end(body));
  return transport(server.url, { protocol: 'http/json' }).send(REQUEST);
}

describe('a request in JSON form', () => {
  test('has the content type, the length and the spans of the bytes', async () => {
    const server = await receive();
    const sender = transport(server.url, { protocol: 'http/json' });
    expect(await sender.send(REQUEST)).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
    const [{ headers, body }] = server.requests;
    expect(headers['content-type']).toBe('application/json');
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers).not.toHaveProperty('content-encoding');
    expect(nameOf(body)).toBe('look up');
  });

  test('can be compressed', async () => {
    const server = await receive();
    const sender = transport(server.url, { protocol: 'http/json', compression: 'gzip' });
    expect(await sender.send(REQUEST)).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
    const [{ headers, body }] = server.requests;
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-encoding': 'gzip' });
    expect(nameOf(gunzipSync(body))).toBe('look up');
  });

  test('can be sent again after an answer that allows it', async () => {
    const server = await receive((response, index) => response.writeHead(index === 0 ? 503 : 200).end());
    const sender = transport(server.url, { protocol: 'http/json' });
    expect(await sender.send(REQUEST)).toMatchObject({ kind: 'retryable' });
    expect(await sender.send(REQUEST)).toMatchObject({ kind: 'delivered' });
    expect(server.requests.map(({ body }) => nameOf(body))).toEqual(['look up', 'look up']);
  });

  test('over 64 MiB is not sent, though the bytes it is made of are fewer', async () => {
    const server = await receive();
    // A control character is one byte in protobuf and six in JSON.
    const text = new Uint8Array(12 * 1_048_576);
    const wire = spanNamed(text);
    expect(wire.length).toBeLessThan(MAXIMUM_REQUEST_BYTES);
    const sender = transport(server.url, { protocol: 'http/json' });
    expect(await sender.send(requestOf(wire))).toMatchObject({ kind: 'failed', tooLarge: true });
    expect(await sender.send(REQUEST)).toMatchObject({ kind: 'delivered' });
    expect(server.requests).toHaveLength(1);
  });

  test('of bytes that are no request fails by name', async () => {
    const server = await receive();
    const result = await transport(server.url, { protocol: 'http/json' }).send(
      requestOf(Uint8Array.of(0x0a, 0x7f)),
    );
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('OtlpReadError') });
    expect(server.connections).toHaveLength(0);
  });

  test('ends with its attempt', async () => {
    const server = await receive();
    const controller = new AbortController();
    // Longer than one turn, so that the abort comes while the body is being made.
    const wire = spanNamed(new Uint8Array(100_000).fill(0x61));
    const sending = transport(server.url, { protocol: 'http/json' }).send(requestOf(wire), controller.signal);
    controller.abort();
    expect(await sending).toMatchObject({ kind: 'retryable', reason: expect.stringContaining('abort') });
    expect(server.requests).toHaveLength(0);
  });
});

describe('a JSON answer', () => {
  test.each([
    ['{"partialSuccess":{"rejectedSpans":"3","errorMessage":"full"}}', { rejected: 3, message: 'full' }],
    ['\n {"partialSuccess":{"rejectedSpans":3}}', { rejected: 3 }],
    ['{"partialSuccess":{"errorMessage":"careful"}}', { rejected: 0, message: 'careful' }],
    ['{}', { rejected: 0 }],
    ['', { rejected: 0 }],
    ['not JSON', { rejected: 0 }],
    ['null', { rejected: 0 }],
    ['[1]', { rejected: 0 }],
    ['{"partialSuccess":{"rejectedSpans":"many"}}', { rejected: 0 }],
    ['{"partialSuccess":7}', { rejected: 0 }],
  ])('200 with %j', async (body, expected) => {
    expect(await answered(200, body)).toEqual({ kind: 'delivered', code: 200, ...expected });
    expect(await answered(200, body, 'application/json; charset=utf-8')).toMatchObject(expected);
  });

  test.each([
    [400, '{"code":3,"message":"bad span"}', /: bad span \(.* http\/json\)$/],
    [403, '{"error":"no such key"}', /: \{"error":"no such key"\} \(check the credentials/],
    [415, 'text', /: text \(the receiver does not accept OTLP as http\/json/],
  ])('%d with %j', async (status, body, reason) => {
    expect(await answered(status, body)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(reason),
    });
  });
});

/** A request of one span whose name is `text`. */
function spanNamed(text: Uint8Array): Uint8Array {
  const lengthOf = (length: number): number[] =>
    length < 128 ? [length] : [(length & 127) | 128, ...lengthOf(length >>> 7)];
  let message = Buffer.from(text);
  for (const tag of [0x2a, 0x12, 0x12, 0x0a]) {
    message = Buffer.concat([Uint8Array.of(tag, ...lengthOf(message.length)), message]);
  }
  return message;
}
