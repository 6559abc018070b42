/** The real OpenAI client, instrumented, against a server that speaks its protocol: what it gives, and what is recorded. */
import OpenAI, { APIUserAbortError, RateLimitError } from 'openai';
import { describe, expect, test } from 'vitest';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import { startSpan, trace } from '../../src/ai/trace.ts';
import { type InitOptions, stats } from '../../src/init.ts';
import { type PlainSpan, startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import {
  CHAT_USAGE,
  chatAnswer,
  chatStream,
  response,
  responseStream,
  TEXT,
  TOOL_CALLS,
  toolStream,
} from '../helpers/model-answers.ts';
import { type Reply, startModelService } from '../helpers/model-protocols.ts';

stopTracingAfterEach();

const MODEL = 'gpt-loopback';
const MESSAGES = [{ role: 'user' as const, content: 'Do bees dance?' }];
const ASK = { model: MODEL, messages: MESSAGES };
const STREAMED = { ...ASK, stream: true as const, stream_options: { include_usage: true } };

const CHAT_TOKENS = {
  'gen_ai.usage.input_tokens': 21,
  'gen_ai.usage.output_tokens': 13,
  'gen_ai.usage.cache_read.input_tokens': 8,
  'gen_ai.usage.reasoning.output_tokens': 5,
};

async function started(options: InitOptions = {}, ...replies: Reply[]) {
  const service = await startModelService();
  service.answer(...replies);
  const plain = new OpenAI({ apiKey: 'none', baseURL: `${service.url}/v1`, maxRetries: 0 });
  const spans = await startTracing(options);
  return { ...spans, service, plain, client: instrument(plain) };
}

function messages(span: PlainSpan, kind: 'input' | 'output'): unknown {
  return JSON.parse(String(span.plain[`gen_ai.${kind}.messages`]));
}

const said = (text: string, finish_reason = 'stop') => [
  { role: 'assistant', parts: [{ type: 'text', content: text }], finish_reason },
];

const CALLED = [
  {
    role: 'assistant',
    parts: TOOL_CALLS.map(({ id, function: called }) => ({ type: 'tool_call', id, ...called })),
    finish_reason: 'tool_calls',
  },
];

describe('a chat completion', () => {
  test('is a span of its model, parameters, messages, tools and usage; the client is the same object', async () => {
    const { client, plain, service, one } = await started({}, chatAnswer());
    expect(client).toBe(plain);
    const answer = await trace(
      () => {
        startSpan('before').end();
        return client.chat.completions.create({
          ...ASK,
          temperature: 0.5,
          top_p: 0.9,
          max_completion_tokens: 100,
          stop: 'END',
          seed: 7,
          n: 2,
          response_format: { type: 'json_object' },
          tools: [{ type: 'function', function: { name: 'clock', parameters: { type: 'object' } } }],
        });
      },
      { name: 'agent', captureOutput: false },
    )();
    expect(answer.choices[0].message.content).toBe(TEXT);
    const span = await one(`chat ${MODEL}`);
    expect(span.kind).toBe(3);
    expect(span.parentSpanId).toBe((await one('agent')).spanId);
    expect(messages(span, 'output')).toEqual(said(TEXT));
    expect(span.plain).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': MODEL,
      'gen_ai.response.model': 'gpt-loopback-2026',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.request.seed': 7,
      'gen_ai.request.choice.count': 2,
      'gen_ai.output.type': 'json',
      'server.address': '127.0.0.1',
      'server.port': service.port,
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Do bees dance?"}]}]',
      'gen_ai.output.messages': expect.any(String),
      'gen_ai.tool.definitions': '[{"type":"function","name":"clock","parameters":{"type":"object"}}]',
      ...CHAT_TOKENS,
    });
  });

  test('with a history of tools, images, sound and files keeps what they say and only the size of their bytes', async () => {
    const { client, one, service } = await started(
      {},
      chatAnswer({ content: null, tool_calls: TOOL_CALLS }, 'tool_calls'),
    );
    const bytes = Buffer.alloc(30_000, 7).toString('base64');
    await client.chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See:' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${bytes}` } },
            { type: 'image_url', image_url: { url: 'https://pictures.test/bee.png' } },
            { type: 'input_audio', input_audio: { data: bytes, format: 'wav' } },
            { type: 'file', file: { file_data: `data:application/pdf;base64,${bytes}`, filename: 'a.pdf' } },
          ],
        },
        { role: 'assistant', tool_calls: TOOL_CALLS as never },
        { role: 'tool', tool_call_id: 'call_1', content: '3 notes' },
      ],
    });
    expect(JSON.stringify(service.requests[0].body)).toContain(bytes);
    const span = await one(`chat ${MODEL}`);
    expect(messages(span, 'input')).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'See:' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: '[30000 bytes]' },
          { type: 'uri', modality: 'image', uri: 'https://pictures.test/bee.png' },
          { type: 'blob', modality: 'audio', mime_type: 'audio/wav', content: '[30000 bytes]' },
          { type: 'blob', modality: 'document', mime_type: 'application/pdf', content: '[30000 bytes]' },
        ],
      },
      { ...CALLED[0], finish_reason: undefined },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: '3 notes' }] },
    ]);
    expect(messages(span, 'output')).toEqual(CALLED);
  });

  test.for(['metadata', 'none'] as const)(
    'with content %s tells its usage and model, and nothing that was said',
    async (content) => {
      const { client, all } = await started({ content }, chatAnswer(), chatStream());
      await client.chat.completions.create(ASK);
      for await (const _ of await client.chat.completions.create(STREAMED));
      const spans = await all();
      expect(spans).toHaveLength(2);
      for (const { plain } of spans) {
        expect(plain).toMatchObject({ ...CHAT_TOKENS, 'gen_ai.response.finish_reasons': ['stop'] });
        expect(
          Object.keys(plain).filter((key) => /messages|input\.value|output\.value|definitions/.test(key)),
        ).toEqual([]);
      }
    },
  );
});

