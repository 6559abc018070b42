/** Clients and servers of the Model Context Protocol, over memory and over Streamable HTTP on loopback. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { instrumentMcp } from '../../src/ai/integrations/mcp.ts';
import { trace } from '../../src/ai/trace.ts';
import { span as inSpan, withSession } from '../../src/index.ts';
import { load } from '../frameworks/load.ts';
import { type PlainSpan, startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { describeFrameworks } from '../helpers/frameworks.ts';
import { outlineOf } from '../helpers/span-outline.ts';

stopTracingAfterEach();

const SDK = '@modelcontextprotocol/sdk';
const CLIENT = 3;
const SERVER = 2;

const forecast = trace(async (city: string) => `sunny in ${city}`, { name: 'forecast' });

/** A server with a tool of each temper, a resource and a prompt. */
async function notes() {
  const { McpServer } = await load(`${SDK}/server/mcp.js`);
  const { z } = await load('zod');
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  const schema = { inputSchema: { city: z.string() } };
  const told = (text: string) => ({ content: [{ type: 'text', text }] });
  server.registerTool('weather', schema, async ({ city }: { city: string }) => told(await forecast(city)));
  server.registerTool('broken', schema, async () => {
    throw new RangeError('no window');
  });
  server.registerTool('ask', schema, async () => {
    const answer = await server.server.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: 'and?' } }],
      maxTokens: 5,
    });
    return told(answer.content.text);
  });
  server.registerTool('slow', schema, (_: unknown, { signal }: { signal: AbortSignal }) => {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(told('late'))));
  });
  server.registerResource('note', 'note://1', {}, async (uri: URL) => ({
    contents: [{ uri: uri.href, text: 'a secret note' }],
  }));
  server.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }: { name: string }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${name}` } }],
  }));
  return server;
}

async function newClient() {
  const { Client } = await load(`${SDK}/client/index.js`);
  const { CreateMessageRequestSchema } = await load(`${SDK}/types.js`);
  const client = new Client({ name: 'agent', version: '1.0.0' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'yes' },
  }));
  return client;
}

type Instrument = <P extends object>(peer: P) => P;

async function connectInMemory(asClient: Instrument = instrumentMcp, asServer: Instrument = instrumentMcp) {
  const { InMemoryTransport } = await load(`${SDK}/inMemory.js`);
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = asServer(await notes());
  const client = asClient(await newClient());
  await server.connect(far);
  await client.connect(near);
  return { client, server };
}

async function connectOverHttp() {
  const { StreamableHTTPServerTransport } = await load(`${SDK}/server/streamableHttp.js`);
  const { StreamableHTTPClientTransport } = await load(`${SDK}/client/streamableHttp.js`);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => 'session-1' });
  const server = instrumentMcp(await notes());
  await server.connect(transport);
  const http = createServer((request, response) => {
    inSpan('http request', () => transport.handleRequest(request, response));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const client = instrumentMcp(await newClient());
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  await client.connect(new StreamableHTTPClientTransport(url));
  onTestFinished(async () => {
    await client.close();
    await server.close();
    http.closeAllConnections();
    http.close();
  });
  return { client, server };
}

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one));
const kindOf = ({ name, kind }: PlainSpan): string =>
  `${name}${kind === CLIENT ? ' (client)' : kind === SERVER ? ' (server)' : ''}`;
const city = { city: 'Graz' };

describeFrameworks('the Model Context Protocol', () => {
  test.for(['memory', 'Streamable HTTP'])(
    'over %s: what is handled is a child of what is asked',
    async (way) => {
      const { all } = await startTracing();
      const { client } = await (way === 'memory' ? connectInMemory() : connectOverHttp());
      const agent = trace(
        async () => {
          const { content } = await client.callTool({ name: 'weather', arguments: city });
          await client.readResource({ uri: 'note://1' });
          await client.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
          return content[0].text;
        },
        { name: 'agent' },
      );
      expect(await agent()).toBe('sunny in Graz');
      const spans = (await all()).filter(({ name }) => name !== 'http request');
      const ofAgent = spans.filter(
        ({ traceId }) => traceId === spans.find(({ name }) => name === 'agent')?.traceId,
      );
      expect(outlineOf(ofAgent, kindOf)).toEqual([
        'agent',
        '  tools/call weather (client)',
        '    tools/call weather (server)',
        '      forecast',
        '  resources/read (client)',
        '    resources/read (server)',
        '  prompts/get greet (client)',
        '    prompts/get greet (server)',
      ]);
      const [asked, handled] = [CLIENT, SERVER].map((kind) =>
        spans.find((span) => span.kind === kind && span.name === 'tools/call weather'),
      );
      for (const span of [asked, handled]) {
        expect(span?.plain).toMatchObject({
          'mcp.method.name': 'tools/call',
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'weather',
          'gen_ai.tool.call.arguments': '{"city":"Graz"}',
          'gen_ai.tool.call.result': '[{"type":"text","text":"sunny in Graz"}]',
          'jsonrpc.request.id': expect.stringMatching(/^\d+$/),
          'mcp.protocol.version': expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
          ...(way !== 'memory' && {
            'mcp.session.id': 'session-1',
            'network.transport': 'tcp',
            'network.protocol.name': 'http',
          }),
        });
        expect(span?.status.code).toBe(0);
      }
      expect(asked?.plain['jsonrpc.request.id']).toBe(handled?.plain['jsonrpc.request.id']);
      // What ran around it in the server is linked, where it is not the request itself.
      const http = (await all()).filter(({ name }) => name === 'http request').map(({ spanId }) => spanId);
      expect(handled?.links).toHaveLength(way === 'memory' ? 0 : 1);
      for (const { spanId } of handled?.links ?? []) expect(http).toContain(spanId);
      const read = spans.find(({ name }) => name === 'resources/read')?.plain;
      expect(read).toMatchObject({ 'mcp.resource.uri': 'note://1' });
      expect(Object.keys(read ?? {})).not.toContain('gen_ai.operation.name');
      expect(spans.find(({ name }) => name.startsWith('prompts'))?.plain['gen_ai.prompt.name']).toBe('greet');
      expect(
        outlineOf(
          spans.filter(({ name }) => name === 'initialize'),
          kindOf,
        ),
      ).toEqual(['initialize (client)', '  initialize (server)']);
    },
  );

  test('what a server asks of its client is inside what it handles', async () => {
    const { all } = await startTracing();
    const { client } = await connectInMemory();
    expect((await client.callTool({ name: 'ask', arguments: city })).content[0].text).toBe('yes');
    const spans = (await all()).filter(({ name }) => /tools|sampling/.test(name));
    expect(outlineOf(spans, kindOf)).toEqual([
      'tools/call ask (client)',
      '  tools/call ask (server)',
      '    sampling/createMessage (client)',
      '      sampling/createMessage (server)',
    ]);
  });

  test('failures: of a tool, of a name that is none, of a method that is none', async () => {
    const { all } = await startTracing();
    const { client } = await connectInMemory();
    expect((await client.callTool({ name: 'broken', arguments: city })).isError).toBe(true);
    const { message } = await client.readResource({ uri: 'note://none' }).catch((error: Error) => error);
    const { ResultSchema } = await load(`${SDK}/types.js`);
    await client.request({ method: 'none/such' }, ResultSchema).catch(() => {});
    const failed = (await all()).filter(({ status }) => status.code === 2);
    expect(outlineOf(failed, ({ name, plain }) => `${name}: ${plain['error.type']}`)).toEqual([
      'tools/call broken: tool_error',
      '  tools/call broken: tool_error',
      'resources/read: -32602',
      '  resources/read: -32602',
      'none/such: -32601',
      '  none/such: -32601',
    ]);
    expect(failed.find(({ name }) => name.includes('broken'))?.status.message).toContain('no window');
    const refused = failed.find(({ name }) => name === 'resources/read');
    expect(message).toContain(refused?.status.message);
    expect(refused?.plain['rpc.response.status_code']).toBe('-32602');
  });

  test('a cancelled request and a connection that closes end their spans once', async () => {
    const { all } = await startTracing();
    const { client } = await connectInMemory();
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const slow = client.callTool({ name: 'slow', arguments: city }, undefined, options);
    abort.abort('enough');
    await expect(slow).rejects.toThrow('enough');
    const left = client.callTool({ name: 'slow', arguments: city });
    await client.close();
    await expect(left).rejects.toThrow('closed');
    const spans = (await all()).filter(({ name }) => name === 'tools/call slow');
    expect(outlineOf(spans, ({ plain, status }) => `${plain['error.type']} ${status.code}`)).toEqual([
      'cancelled 2',
      '  cancelled 2',
      'connection_closed 2',
      '  connection_closed 2',
    ]);
  });

  test('a transport that cannot send fails the span, and the call as without us', async () => {
    const { all } = await startTracing();
    const { InMemoryTransport } = await load(`${SDK}/inMemory.js`);
    const [near, far] = InMemoryTransport.createLinkedPair();
    await (await notes()).connect(far);
    const client = instrumentMcp(await newClient());
    await client.connect(near);
    far.onmessage = () => {
      throw new RangeError('no line');
    };
    await expect(client.ping()).rejects.toThrow('no line');
    const [ping] = (await all()).filter(({ name }) => name === 'ping');
    expect(ping.status).toMatchObject({ code: 2, message: 'no line' });
  });

  test('goes together with a peer that is not traced, either way', async () => {
    const { all } = await startTracing();
    const none: Instrument = (peer) => peer;
    for (const [asClient, asServer] of [
      [instrumentMcp, none],
      [none, instrumentMcp],
    ] as const) {
      const { client } = await connectInMemory(asClient, asServer);
      const call = () => client.callTool({ name: 'weather', arguments: city });
      expect((await inSpan('caller', call)).content[0].text).toBe('sunny in Graz');
    }
    const spans = (await all()).filter(({ name }) => name !== 'initialize');
    expect(outlineOf(spans, kindOf)).toEqual([
      'caller',
      '  tools/call weather (client)',
      '    forecast',
      'caller',
      '  tools/call weather (server)',
      '    forecast',
    ]);
  });

  test('after connect, and twice, is as good as before', async () => {
    const { all } = await startTracing();
    const none: Instrument = (peer) => peer;
    const { client, server } = await connectInMemory(none, none);
    for (const peer of [client, client, server, server.server]) expect(instrumentMcp(peer)).toBe(peer);
    await client.callTool({ name: 'weather', arguments: city });
    expect(outlineOf(await all(), kindOf)).toEqual([
      'tools/call weather (client)',
      '  tools/call weather (server)',
      '    forecast',
    ]);
  });

  test('calls at the same time do not mix, and a session goes with them as baggage', async () => {
    const { all } = await startTracing();
    const { client } = await connectOverHttp();
    const ask = (id: string) =>
      withSession({ sessionId: id }, () => client.callTool({ name: 'weather', arguments: { city: id } }), {
        asBaggage: true,
      });
    const answers = await Promise.all(['a', 'b', 'c'].map(ask));
    expect(answers.map(({ content }) => content[0].text)).toEqual(
      ['a', 'b', 'c'].map((id) => `sunny in ${id}`),
    );
    for (const id of ['a', 'b', 'c']) {
      const own = (await all()).filter(({ plain }) => plain['session.id'] === id && plain['mcp.method.name']);
      expect(outlineOf(own, kindOf)).toEqual([
        'tools/call weather (client)',
        '  tools/call weather (server)',
      ]);
      for (const { plain } of own) expect(plain['gen_ai.tool.call.arguments']).toBe(`{"city":"${id}"}`);
    }
  });

  test('where content is off, none is sent', async () => {
    const { all } = await startTracing({ content: 'none' });
    const { client } = await connectInMemory();
    await client.callTool({ name: 'weather', arguments: city });
    await client.readResource({ uri: 'note://1' });
    await client.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
    const told = asJson(await all());
    for (const word of ['Graz', 'secret', 'Ada', 'sunny']) expect(told).not.toContain(word);
    expect(told).toContain('mcp.method.name');
  });
});

describe('instrumentMcp', () => {
  test('gives back what is no peer, and says so', async () => {
    const { stderr } = process;
    const said: string[] = [];
    const write = stderr.write;
    stderr.write = ((text: string) => said.push(text)) as never;
    const other = {};
    expect(instrumentMcp(other)).toBe(other);
    stderr.write = write;
    expect(said.join()).toContain('expected a Client, Server or McpServer');
  });
});
