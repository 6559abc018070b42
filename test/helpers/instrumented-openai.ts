/** @module The real OpenAI client, instrumented, and a service that answers what a test lays down. */
import OpenAI from 'openai';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import type { InitOptions } from '../../src/init.ts';
import { type AiSpans, type PlainSpan, startTracing } from './ai-spans.ts';
import { TOOL_CALLS } from './model-answers.ts';
import { type ModelService, type Reply, startModelService } from './model-protocols.ts';

export const MODEL = 'gpt-loopback';
export const ASK = { model: MODEL, messages: [{ role: 'user' as const, content: 'Do bees dance?' }] };
export const STREAMED = { ...ASK, stream: true as const, stream_options: { include_usage: true } };

/** What spans have of the usage of `chatAnswer` and `chatStream`. */
export const CHAT_TOKENS = {
  'gen_ai.usage.input_tokens': 21,
  'gen_ai.usage.output_tokens': 13,
  'gen_ai.usage.cache_read.input_tokens': 8,
  'gen_ai.usage.reasoning.output_tokens': 5,
};

export interface Instrumented extends AiSpans {
  readonly service: ModelService;
  /** The client as it was given to `instrument`. */
  readonly plain: OpenAI;
  readonly client: OpenAI;
}

/** Starts tracing, and a service that gives the replies; both end with the test. */
export async function startInstrumented(
  options: InitOptions = {},
  ...replies: Reply[]
): Promise<Instrumented> {
  const service = await startModelService();
  service.answer(...replies);
  const plain = new OpenAI({ apiKey: 'none', baseURL: `${service.url}/v1`, maxRetries: 0 });
  const spans = await startTracing(options);
  return { ...spans, service, plain, client: instrument(plain) };
}

/** Messages that a span has, as GenAI conventions write them. */
export function messages(span: PlainSpan, kind: 'input' | 'output'): unknown {
  return JSON.parse(String(span.plain[`gen_ai.${kind}.messages`]));
}

export const said = (text: string, finish_reason = 'stop') => [
  { role: 'assistant', parts: [{ type: 'text', content: text }], finish_reason },
];

/** What spans have of the answers that call tools. */
export const CALLED = [
  {
    role: 'assistant',
    parts: TOOL_CALLS.map(({ id, function: called }) => ({ type: 'tool_call', id, ...called })),
    finish_reason: 'tool_calls',
  },
];