describe('what create returns', () => {
  test('is the APIPromise of the client, with everything on it', async () => {
    const replies = Array.from({ length: 9 }, () => chatAnswer());
    const { client, all, plain } = await started({}, ...replies);
    const create = () => client.chat.completions.create(ASK);
    const bare = new OpenAI({ apiKey: 'none', baseURL: plain.baseURL }).chat.completions.create(ASK);
    const promise = create();
    expect(Object.getPrototypeOf(promise)).toBe(Object.getPrototypeOf(bare));
    expect(Object.keys(promise)).toEqual(Object.keys(bare));
    await bare;
    const [first, again] = [await promise, await promise];
    expect(again).toBe(first);
    const after = await promise.withResponse();
    expect(after.data).toBe(first);
    expect([after.response.status, after.request_id]).toEqual([200, 'request-1']);
    const before = await create().withResponse();
    expect([before.data.choices[0].message.content, before.response.status]).toEqual([TEXT, 200]);
    expect((await (create() as unknown as { parse(): Promise<typeof first> }).parse()).id).toBe('chatcmpl-1');
    const both = await Promise.all([create(), create()]);
    expect(both.map(({ id }) => id)).toEqual(['chatcmpl-1', 'chatcmpl-1']);
    let finals = 0;
    await create().finally(() => {
      finals += 1;
    });
    expect(await create().catch(() => undefined)).toMatchObject({ id: 'chatcmpl-1' });
    expect(finals).toBe(1);
    const spans = await all();
    expect(spans).toHaveLength(7);
    for (const { plain } of spans) expect(plain).toMatchObject(CHAT_TOKENS);
    expect(stats().live).toBe(0);
  });

  test('gives the response itself, whoever reads it: the program, or the client after it', async () => {
    const { client, all } = await started({}, chatAnswer(), chatAnswer(), chatStream(), chatAnswer());
    const raw = await client.chat.completions.create(ASK).asResponse();
    expect([raw instanceof Response, raw.constructor, raw.bodyUsed]).toEqual([true, Response, false]);
    expect(stats().live).toBe(1);
    expect(await raw.json()).toMatchObject({ id: 'chatcmpl-1' });
    expect(raw.bodyUsed).toBe(true);
    const promise = client.chat.completions.create(ASK);
    expect((await promise.asResponse()).status).toBe(200);
    expect((await promise).id).toBe('chatcmpl-1');
    const text = await (await client.chat.completions.create(STREAMED).asResponse()).text();
    expect(text).toContain('[DONE]');
    const copy = new Response((await client.chat.completions.create(ASK).asResponse()).body);
    expect(await copy.json()).toMatchObject({ id: 'chatcmpl-1' });
    const spans = await all();
    expect(spans).toHaveLength(4);
    for (const span of spans) {
      expect(span.plain).toMatchObject(CHAT_TOKENS);
      expect(messages(span, 'output')).toEqual(said(TEXT));
    }
  });

  test('reports a rejection that nobody handles as often as without us, and none that somebody does', async () => {
    const refused = { status: 400, json: { error: { message: 'no' } } };
    const { client, plain, all } = await started({}, ...Array.from({ length: 8 }, () => refused));
    const bare = new OpenAI({ apiKey: 'none', baseURL: plain.baseURL, maxRetries: 0 });
    const counts = async (call: (one: OpenAI) => Promise<unknown> | undefined): Promise<number[]> => [
      await countUnhandled(() => call(bare)),
      await countUnhandled(() => call(client)),
    ];
    const create = (one: OpenAI) => one.chat.completions.create(ASK);
    const ignore = () => {};
    expect(await counts((one) => void create(one))).toEqual([1, 1]);
    expect(await counts((one) => void create(one).then(ignore))).toEqual([1, 1]);
    expect(await counts((one) => create(one).catch(ignore))).toEqual([0, 0]);
    expect(await counts((one) => create(one).asResponse().catch(ignore))).toEqual([0, 0]);
    expect((await all()).map(({ status }) => status.code)).toEqual([2, 2, 2, 2]);
  });
});

