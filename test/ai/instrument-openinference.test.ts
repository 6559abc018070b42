/** The same calls of the OpenAI client, recorded by OpenInference's instrumentation and by `instrument`, say the same. */
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ASK, MODEL, STREAMED, startInstrumented } from '../helpers/instrumented-openai.ts';
import {
  CHAT_USAGE,
  chatAnswer,
  chatStream,
  response,
  responseStream,
  TOOL_CALLS,
  toolStream,
} from '../helpers/model-answers.ts';

stopTracingAfterEach();

type Attributes = Record<string, unknown>;

/** Tokens, and the texts, names and arguments of the messages, which the two lay out in ways that differ. */
function told(attributes: Attributes) {
  const of = (pattern: RegExp) => Object.entries(attributes).filter(([key]) => pattern.test(key));
  const texts = (side: string) =>
    of(
      new RegExp(
        `^llm\\.${side}_messages\\..*(\\.content|\\.text|tool_call_id|tool_call\\.id|function\\.(name|arguments))$`,
      ),
    )
      .map(([, value]) => value)
      .filter((value) => value !== '')
      .sort();
  return {
    kind: attributes['openinference.span.kind'],
    input: texts('input'),
    output: texts('output'),
    model: attributes['llm.model_name'] ?? attributes['embedding.model_name'],
    tokens: Object.fromEntries(
      of(
        /^llm\.token_count\.(prompt|completion|total|prompt_details\.cache_read|completion_details\.reasoning)$/,
      ),
    ),
  };
}

test('model, tokens, messages and tool calls, whole and streamed', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const theirs = new OpenAIInstrumentation({ tracerProvider: provider });
  // It changes the classes of the client, `instrument` the client: one call goes through both.
  theirs.manuallyInstrument(OpenAI as never);
  const calls = chatAnswer({ content: null, tool_calls: TOOL_CALLS }, 'tool_calls');
  const text = {
    json: { id: 'cmpl-1', model: MODEL, choices: [{ index: 0, text: 'honey' }], usage: CHAT_USAGE },
  };
  const vectors = {
    json: {
      model: 'embed-2026',
      data: [{ index: 0, embedding: 'AAAAPw==' }],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    },
  };
  const { client, all } = await startInstrumented(
    { dialect: 'openinference' },
    ...[chatAnswer(), calls, chatStream({ seed: 5 }), toolStream({ seed: 6, calls: 1 })],
    ...[{ json: response() }, responseStream(), text, vectors],
  );
  const history = [
    { role: 'system' as const, content: 'Be brief.' },
    ...ASK.messages,
    { role: 'assistant' as const, tool_calls: TOOL_CALLS as never },
    { role: 'tool' as const, tool_call_id: 'call_1', content: '3 notes' },
  ];
  await client.chat.completions.create({ ...ASK, messages: history, temperature: 0.5 });
  await client.chat.completions.create(ASK);
  for await (const _ of await client.chat.completions.create(STREAMED));
  for await (const _ of await client.chat.completions.create(STREAMED));
  await client.responses.create({ model: MODEL, input: 'Do bees dance?' });
  for await (const _ of await client.responses.create({
    model: MODEL,
    input: 'Do bees dance?',
    stream: true,
  }));
  await client.completions.create({ model: MODEL, prompt: 'Sweet as' });
  await client.embeddings.create({ model: 'embed', input: 'bees' });
  const ours = (await all()).sort((one, other) => Number(one.startTimeUnixNano - other.startTimeUnixNano));
  const expected = exporter.getFinishedSpans().map(({ attributes }) => told(attributes));
  expect(ours.map(({ plain }) => told(plain))).toEqual(expected.map(completed));
  expect(expected).toHaveLength(8);
  theirs.disable();
});

const tokensOf = (prompt: number, completion: number, cached: number, reasoning: number) => ({
  'llm.token_count.prompt': prompt,
  'llm.token_count.completion': completion,
  'llm.token_count.total': prompt + completion,
  'llm.token_count.prompt_details.cache_read': cached,
  'llm.token_count.completion_details.reasoning': reasoning,
});

/**
 * What theirs does not record where ours does: of streams, tokens and the model that answered; of the older endpoints,
 * messages, tokens and that model.
 */
function completed(span: ReturnType<typeof told>, index: number): ReturnType<typeof told> {
  const isStreamedChat = index === 2 || index === 3;
  if (isStreamedChat) return { ...span, model: 'gpt-loopback-2026', tokens: tokensOf(21, 13, 8, 5) };
  if (index === 6) return { ...span, input: ['Sweet as'], output: ['honey'] };
  if (index === 7) {
    return {
      ...span,
      model: 'embed-2026',
      tokens: { 'llm.token_count.prompt': 5, 'llm.token_count.total': 5 },
    };
  }
  return span;
}
