/** @module The same work in every dialect: spans that together use every typed field, and what a receiver got of them. */
import { enrichSpan } from '../../src/ai/enrich.ts';
import type { Message } from '../../src/ai/fields.ts';
import { withSession } from '../../src/ai/session.ts';
import {
  trace,
  traceAgent,
  traceChain,
  traceEmbedding,
  traceEvaluator,
  traceGuardrail,
  traceModel,
  traceReranker,
  traceRetriever,
  traceTool,
} from '../../src/ai/trace.ts';
import type { PlainSpan } from './ai-spans.ts';

export const MESSAGES: Message[] = [
  { role: 'user', name: 'ada', parts: [{ type: 'text', content: 'Do bees dance?' }] },
  {
    role: 'assistant',
    parts: [{ type: 'tool_call', id: 'call-1', name: 'search', arguments: { query: 'bees' } }],
  },
  { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call-1', response: 'notes on bees' }] },
];

const ANSWER: Message[] = [
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', content: 'They waggle.' },
      { type: 'text', content: 'They do.' },
    ],
    finish_reason: 'stop',
  },
];

const TOOLS = [{ type: 'function', name: 'search', parameters: { type: 'object', properties: {} } }];
const DOCUMENTS = [
  { id: 'd-1', content: 'Bees dance.', score: 0.75, metadata: { page: 3 } },
  { id: 'd-2', content: 'Wasps do not.', score: 0.25 },
];

const chat = traceModel(
  (_: string) => {
    enrichSpan({
      inputMessages: MESSAGES,
      outputMessages: ANSWER,
      systemInstructions: [{ type: 'text', content: 'Be brief.' }],
      toolDefinitions: TOOLS,
      model: {
        provider: 'openai',
        model: 'loopback',
        responseModel: 'loopback-1',
        responseId: 'response-1',
        finishReasons: ['stop'],
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        maxTokens: 100,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        stopSequences: ['END'],
        seed: 7,
        choiceCount: 2,
        outputType: 'text',
        serverAddress: '127.0.0.1',
        serverPort: 8080,
      },
      usage: { inputTokens: 100, outputTokens: 50, cacheRead: 30, cacheWrite: 20, reasoning: 10, cost: 0.25 },
    });
  },
  { name: 'chat', captureInput: false, captureOutput: false },
);

const stream = traceModel(
  async function* (_: string) {
    yield 'They ';
    yield 'do.';
    enrichSpan({
      model: { provider: 'anthropic', model: 'loopback', stream: true, timeToFirstChunk: 0.25 },
      usage: { inputTokens: 9, outputTokens: 4 },
    });
  },
  { name: 'stream' },
);

const search = traceTool(
  (_: { query: string; limit: number; none: null; tags: string[] }) => {
    enrichSpan({
      tool: { name: 'search', description: 'Searches the notes', type: 'function', callId: 'call-1' },
    });
    return { notes: ['on bees'] };
  },
  { name: 'search notes' },
);

const agent = traceAgent(
  (question: string) => {
    enrichSpan({
      agent: { name: 'beekeeper', id: 'a-1', description: 'Knows bees' },
      metadata: { plan: 'free', nested: { deep: [1, 'two'] } },
    });
    chat(question);
    search({ query: 'bees', limit: 3, none: null, tags: ['a', 'b'] });
    return 'They do.';
  },
  { name: 'ask' },
);

const retrieve = traceRetriever(
  (_: string) => {
    enrichSpan({ documents: DOCUMENTS, model: { topK: 2 } });
  },
  { name: 'retrieve' },
);
const rerank = traceReranker(
  (_: string) => {
    enrichSpan({ documents: DOCUMENTS, model: { model: 'reranker-1' } });
  },
  { name: 'rerank' },
);
const embed = traceEmbedding(
  (_: string[]) => {
    enrichSpan({ model: { provider: 'openai', model: 'embedder-1' }, usage: { inputTokens: 3 } });
    return [0.5, 0.25];
  },
  { name: 'embed' },
);
const guard = traceGuardrail((_: string) => true, { name: 'guard' });
const judge = traceEvaluator(
  (_: string) => {
    enrichSpan({
      config: { threshold: 0.5 },
      metrics: { score: 0.9 },
      feedback: { rating: 5 },
      userProperties: { plan: 'free' },
      eventName: 'judged',
    });
  },
  { name: 'judge' },
);
const fail = traceChain(
  (_: string) => {
    throw new RangeError('expected less');
  },
  { name: 'fail' },
);
const declared = trace(() => enrichSpan({ error: 'it was refused' }), {
  name: 'declared',
  captureOutput: false,
});
const off = traceModel(
  (_: string) => {
    enrichSpan({ inputMessages: MESSAGES, documents: DOCUMENTS, usage: { inputTokens: 1, outputTokens: 2 } });
    return 'secret';
  },
  { name: 'content off', content: false, captureInput: false },
);
const long = traceTool((_: unknown[]) => 'é'.repeat(3000), { name: 'content shortened' });

/** Needs a limit of text of 600 and content on. */
export async function makeDialectSpans(): Promise<void> {
  withSession(
    {
      sessionId: 's-1',
      sessionName: 'Bees',
      userId: 'u-1',
      tags: ['blue', 'red'],
      metadata: { plan: 'paid', tenant: 't-1' },
    },
    () => agent('Do bees dance?'),
  );
  for await (const _ of stream('Do bees dance?'));
  retrieve('bees');
  rerank('bees');
  embed(['bees', 'wasps']);
  guard('bees');
  judge('bees');
  try {
    fail('bees');
  } catch {
    // Traced, and thrown on.
  }
  declared();
  off('secret');
  long(Array.from({ length: 500 }, (_, index) => ({ index, word: 'bee' })));
}

/** What a reader of a golden file sees of one span. */
export interface GoldenSpan {
  readonly status: unknown;
  readonly attributes: Record<string, unknown>;
}

/** By name, attributes in order; the one moment in time among them is checked and left out. */
export function goldenOf(spans: readonly PlainSpan[]): Record<string, GoldenSpan> {
  const entries = spans.map(({ name, status, plain, startTimeUnixNano }): [string, GoldenSpan] => {
    const attributes = Object.fromEntries(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : 1)));
    const key = 'langfuse.observation.completion_start_time';
    if (key in attributes) {
      const after = Date.parse(JSON.parse(String(attributes[key]))) - Number(startTimeUnixNano) / 1e6;
      attributes[key] = `${Math.ceil(after - 0.01)} ms after the start`;
    }
    return [name, { status, attributes }];
  });
  return JSON.parse(JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))));
}