/** Rejections that nobody handled until what `call` gives has settled, or, where it gives nothing, until there is one. */
async function countUnhandled(call: () => Promise<unknown> | undefined): Promise<number> {
  let count = 0;
  let first = (): void => {};
  const any = new Promise<void>((resolve) => {
    first = resolve;
  });
  const listener = (): void => {
    count += 1;
    first();
  };
  process.on('unhandledRejection', listener);
  try {
    await (call() ?? any);
    // Others of the same turn are reported with it.
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', listener);
  }
  return count;
}

describe('a streamed chat completion', () => {
  test('is put together whatever way its bytes are cut', async () => {
    const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
    const { client, all } = await started(
      {},
      ...seeds.flatMap((seed) => [chatStream({ seed }), toolStream({ seed })]),
    );
    for (const _ of seeds) {
      let text = '';
      for await (const chunk of await client.chat.completions.create(STREAMED)) {
        text += chunk.choices[0]?.delta?.content ?? '';
      }
      expect(text).toBe(TEXT);
      for await (const _ of await client.chat.completions.create(STREAMED));
    }
    const spans = await all();
    expect(spans).toHaveLength(2 * seeds.length);
    for (const span of spans) {
      const isText = (span.plain['gen_ai.response.finish_reasons'] as string[])[0] === 'stop';
      expect(messages(span, 'output')).toEqual(isText ? said(TEXT) : CALLED);
      expect(span.plain).toMatchObject({
        ...CHAT_TOKENS,
        'gen_ai.request.stream': true,
        'gen_ai.response.model': 'gpt-loopback-2026',
        'gen_ai.response.id': 'chatcmpl-1',
      });
      expect(span.plain['spandrel.output.partial']).toBeUndefined();
      const first = span.plain['gen_ai.response.time_to_first_chunk'] as number;
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e9 + 0.001);
    }
  });

  test('is the same stream; what the loop starts has the parent of the loop', async () => {
    const { client, all, one } = await started({}, chatStream());
    await trace(
      async () => {
        const stream = await client.chat.completions.create(STREAMED);
        expect(stream.constructor.name).toBe('Stream');
        for await (const _ of stream) startSpan('in loop').end();
      },
      { name: 'agent' },
    )();
    const { spanId } = await one('agent');
    const children = (await all()).filter(({ name }) => name !== 'agent');
    expect(children.length).toBeGreaterThan(5);
    for (const { parentSpanId } of children) expect(parentSpanId).toBe(spanId);
  });

  test('that is left early ends once, with what came', async () => {
    const { client, one, service } = await started({}, chatStream({ hold: true }));
    let count = 0;
    for await (const _ of await client.chat.completions.create(STREAMED)) if (++count === 3) break;
    expect(stats().live).toBe(0);
    const span = await one(`chat ${MODEL}`);
    expect(messages(span, 'output')).toEqual([
      {
        role: 'assistant',
        parts: [
          {
            type: 'text',
            content: TEXT.match(/.{1,7}/gu)
              ?.slice(0, 2)
              .join(''),
          },
        ],
      },
    ]);
    expect(span.plain['spandrel.output.partial']).toBe(true);
    expect(span.status.code).toBe(0);
    expect(await service.requests[0].wasCut).toBe(true);
  });

  test.for(['controller', 'signal'] as const)(
    'that is aborted by its %s ends once, marked as partial',
    async (by) => {
      const { client, one } = await started({}, chatStream({ hold: true }));
      const abort = new AbortController();
      const stream = await client.chat.completions.create(STREAMED, { signal: abort.signal });
      let count = 0;
      for await (const _ of stream) {
        count += 1;
        if (count === 4) (by === 'signal' ? abort : stream.controller).abort();
      }
      expect(count).toBeGreaterThanOrEqual(4);
      expect(stats().live).toBe(0);
      expect((await one(`chat ${MODEL}`)).plain['spandrel.output.partial']).toBe(true);
    },
  );

  test('split by tee, or as a ReadableStream, ends once, whole', async () => {
    const { client, all } = await started({}, chatStream(), chatStream());
    const halves = (await client.chat.completions.create(STREAMED)).tee();
    const texts = await Promise.all(
      halves.map(async (half) => {
        let text = '';
        for await (const chunk of half) text += chunk.choices[0]?.delta?.content ?? '';
        return text;
      }),
    );
    expect(texts).toEqual([TEXT, TEXT]);
    const lines = await new Response(
      (await client.chat.completions.create(STREAMED)).toReadableStream(),
    ).text();
    expect(lines.trim().split('\n').length).toBe(chatStream().events?.length);
    const spans = await all();
    expect(spans).toHaveLength(2);
    for (const span of spans) {
      expect(messages(span, 'output')).toEqual(said(TEXT));
      expect(span.plain).toMatchObject(CHAT_TOKENS);
    }
  });

  test('that fails on the way has the error, which is thrown on untouched, and what came before it', async () => {
    const events = [
      ...(chatStream().events ?? []).slice(0, 3),
      { error: { message: 'overloaded', code: 'busy' } },
    ];
    const { client, one } = await started({}, { events });
    const stream = await client.chat.completions.create(STREAMED);
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toMatchObject({ code: 'busy' });
    const span = await one(`chat ${MODEL}`);
    expect(span.status.code).toBe(2);
    expect(span.plain).toMatchObject({ 'error.type': 'APIError', 'spandrel.output.partial': true });
    expect(span.plain['gen_ai.output.messages']).toContain('Bees');
  });

  test('read twice says so, and the first reading is recorded', async () => {
    const { client, one } = await started({}, chatStream());
    const stream = await client.chat.completions.create(STREAMED);
    const first = stream[Symbol.asyncIterator]();
    await first.next();
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(/consumed stream/);
    expect(stats().live).toBe(1);
    while (!(await first.next()).done);
    expect(messages(await one(`chat ${MODEL}`), 'output')).toEqual(said(TEXT));
  });
});

