/**
 * The real client of the OpenAI interface against a model server on loopback, whose URL is the third argument;
 * the second says which instrumentation records it.
 */
import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { print, programArguments, start } from './sdk.mjs';

const [instrumentation, url] = programArguments;

async function load() {
  if (instrumentation === 'traceloop') {
    const { OpenAIInstrumentation } = await import('@traceloop/instrumentation-openai');
    return new OpenAIInstrumentation({ exceptionLogger: (error) => console.error(error) });
  }
  const { OpenAIInstrumentation } = await import('@arizeai/openinference-instrumentation-openai');
  return new OpenAIInstrumentation();
}

const provider = await start([await load()]);
const OpenAI = createRequire(import.meta.url)('openai');
const client = new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0 });
const tracer = trace.getTracer('program');

const ask = (content, more) => ({ model: 'loopback-1', messages: [{ role: 'user', content }], ...more });
const tool = {
  type: 'function',
  function: {
    name: 'search_notes',
    description: 'Searches the notes',
    parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
  },
};

const answers = await tracer.startActiveSpan('agent', async (span) => {
  const whole = await client.chat.completions.create(ask('Do bees dance? Größe 🐝'));
  const list = [whole.choices[0].message.content];
  const stream = await client.chat.completions.create(
    ask('How high is a tide?', { stream: true, stream_options: { include_usage: true } }),
  );
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
  list.push(text);
  const called = await client.chat.completions.create(ask('Find notes on bees.', { tools: [tool] }));
  list.push(called.choices[0].message.tool_calls?.map((call) => call.function.name));
  await provider.forceFlush();
  const streamed = await client.chat.completions.create(
    ask('Find notes on tides.', { tools: [tool], stream: true }),
  );
  const names = [];
  for await (const chunk of streamed) {
    names.push(...(chunk.choices[0]?.delta?.tool_calls ?? []).map((call) => call.function.name));
  }
  list.push(names);
  const lost = new OpenAI({ apiKey: 'none', baseURL: `${url}/nowhere`, maxRetries: 0 });
  list.push(await lost.chat.completions.create(ask('Hello?')).catch((error) => error.status));
  span.end();
  return list;
});
await provider.shutdown();
print({ answers });
