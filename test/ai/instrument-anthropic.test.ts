/** The real Anthropic client, instrumented, against a server that speaks its protocol. */
import { expect, test } from 'vitest';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import { startSpan, trace } from '../../src/ai/trace.ts';
import { stats } from '../../src/init.ts';
import { stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ASK, describeAnthropic, MODEL, startAnthropic } from '../helpers/instrumented-anthropic.ts';
import { messages } from '../helpers/instrumented-openai.ts';
import { message, messageStream, TEXT } from '../helpers/model-answers.ts';

stopTracingAfterEach();

/** Those read from a cache, and written to it, are input as well. */
const TOKENS = {
  'gen_ai.usage.input_tokens': 35,
  'gen_ai.usage.output_tokens': 19,
  'gen_ai.usage.cache_read.input_tokens': 20,
  'gen_ai.usage.cache_write.input_tokens': 4,
  'gen_ai.usage.reasoning.output_tokens': 6,
};

const ANSWERED = [
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', content: 'Look it up.' },
      { type: 'text', content: TEXT },
      { type: 'tool_call', id: 'toolu_1', name: 'search_notes', arguments: { query: 'Größe 🐝' } },
    ],
    finish_reason: 'tool_use',
  },
];

const NAME = `chat ${MODEL}`;

describeAnthropic('messages of the Anthropic client', () => {
  test('are spans of their model, parameters, messages, tools and usage', async () => {
    const { client, one, service } = await startAnthropic({}, message());
    const bytes = Buffer.alloc(3000, 7).toString('base64');
    const answer = await client.messages.create({
      ...ASK,
      system: [{ type: 'text', text: 'Be brief.' }],
      temperature: 0.5,
      top_k: 5,
      top_p: 0.9,
      stop_sequences: ['END'],
      tools: [{ name: 'search_notes', description: 'Searches', input_schema: { type: 'object' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See:' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: bytes } },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'toolu_0', name: 'clock', input: { zone: 1 } }],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_0',
              content: [
                { type: 'text', text: '12:00' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: bytes } },
              ],
            },
          ],
        },
      ],
    });
    expect(answer.content[1].text).toBe(TEXT);
    const span = await one(NAME);
    expect(span.kind).toBe(3);
    const image = { type: 'blob', modality: 'image', mime_type: 'image/png', content: '[3000 bytes]' };
    expect(messages(span, 'input')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'See:' }, image] },
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'toolu_0', name: 'clock', arguments: { zone: 1 } }],
      },
      {
        role: 'user',
        parts: [
          {
            type: 'tool_call_response',
            id: 'toolu_0',
            response: [{ type: 'text', content: '12:00' }, image],
          },
        ],
      },
    ]);
    expect(messages(span, 'output')).toEqual(ANSWERED);
    expect(span.plain).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': MODEL,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.top_k': 5,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.model': 'model-loopback-2026',
      'gen_ai.response.id': 'msg_1',
      'gen_ai.response.finish_reasons': ['tool_use'],
      'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]',
      'gen_ai.tool.definitions':
        '[{"type":"function","name":"search_notes","description":"Searches","parameters":{"type":"object"}}]',
      'gen_ai.input.messages': expect.any(String),
      'gen_ai.output.messages': expect.any(String),
      'server.address': '127.0.0.1',
      'server.port': service.port,
      ...TOKENS,
    });
  });

  test('streamed are put together whatever way their bytes are cut, by the loop as by the helper', async () => {
    const seeds = Array.from({ length: 8 }, (_, index) => index + 1);
    const { client, all } = await startAnthropic(
      {},
      ...seeds.flatMap((seed) => [messageStream({ seed }), messageStream({ seed })]),
    );
    for (const _ of seeds) {
      for await (const _ of await client.messages.create({ ...ASK, stream: true }));
      let text = '';
      const helper = client.messages.stream(ASK).on('text', (delta) => {
        text += delta;
      });
      const { content } = await helper.finalMessage();
      expect([text, content[1].text, content[2].input]).toEqual([TEXT, TEXT, { query: 'Größe 🐝' }]);
    }
    const spans = await all();
    expect(spans.map(({ name }) => name)).toEqual(Array(2 * seeds.length).fill(NAME));
    for (const span of spans) {
      expect(messages(span, 'output')).toEqual(ANSWERED);
      expect(span.plain).toMatchObject({
        ...TOKENS,
        'gen_ai.request.stream': true,
        'gen_ai.response.id': 'msg_1',
      });
      expect(span.plain['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
      expect(span.plain['spandrel.output.partial']).toBeUndefined();
    }
  });

  test('left early keep what came, without the count that the first event only guesses', async () => {
    const { client, one } = await startAnthropic({}, messageStream({ hold: true }));
    for await (const { type } of await client.messages.create({ ...ASK, stream: true })) {
      startSpan('in loop').end();
      if (type === 'content_block_stop') break;
    }
    expect(stats().live).toBe(0);
    const { plain, ...span } = await one(NAME);
    expect(messages({ plain, ...span }, 'output')).toEqual([
      { role: 'assistant', parts: [ANSWERED[0].parts[0]] },
    ]);
    expect(plain).toMatchObject({ 'spandrel.output.partial': true, 'gen_ai.usage.input_tokens': 35 });
    expect(plain['gen_ai.usage.output_tokens']).toBeUndefined();
  });

  test('aborted through the helper reject as without us, and end once', async () => {
    const { client, one } = await startAnthropic({}, messageStream({ hold: true }));
    const helper = client.messages.stream(ASK);
    helper.on('text', () => helper.abort());
    await expect(helper.done()).rejects.toThrow(/abort/i);
    expect(stats().live).toBe(0);
    expect((await one(NAME)).plain['spandrel.output.partial']).toBe(true);
  });

  test('are one span where the client makes its own, which its other methods keep', async () => {
    const count = { json: { input_tokens: 9 } };
    const replies = [message(), message(), count, messageStream()];
    const { client, all, one, service } = await startAnthropic({}, ...replies);
    instrument(client);
    await trace(() => client.messages.create(ASK), { name: 'agent' })();
    await client.beta.messages.create(ASK);
    await client.messages.countTokens(ASK);
    await trace(() => client.messages.stream(ASK).finalMessage(), { name: 'streaming agent' })();
    const spans = await all();
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'agent',
      'anthropic.messages.count_tokens',
      ...[NAME, NAME, NAME],
      'streaming agent',
    ]);
    // Context travels as the client would send it: from the span that stands for its own.
    for (const [parent, request] of [
      ['agent', 0],
      ['streaming agent', 3],
    ] as const) {
      const { spanId } = await one(parent);
      const child = spans.find(({ parentSpanId }) => parentSpanId === spanId);
      expect(child?.name).toBe(NAME);
      expect(service.requests[request].headers.traceparent).toContain(child?.spanId);
    }
  });

  test('come as an APIPromise with its response, and parsed', async () => {
    const { client, all } = await startAnthropic(
      {},
      message(),
      message(),
      message({ content: [{ type: 'text', text: '{"a":1}' }] }),
    );
    const promise = client.messages.create(ASK);
    const { data, response, request_id } = await promise.withResponse();
    expect([await promise, response.status, request_id]).toEqual([data, 200, 'request-1']);
    expect(await (await client.messages.create(ASK).asResponse()).json()).toMatchObject({ id: 'msg_1' });
    expect((await client.messages.parse(ASK)).id).toBe('msg_1');
    const spans = await all();
    expect(spans).toHaveLength(3);
    for (const { plain } of spans) expect(plain).toMatchObject(TOKENS);
  });

  test('that fail have the error; with content off nothing that was said', async () => {
    const overloaded = {
      status: 529,
      json: { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
    };
    const { client, all } = await startAnthropic({ content: 'none' }, overloaded, overloaded, message());
    await expect(client.messages.create(ASK)).rejects.toMatchObject({ status: 529 });
    await client.withOptions({ maxRetries: 1 }).messages.create(ASK, { headers: { 'x-a': 'b' } });
    const spans = await all();
    expect(spans.map(({ plain, status }) => [status.code, plain['error.type']]).sort()).toEqual([
      [0, undefined],
      [2, '529'],
    ]);
    const whole = spans.find(({ status }) => status.code === 0);
    expect(whole?.plain).toMatchObject(TOKENS);
    expect(
      JSON.stringify(
        spans.map(({ plain, status, events }) => [plain, status, events]),
        (_, value) => (typeof value === 'bigint' ? String(value) : value),
      ),
    ).not.toMatch(/Do bees|Bees dance|search_notes/);
  });
});