describe('helpers of the client', () => {
  test('parse gives its object, and its span is whole', async () => {
    const { client, one } = await started({}, chatAnswer({ content: '{"dance":true}' }));
    const parsed = await client.chat.completions.parse({
      ...ASK,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {}, strict: true } },
    });
    expect(parsed.choices[0].message.parsed).toEqual({ dance: true });
    expect((await one(`chat ${MODEL}`)).plain).toMatchObject({
      ...CHAT_TOKENS,
      'gen_ai.output.type': 'json',
    });
  });

  test('stream gives its events and its final message', async () => {
    const { client, one } = await started({}, chatStream());
    const stream = client.chat.completions.stream({ ...ASK, stream_options: { include_usage: true } });
    let text = '';
    stream.on('content', (delta) => {
      text += delta;
    });
    expect((await stream.finalChatCompletion()).choices[0].message.content).toBe(TEXT);
    expect(text).toBe(TEXT);
    expect(messages(await one(`chat ${MODEL}`), 'output')).toEqual(said(TEXT));
  });

  test('stream that is aborted rejects as without us, and its span ends', async () => {
    const { client, one } = await started({}, chatStream({ hold: true }));
    const stream = client.chat.completions.stream(ASK);
    stream.once('content', () => stream.abort());
    await expect(stream.done()).rejects.toBeInstanceOf(APIUserAbortError);
    expect(stats().live).toBe(0);
    expect((await one(`chat ${MODEL}`)).plain['spandrel.output.partial']).toBe(true);
  });

  test('runTools is one span a call of the model, all of one parent', async () => {
    const { client, all, one } = await started(
      {},
      chatAnswer({ content: null, tool_calls: TOOL_CALLS.slice(1) }, 'tool_calls'),
      chatAnswer(),
    );
    const clock = trace(async () => '12:00', { name: 'clock', type: 'tool' });
    const text = await trace(
      () =>
        client.chat.completions
          .runTools({
            ...ASK,
            tools: [
              {
                type: 'function',
                function: { function: () => clock(), description: 'The time', parameters: {} },
              },
            ].map((tool) => ({ ...tool, function: { ...tool.function, name: 'clock' } })) as never,
          })
          .finalContent(),
      { name: 'agent' },
    )();
    expect(text).toBe(TEXT);
    const { spanId } = await one('agent');
    const spans = (await all()).filter(({ name }) => name !== 'agent');
    expect(spans.map(({ name }) => name).sort()).toEqual([`chat ${MODEL}`, `chat ${MODEL}`, 'clock']);
    for (const { parentSpanId } of spans) expect(parentSpanId).toBe(spanId);
  });
});

