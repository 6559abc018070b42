/** Streams and helpers of the real OpenAI client, instrumented: the same objects, and spans that end once. */
import { APIUserAbortError } from 'openai';
import { describe, expect, test } from 'vitest';
import { startSpan, trace } from '../../src/ai/trace.ts';
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
import { chatAnswer, chatStream, TEXT, TOOL_CALLS, toolStream } from '../helpers/model-answers.ts';

stopTracingAfterEach();

describe('a streamed chat completion', () => {
  test('is put together whatever way its bytes are cut', async () => {
    const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
    const { client, all } = await startInstrumented(
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
    const { client, all, one } = await startInstrumented({}, chatStream());
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
    const { client, one, service } = await startInstrumented({}, chatStream({ hold: true }));
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
      const { client, one } = await startInstrumented({}, chatStream({ hold: true }));
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
    const { client, all } = await startInstrumented({}, chatStream(), chatStream());
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
    const { client, one } = await startInstrumented({}, { events });
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
    const { client, one } = await startInstrumented({}, chatStream());
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
    const { client, one } = await startInstrumented({}, chatAnswer({ content: '{"dance":true}' }));
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
    const { client, one } = await startInstrumented({}, chatStream());
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
    const { client, one } = await startInstrumented({}, chatStream({ hold: true }));
    const stream = client.chat.completions.stream(ASK);
    stream.once('content', () => stream.abort());
    await expect(stream.done()).rejects.toBeInstanceOf(APIUserAbortError);
    expect(stats().live).toBe(0);
    expect((await one(`chat ${MODEL}`)).plain['spandrel.output.partial']).toBe(true);
  });

  test('runTools is one span a call of the model, all of one parent', async () => {
    const { client, all, one } = await startInstrumented(
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
