/** The other endpoints of the real OpenAI client, instrumented: responses, embeddings, completions of a text. */
import { describe, expect, test } from 'vitest';
import { type PlainSpan, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { MODEL, messages, said, startInstrumented } from '../helpers/instrumented-openai.ts';
import { CHAT_USAGE, response, responseStream, TEXT } from '../helpers/model-answers.ts';

stopTracingAfterEach();

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
    const { client, all } = await startInstrumented(
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
    const { client, all } = await startInstrumented({}, responseStream({ hold: true }), {
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
  const { client, one } = await startInstrumented(
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
  expect(completed.plain['gen_ai.operation.name']).toBe('text_completion');
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