describe('the responses endpoint', () => {
  const OUTPUT = [
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', content: 'Look it up.' },
        { type: 'text', content: TEXT },
        { type: 'tool_call', id: 'call_1', name: 'search_notes', arguments: '{"query":"bees"}' },
      ],
      finish_reason: 'completed',
    },
  ];
  const TOKENS = {
    'gen_ai.usage.input_tokens': 31,
    'gen_ai.usage.output_tokens': 17,
    'gen_ai.usage.cache_read.input_tokens': 16,
    'gen_ai.usage.cache_write.input_tokens': 2,
    'gen_ai.usage.reasoning.output_tokens': 9,
  };

  test('whole, streamed, by its helper and parsed: reasoning, text, tools, usage', async () => {
    const { client, all } = await started(
      {},
      { json: response() },
      responseStream({ seed: 3 }),
      responseStream(),
      { json: response() },
    );
    const body = {
      model: MODEL,
      instructions: 'Be brief.',
      input: [
        { role: 'user' as const, content: 'Do bees dance?' },
        { type: 'function_call' as const, call_id: 'call_0', name: 'clock', arguments: '{}' },
        { type: 'function_call_output' as const, call_id: 'call_0', output: '12:00' },
      ],
      tools: [{ type: 'function' as const, name: 'clock', parameters: {}, strict: true }],
    };
    expect((await client.responses.create(body)).output_text).toBe(TEXT);
    let text = '';
    for await (const event of await client.responses.create({ ...body, stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(text).toBe(TEXT);
    expect((await client.responses.stream(body).finalResponse()).output_text).toBe(TEXT);
    expect((await client.responses.parse(body)).output_text).toBe(TEXT);
    const spans = await all();
    expect(spans).toHaveLength(4);
    for (const span of spans) {
      expect(messages(span, 'output')).toEqual(OUTPUT);
      expect(messages(span, 'input')).toEqual([
        { role: 'user', parts: [{ type: 'text', content: 'Do bees dance?' }] },
        { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_0', name: 'clock', arguments: '{}' }] },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: '12:00' }] },
      ]);
      expect(span.plain).toMatchObject({
        ...TOKENS,
        'gen_ai.response.id': 'resp_1',
        'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]',
        'gen_ai.tool.definitions': '[{"type":"function","name":"clock","parameters":{},"strict":true}]',
      });
    }
  });

  test('left early keeps what came; an answer that failed is an error', async () => {
    const failed = response({
      status: 'failed',
      output: [],
      usage: null,
      error: { code: 'server_error', message: 'broke' },
    });
    const end = [{ type: 'response.failed', response: failed, sequence_number: 0 }];
    const { client, all } = await started({}, responseStream({ hold: true }), {
      ...responseStream(),
      events: end,
    });
    let count = 0;
    for await (const event of await client.responses.create({ model: MODEL, input: 'Hello', stream: true })) {
      if (event.type === 'response.output_text.delta' && ++count === 2) break;
    }
    for await (const _ of await client.responses.create({ model: MODEL, input: 'Hello', stream: true }));
    const spans = await all();
    const [left, broke] = [0, 2].map((code) => spans.find(({ status }) => status.code === code) as PlainSpan);
    expect(messages(left, 'output')).toMatchObject([
      {
        parts: [
          { type: 'reasoning', content: 'Look it up.' },
          {
            type: 'text',
            content: TEXT.match(/.{1,7}/gu)
              ?.slice(0, 2)
              .join(''),
          },
        ],
      },
    ]);
    expect(left.plain['spandrel.output.partial']).toBe(true);
    expect(broke.status).toMatchObject({ code: 2, message: 'broke' });
  });
});

test('embeddings and completions of a text', async () => {
  const vector = Buffer.from(Float32Array.of(0.5, -1).buffer).toString('base64');
  const { client, one } = await started(
    {},
    {
      json: {
        object: 'list',
        model: 'embed-2026',
        data: [{ index: 0, embedding: vector }],
        usage: { prompt_tokens: 5, total_tokens: 5 },
      },
    },
    {
      json: {
        id: 'cmpl-1',
        model: MODEL,
        choices: [{ index: 0, text: 'honey', finish_reason: 'length' }],
        usage: CHAT_USAGE,
      },
    },
    {
      events: ['ho', 'ney'].map((text) => ({
        id: 'cmpl-2',
        model: MODEL,
        choices: [{ index: 0, text, finish_reason: null }],
      })),
    },
  );
  const { data } = await client.embeddings.create({ model: 'embed', input: ['bees', 'tides'] });
  expect([...data[0].embedding]).toEqual([0.5, -1]);
  const embedded = await one('embeddings embed');
  expect(embedded.plain).toMatchObject({
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.usage.input_tokens': 5,
    'input.value': '["bees","tides"]',
  });
  expect(JSON.stringify(embedded.plain)).not.toContain(vector);
  await client.completions.create({ model: MODEL, prompt: 'Sweet as' });
  const completed = await one(`text_completion ${MODEL}`);
  expect(messages(completed, 'output')).toEqual(said('honey', 'length'));
  expect(messages(completed, 'input')).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'Sweet as' }] },
  ]);
  let text = '';
  for await (const chunk of await client.completions.create({ model: 'other', prompt: 'a', stream: true })) {
    text += chunk.choices[0].text;
  }
  expect(text).toBe('honey');
  expect((await one('text_completion other')).plain['gen_ai.output.messages']).toContain('honey');
});

