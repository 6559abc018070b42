import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'node:http';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { USER_AGENT } from '../src/export/otlp-http.ts';
import { receive, until } from './helpers/fault-server.ts';
import { bytes, MEBIBYTE, requestOf, resultFor, transport } from './helpers/http-sender.ts';

describe('a request', () => {
  test('is one POST with the bytes in order, their length, and the headers OTLP asks for', async () => {
    const server = await receive();
    const sender = transport(server.url, { headers: { 'X-Api-Key': 'k', 'content-type': 'text/plain' } });
    const result = await sender.send(
      requestOf(bytes(300_000, 1), bytes(5, 2), bytes(0, 0), bytes(70_000, 3)),
    );
    expect(result).toEqual({ kind: 'delivered', code: 200, rejected: 0 });
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

test('a function for the agent that fails once costs a pause, and no request', async () => {
  const server = await receive();
  let calls = 0;
  const sender = transport(server.url, {
    httpAgentOptions: async () => {
      calls += 1;
      if (calls === 1) throw new RangeError('not yet');
      return new Agent();
    },
  });
  const request = requestOf(bytes(3, 1));
  expect(await sender.send(request)).toMatchObject({
    kind: 'retryable',
    reason: expect.stringMatching(/the function for its agent threw RangeError$/),
  });
  expect(await sender.send(request)).toMatchObject({ kind: 'delivered' });
  expect([calls, server.requests.length]).toEqual([2, 1]);
});

describe('an answer', () => {
  test.each([429, 502, 503, 504])('%i is retryable', async (status) => {
    expect(await resultFor(status)).toMatchObject({
      kind: 'retryable',
      code: status,
      reason: expect.stringContaining(`HTTP ${status}`),
    });
  });

  test.each([
    [400, 'http: request body too large', true],
    [400, 'unexpected EOF', false],
    [403, 'http: request body too large', false],
  ])('%i with the text "%s" is about the size: %s', async (status, text, isSize) => {
    const server = await receive((response) => {
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
    });
    const result = await transport(server.url).send(requestOf(bytes(3, 1)));
    expect(result).toMatchObject({ kind: 'failed', code: status });
    expect('tooLarge' in result).toBe(isSize);
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
      expect(result).toMatchObject({ kind: 'failed', code: status });
      expect(result).toMatchObject({ reason: expect.stringContaining(`HTTP ${status}`) });
      expect('tooLarge' in result).toBe(status === 413);
    }
    expect(server.requests).toHaveLength(statuses.length);
  });

  test.each([200, 202, 204])('%i delivers', async (status) => {
    expect(await resultFor(status)).toEqual({ kind: 'delivered', code: status, rejected: 0 });
  });

  test('a partial success says how many spans were rejected, and why', async () => {
    const body = Uint8Array.from([0x0a, 0x08, 0x08, 0x03, 0x12, 0x04, ...Buffer.from('full')]);
    expect(await resultFor(200, body)).toEqual({
      kind: 'delivered',
      code: 200,
      rejected: 3,
      message: 'full',
    });
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

  test.each([300, 301, 302, 303, 305, 307, 308])('a redirect of %i is not followed', async (status) => {
    const other = await receive();
    const result = await resultFor(status, '', { location: other.url });
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
      expect(result.code).toBe('response_too_large');
      await until(() => server.connections[0].destroyed);
      // The rest of it is what the sockets' buffers on both sides held.
      expect(written).toBeLessThan(40 * MEBIBYTE);
    }
  });

  test('a body that claims an encoding is not inflated', async () => {
    const bomb = Buffer.from('1f8b08000000000000030300000000000000', 'hex');
    expect(await resultFor(200, bomb, { 'content-encoding': 'gzip' })).toEqual({
      kind: 'delivered',
      code: 200,
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
