/** The real OpenAI client, instrumented, against a server that speaks its protocol: whole answers and failures. */
import OpenAI, { APIUserAbortError, RateLimitError } from 'openai';
import { describe, expect, test } from 'vitest';
import { startSpan, trace } from '../../src/ai/trace.ts';
import { limitOverhead, overhead } from '../../src/api/overhead.ts';
import { stats } from '../../src/init.ts';
import { stopTracingAfterEach } from '../helpers/ai-spans.ts';
import {
  ASK,
  CALLED,
  CHAT_TOKENS,
  MODEL,
  messages,
  STREAMED,
  said,
  startInstrumented,
} from '../helpers/instrumented-openai.ts';
import { chatAnswer, chatStream, TEXT, TOOL_CALLS } from '../helpers/model-answers.ts';

stopTracingAfterEach();

describe('a chat completion', () => {
  test('is a span of its model, parameters, messages, tools and usage; the client is the same object', async () => {
    const { client, plain, service, one } = await startInstrumented({}, chatAnswer());
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
    const { client, one, service } = await startInstrumented(
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
      const { client, all } = await startInstrumented({ content }, chatAnswer(), chatStream());
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

  test('is not read for what was said where the overhead budget has no room for it', async () => {
    const { client, all } = await startInstrumented({}, chatAnswer(), chatStream());
    limitOverhead(5);
    if (overhead !== null) overhead.contentLevel = 2;
    await client.chat.completions.create(ASK);
    for await (const _ of await client.chat.completions.create(STREAMED));
    limitOverhead(undefined);
    for (const { plain } of await all()) {
      expect(plain).toMatchObject({ ...CHAT_TOKENS, 'gen_ai.request.model': MODEL });
      // Not even its length, which takes reading it.
      expect(Object.keys(plain).filter((key) => key.includes('messages'))).toEqual([]);
    }
  });
});

describe('what create returns', () => {
  test('is the APIPromise of the client, with everything on it', async () => {
    const replies = Array.from({ length: 9 }, () => chatAnswer());
    const { client, all, plain } = await startInstrumented({}, ...replies);
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
    const { client, all } = await startInstrumented(
      {},
      chatAnswer(),
      chatAnswer(),
      chatStream(),
      chatAnswer(),
    );
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
    const { client, plain, all } = await startInstrumented({}, ...Array.from({ length: 8 }, () => refused));
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

describe('a call that fails', () => {
  test('after a retry that helped is one span without an error', async () => {
    const { client, all, service } = await startInstrumented(
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
    const { client, one } = await startInstrumented(
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
    const { client, all } = await startInstrumented(
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
