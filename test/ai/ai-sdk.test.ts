/** The AI SDK: versions 5 and 6 with our tracer, version 7 with our telemetry, against a server of the OpenAI interface. */
import { trace as traceApi } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { usage } from '../../src/ai/enrich.ts';
import { aiSdkTelemetry } from '../../src/ai/integrations/ai-sdk.ts';
import { aiSdkTracer } from '../../src/ai/integrations/ai-sdk-tracer.ts';
import { trace } from '../../src/ai/trace.ts';
import { shutdown } from '../../src/init.ts';
import { load } from '../frameworks/load.ts';
import { type PlainSpan, startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ANSWER, EMBEDDED, startChatServer, USED } from '../helpers/chat-server.ts';
import { describeFrameworks } from '../helpers/frameworks.ts';
import { outlineOf } from '../helpers/span-outline.ts';

stopTracingAfterEach();

const VERSIONS = [5, 6, 7] as const;
type Version = (typeof VERSIONS)[number];

/** The package, a model of the server, and the options that trace a call. */
async function sdk(version: Version, fetch?: typeof globalThis.fetch) {
  const { url } = await startChatServer();
  const ai = await load(version === 7 ? 'ai' : `ai-${version}`);
  const { createOpenAI } = await load(`openai-${version}`);
  const openai = createOpenAI({ baseURL: url, apiKey: 'none', fetch });
  const traced = (more: object = {}) =>
    version === 7
      ? { telemetry: { integrations: aiSdkTelemetry(), functionId: 'weather', ...more } }
      : {
          experimental_telemetry: { isEnabled: true, tracer: aiSdkTracer(), functionId: 'weather', ...more },
        };
  const { z } = await load('zod');
  const tool = (execute: (input: unknown) => unknown) => ({
    weather: ai.tool({ description: 'Looks out', inputSchema: z.object({ city: z.string() }), execute }),
  });
  const stopWhen = (ai.isStepCount ?? ai.stepCountIs)(3);
  const embedder = openai.embedding?.('e-1') ?? openai.textEmbeddingModel('e-1');
  return { ai, model: openai.chat('m-1'), embedder, traced, tool, stopWhen };
}

const isLeaf = ({ name }: PlainSpan): boolean => name.startsWith('chat') || name.startsWith('embeddings');
const usageKeys = ({ plain }: PlainSpan): string[] => Object.keys(plain).filter((key) => /usage/.test(key));
/** All that spans say, as text. */
const told = (spans: unknown): string =>
  JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? String(value) : value));
const textOf = async (stream: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of stream) text += piece;
  return text;
};

/** Version 7 has steps; 5 and 6 put tools beside the calls of the model, 5 below it where it streams. */
const TREES: Record<Version, string[]> = {
  5: ['chat m-1', 'execute_tool weather', 'chat m-1'],
  6: ['chat m-1', 'execute_tool weather', 'chat m-1'],
  7: ['step 1', '  chat m-1', '  execute_tool weather', 'step 2', '  chat m-1'],
};