describe('a call that fails', () => {
  test('after a retry that helped is one span without an error', async () => {
    const { client, all, service } = await started(
      {},
      { status: 429, headers: { 'retry-after-ms': '1' }, json: { error: { message: 'slow down' } } },
      chatAnswer(),
    );
    const answer = await client.chat.completions.create(ASK, { maxRetries: 1 });
    expect([answer.id, service.requests.length]).toEqual(['chatcmpl-1', 2]);
    const spans = await all();
    expect(spans.map(({ status }) => status.code)).toEqual([0]);
  });

  test('throws the error of the client, and has its status, type and exception', async () => {
    const { client, one } = await started(
      {},
      { status: 429, json: { error: { message: 'slow down', code: 'rate' } } },
    );
    const error = await client.chat.completions.create(ASK).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateLimitError);
    const span = await one(`chat ${MODEL}`);
    expect(span.status).toMatchObject({ code: 2, message: '429 slow down' });
    expect(span.plain).toMatchObject({ 'error.type': '429', 'gen_ai.request.model': MODEL });
    expect(span.events.map(({ name }) => name)).toEqual(['exception']);
  });

  test('because it was aborted, or the answer is no JSON, ends once', async () => {
    const { client, all } = await started(
      {},
      { ...chatStream(), events: [] as unknown[], headers: { 'content-type': 'application/json' } },
    );
    await expect(client.chat.completions.create(ASK)).rejects.toBeInstanceOf(SyntaxError);
    const abort = new AbortController();
    const promise = client.chat.completions.create(ASK, { signal: abort.signal });
    abort.abort();
    await expect(promise).rejects.toBeInstanceOf(APIUserAbortError);
    const types = (await all()).map(({ plain }) => plain['error.type']);
    expect(types.sort()).toEqual(['APIUserAbortError', 'SyntaxError']);
    expect(stats().live).toBe(0);
  });
});