describeFrameworks('the AI SDK', () => {
  test.for(VERSIONS)('%i: an agent that calls a tool, whole', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced, tool, stopWhen } = await sdk(version);
    const look = trace(() => 'sunny', { name: 'look out' });
    const caller = trace(
      () =>
        ai.generateText({
          ...{ model, system: 'Be brief', prompt: 'How is the weather?', temperature: 0.5, stopWhen },
          ...{ tools: tool(look), ...traced() },
        }),
      { name: 'caller', content: false },
    );
    expect((await caller()).text).toBe(ANSWER);
    const spans = await all();
    const lines = TREES[version].map((line) => `    ${line}`);
    const at = lines.findIndex((line) => line.includes('tool'));
    lines.splice(at + 1, 0, lines[at].replace('execute_tool weather', '  look out'));
    expect(outlineOf(spans)).toEqual(['caller', '  invoke_agent weather', ...lines]);
    const [first, second] = spans.filter(isLeaf).reverse();
    expect(first.plain).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm-1',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.model': 'm-1-0601',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['tool-calls'],
    });
    expect(first.kind).toBe(3);
    expect(JSON.parse(String(first.plain['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'How is the weather?' }] },
    ]);
    const call = { id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
    expect(JSON.parse(String(first.plain['gen_ai.output.messages']))).toEqual([
      { role: 'assistant', parts: [{ type: 'tool_call', ...call }], finish_reason: 'tool-calls' },
    ]);
    expect(JSON.parse(String(first.plain['gen_ai.tool.definitions']))).toMatchObject([{ name: 'weather' }]);
    const heard = JSON.parse(String(second.plain['gen_ai.input.messages'])).at(-1);
    expect(heard).toEqual({
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: 'call-1', response: 'sunny' }],
    });
    const executed = spans.find(({ name }) => name === 'execute_tool weather');
    expect(executed?.plain).toMatchObject({
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.call.id': 'call-1',
      'gen_ai.tool.call.arguments': '{"city":"Graz"}',
      'gen_ai.tool.call.result': 'sunny',
    });
    const agent = spans.find(({ name }) => name === 'invoke_agent weather');
    expect(agent?.plain['gen_ai.system_instructions']).toBe('[{"type":"text","content":"Be brief"}]');
    expect(String(agent?.plain['gen_ai.output.messages'])).toContain(ANSWER);
  });

  test.for(VERSIONS)('%i: the same as a stream, with the time to its first piece', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced, tool, stopWhen } = await sdk(version);
    const result = ai.streamText({
      ...{ model, prompt: 'How is the weather?', stopWhen, ...traced() },
      tools: tool(async () => 'sunny'),
    });
    expect(await textOf(result.textStream)).toBe(ANSWER);
    const spans = await all();
    const flat = outlineOf(spans).map((line) => line.trim());
    expect(flat).toEqual(['invoke_agent weather', ...TREES[version].map((line) => line.trim())]);
    const models = spans.filter(isLeaf);
    for (const { plain } of models) {
      expect(plain['gen_ai.request.stream']).toBe(true);
      expect(plain['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
      expect(plain['gen_ai.response.model']).toBe('m-1-0601');
    }
  });

  test.for(VERSIONS)('%i: usage is on calls of models and nowhere else', async (version) => {
    const { all } = await startTracing();
    const { ai, model, embedder, traced, tool, stopWhen } = await sdk(version);
    const asked = { model, prompt: 'weather?', stopWhen, tools: tool(async () => 'sunny'), ...traced() };
    await ai.generateText(asked);
    await textOf(ai.streamText(asked).textStream);
    await ai.embed({ model: embedder, value: 'sun', ...traced() });
    await ai.embedMany({ model: embedder, values: ['sun', 'rain'], ...traced() });
    const spans = await all();
    expect(spans.filter((span) => !isLeaf(span)).flatMap(usageKeys)).toEqual([]);
    const leaves = spans.filter(isLeaf);
    const chat = leaves.filter(({ name }) => name.startsWith('chat')).map(({ plain }) => plain);
    expect(chat).toHaveLength(4);
    for (const plain of chat) {
      expect(plain).toMatchObject({
        'gen_ai.usage.input_tokens': USED.input,
        'gen_ai.usage.output_tokens': USED.output,
      });
      // 5 does not tell them of a call that is no stream.
      if (version === 5 && plain['gen_ai.request.stream'] !== true) continue;
      expect(plain).toMatchObject({
        'gen_ai.usage.cache_read.input_tokens': USED.cached,
        'gen_ai.usage.reasoning.output_tokens': USED.reasoning,
      });
    }
    const embeddings = leaves.filter(({ name }) => name === 'embeddings e-1').map(({ plain }) => plain);
    expect(embeddings.map((plain) => plain['gen_ai.usage.input_tokens'])).toEqual([EMBEDDED, EMBEDDED]);
    expect(embeddings.map((plain) => plain['input.value'])).toContain('["sun","rain"]');
  });

  test.for(VERSIONS)(
    '%i: a model that refuses fails every span, and the call as without us',
    async (version) => {
      const { all } = await startTracing();
      const { ai, model, traced } = await sdk(version);
      const asked = { model, prompt: 'fail', maxRetries: 0 };
      const bare = await ai.generateText(asked).catch((error: Error) => error);
      const error = await ai.generateText({ ...asked, ...traced() }).catch((thrown: Error) => thrown);
      expect([error.name, error.message, error.statusCode]).toEqual([bare.name, bare.message, 400]);
      const failed: unknown[] = [];
      const stream = ai.streamText({
        ...asked,
        ...traced(),
        onError: ({ error }: { error: Error }) => failed.push(error),
      });
      await textOf(stream.textStream).catch(() => {});
      expect(failed).toHaveLength(1);
      const spans = await all();
      const models = spans.filter(isLeaf);
      expect(models).toHaveLength(2);
      for (const { status, events } of models) {
        expect(status).toEqual({ code: 2, message: 'the model refuses' });
        expect(events.map(({ name }) => name)).toEqual(['exception']);
      }
      const roots = spans.filter(({ name }) => name === 'invoke_agent weather');
      expect(roots.map(({ status }) => status.code)).toEqual(
        version === 7 ? [2, 2] : [2, roots[1].status.code],
      );
    },
  );

  test.for(VERSIONS)('%i: a tool that fails is the only span that does', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced, tool, stopWhen } = await sdk(version);
    const tools = tool(async () => {
      throw new RangeError('no window');
    });
    expect((await ai.generateText({ model, prompt: 'weather?', stopWhen, tools, ...traced() })).text).toBe(
      ANSWER,
    );
    const failed = (await all()).filter(({ status }) => status.code === 2);
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
      ['execute_tool weather', 'no window'],
    ]);
    expect(failed[0].events).toHaveLength(1);
  });

  test.for(VERSIONS)('%i: an aborted stream leaves no span open', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced } = await sdk(version);
    const abort = new AbortController();
    const { fullStream } = ai.streamText({
      ...{ model, prompt: 'hang', abortSignal: abort.signal, ...traced() },
      onError: () => {},
    });
    for await (const { type } of fullStream) if (type === 'text-delta') abort.abort();
    const spans = await all();
    expect(spans.map(({ name }) => name).sort()).toEqual(
      version === 7 ? ['chat m-1', 'invoke_agent weather', 'step 1'] : ['chat m-1', 'invoke_agent weather'],
    );
    const models = spans.filter(isLeaf).map(({ plain }) => plain);
    expect(models.map((plain) => plain['spandrel.output.partial'])).toEqual([true]);
    // What came before.
    if (version === 7) expect(models[0]['output.value']).toBe('It is ');
  });

  test.for([5, 6] as const)('%i: a stream that its reader leaves ends at shutdown', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced } = await sdk(version);
    for await (const _ of ai.streamText({ model, prompt: 'hang', ...traced() }).textStream) break;
    await shutdown();
    const spans = await all();
    expect(outlineOf(spans)).toEqual(['invoke_agent weather', '  chat m-1']);
    for (const { plain } of spans) expect(plain['spandrel.abandoned']).toBe(true);
  });

  test.for(VERSIONS)('%i: where content is off, none is sent', async (version) => {
    const { all } = await startTracing({ content: 'metadata' });
    const { ai, model, embedder, traced, tool, stopWhen } = await sdk(version);
    const tools = tool(async () => 'secret-result');
    await ai.generateText({ model, system: 'secret-system', prompt: 'secret', stopWhen, tools, ...traced() });
    await ai.embed({ model: embedder, value: 'secret', ...traced() });
    const spans = await all();
    for (const word of ['secret', 'Graz', 'Looks out']) expect(told(spans)).not.toContain(word);
    expect(spans.filter(isLeaf).every((span) => usageKeys(span).length > 0)).toBe(true);
  });

  test.for(VERSIONS)('%i: recordInputs and recordOutputs of a call are obeyed', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced, tool, stopWhen } = await sdk(version);
    const asked = (more: object) =>
      ai.generateText({
        ...{ model, prompt: 'secret-input', stopWhen, tools: tool(async () => 'result'), ...traced(more) },
      });
    await asked({ recordInputs: false });
    expect(told(await all())).not.toContain('secret-input');
    await asked({ recordOutputs: false });
    const second = (await all()).filter(({ plain }) => told(plain).includes('secret-input'));
    expect(JSON.stringify(second.map(({ plain }) => plain['gen_ai.output.messages'] ?? null))).not.toContain(
      ANSWER,
    );
  });

  test.for(VERSIONS)('%i: in the dialect that is set', async (version) => {
    const { all } = await startTracing({ dialect: 'openinference' });
    const { ai, model, traced } = await sdk(version);
    await ai.generateText({ model, prompt: 'weather?', ...traced() });
    const spans = await all();
    expect(spans.find(isLeaf)?.plain).toMatchObject({
      'openinference.span.kind': 'LLM',
      'llm.model_name': 'm-1-0601',
      'llm.token_count.prompt': USED.input,
      'llm.input_messages.0.message.content': 'weather?',
      'llm.output_messages.0.message.content': ANSWER,
    });
    expect(spans.find(({ name }) => name.startsWith('invoke'))?.plain['openinference.span.kind']).toBe(
      'AGENT',
    );
  });

  test.for(VERSIONS)('%i: a client that is traced inside reports the usage, once', async (version) => {
    const { all } = await startTracing();
    const client = trace(
      (...request: Parameters<typeof fetch>) => {
        usage({ inputTokens: 7, outputTokens: 3 });
        return fetch(...request);
      },
      { name: 'client', type: 'model', content: false },
    );
    const { ai, model, traced } = await sdk(version, client as typeof fetch);
    await ai.generateText({ model, prompt: 'weather?', ...traced() });
    const spans = await all();
    const reported = spans.filter(({ plain }) => 'gen_ai.usage.input_tokens' in plain);
    expect(reported.map(({ name, plain }) => [name, plain['gen_ai.usage.input_tokens']])).toEqual([
      ['client', 7],
    ]);
    const outer = spans.find(({ spanId }) => spanId === reported[0].parentSpanId);
    expect(outer?.name).toBe('chat m-1');
  });

  test.for(VERSIONS)('%i: calls at the same time do not mix', async (version) => {
    const { all } = await startTracing();
    const { ai, model, traced, tool, stopWhen } = await sdk(version);
    const ask = (id: string) =>
      trace(
        () =>
          ai.generateText({
            ...{ model, prompt: id, stopWhen, tools: tool(async () => id), ...traced({ functionId: id }) },
          }),
        { name: `request ${id}` },
      )();
    await Promise.all(['a', 'b', 'c'].map(ask));
    const spans = await all();
    for (const id of ['a', 'b', 'c']) {
      const root = spans.find(({ name }) => name === `request ${id}`);
      const trace = spans.filter(({ traceId }) => traceId === root?.traceId);
      expect(trace.map(({ name }) => name)).toContain(`invoke_agent ${id}`);
      expect(trace.find(({ name }) => name.startsWith('execute'))?.plain['gen_ai.tool.call.result']).toBe(id);
      expect(trace).toHaveLength(version === 7 ? 7 : 5);
    }
  });

  test.for([5, 6] as const)(
    '%i: any other tracer records the spans as the SDK makes them',
    async (version) => {
      const { all } = await startTracing();
      const { ai, model } = await sdk(version);
      const experimental_telemetry = { isEnabled: true, tracer: traceApi.getTracer('own') };
      await ai.generateText({ model, prompt: 'weather?', experimental_telemetry });
      const spans = await all();
      expect(outlineOf(spans)).toEqual(['ai.generateText', '  ai.generateText.doGenerate']);
      expect(spans.map(({ plain }) => plain['ai.response.text'])).toEqual([ANSWER, ANSWER]);
    },
  );
});
