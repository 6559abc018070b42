/** LangChain.js and LangGraph.js through callbacks, against a server of the OpenAI interface. */
import { context as contextApi, trace as traceApi } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { LangChainCallbackHandler } from '../../src/ai/integrations/langchain.ts';
import { trace } from '../../src/ai/trace.ts';
import { shutdown, stats } from '../../src/init.ts';
import { load } from '../frameworks/load.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ANSWER, startChatServer, USED } from '../helpers/chat-server.ts';
import { describeFrameworks } from '../helpers/frameworks.ts';
import { outlineOf } from '../helpers/span-outline.ts';

stopTracingAfterEach();

async function chain(more: object = {}) {
  const { url } = await startChatServer();
  const { ChatOpenAI, OpenAI } = await load('@langchain/openai');
  const core = {
    ...(await load('@langchain/core/runnables')),
    ...(await load('@langchain/core/prompts')),
    ...(await load('@langchain/core/output_parsers')),
    ...(await load('@langchain/core/tools')),
    ...(await load('@langchain/core/retrievers')),
    ...(await load('@langchain/core/callbacks/base')),
  };
  const options = { apiKey: 'none', maxRetries: 0, configuration: { baseURL: url, ...more } };
  const model = new ChatOpenAI({ model: 'm-1', temperature: 0.5, useResponsesApi: false, ...options });
  const handler = new LangChainCallbackHandler();
  return { core, model, options, OpenAI, handler, callbacks: [handler] };
}

const told = (spans: unknown): string =>
  JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? String(value) : value));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describeFrameworks('LangChain', () => {
  test('takes the handler for one of its own', async () => {
    const { core, handler } = await chain();
    expect(core.isBaseCallbackHandler(handler)).toBe(true);
    const { ensureHandler } = await load('@langchain/core/callbacks/manager');
    expect(ensureHandler(handler)).toBe(handler);
    expect(handler.copy()).toBe(handler);
  });

  test('a chain: prompt, model, parser', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const prompt = core.ChatPromptTemplate.fromMessages([
      ['system', 'Be brief'],
      ['human', '{question}'],
    ]);
    const whole = prompt.pipe(model).pipe(new core.StringOutputParser());
    const caller = trace(() => whole.invoke({ question: 'weather?' }, { callbacks, runName: 'answer' }), {
      name: 'caller',
    });
    expect(await caller()).toBe(ANSWER);
    const spans = await all();
    expect(outlineOf(spans)).toEqual([
      'caller',
      '  answer',
      '    ChatPromptTemplate',
      '    chat m-1',
      '    StrOutputParser',
    ]);
    const called = spans.find(({ name }) => name === 'chat m-1');
    expect(called?.kind).toBe(3);
    expect(called?.plain).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm-1',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.model': 'm-1-0601',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': USED.input,
      'gen_ai.usage.output_tokens': USED.output,
      'gen_ai.usage.cache_read.input_tokens': USED.cached,
      'gen_ai.usage.reasoning.output_tokens': USED.reasoning,
      'gen_ai.system_instructions': '[{"type":"text","content":"Be brief"}]',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"weather?"}]}]',
    });
    expect(String(called?.plain['gen_ai.output.messages'])).toContain(ANSWER);
    const others = spans.filter((span) => span !== called);
    expect(others.flatMap(({ plain }) => Object.keys(plain)).filter((key) => /usage/.test(key))).toEqual([]);
    const answer = spans.find(({ name }) => name === 'answer')?.plain;
    expect(answer).toMatchObject({
      'spandrel.span.type': 'chain',
      'input.value': '{"question":"weather?"}',
      'output.value': ANSWER,
    });
  });

  test('a stream, with the time to its first token', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    let text = '';
    const streamed = model.pipe(new core.StringOutputParser());
    for await (const piece of await streamed.stream('weather?', { callbacks })) text += piece;
    expect(text).toBe(ANSWER);
    const spans = await all();
    expect(outlineOf(spans)).toEqual(['RunnableSequence', '  chat m-1', '  StrOutputParser']);
    expect(spans.find(({ name }) => name === 'chat m-1')?.plain).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.input_tokens': USED.input,
      'gen_ai.usage.output_tokens': USED.output,
    });
    expect(told(spans)).toContain(ANSWER);
  });

  test('a stream that is not read on ends with what came of it', async () => {
    const { all } = await startTracing();
    const { model, callbacks } = await chain();
    for await (const { content } of await model.stream('hang', { callbacks })) if (content === 'is ') break;
    await shutdown();
    const [{ plain, name }] = await all();
    expect([name, plain['output.value'], plain['spandrel.abandoned']]).toEqual(['chat m-1', 'It ', true]);
  });

  test('tools and retrievers; what they call is inside them', async () => {
    const { all } = await startTracing();
    const { core, callbacks } = await chain();
    const { z } = await load('zod');
    const inner = trace(async () => turn(), { name: 'inner' });
    const tool = core.tool(
      async ({ city }: { city: string }) => {
        await turn();
        await inner();
        return `sunny in ${city}`;
      },
      { name: 'weather', description: 'Looks out', schema: z.object({ city: z.string() }) },
    );
    const call = { type: 'tool_call', id: 'call-1', name: 'weather', args: { city: 'Graz' } };
    const { FakeRetriever } = await load('@langchain/core/utils/testing');
    const { Document } = await load('@langchain/core/documents');
    const retriever = new FakeRetriever({
      output: [new Document({ pageContent: 'A note', metadata: { page: 3 } })],
    });
    const lambda = core.RunnableLambda.from(async (query: string, config: object) => {
      await retriever.invoke(query, config);
      return tool.invoke(call, config);
    });
    await lambda.invoke('notes?', { callbacks, runName: 'both' });
    const spans = await all();
    expect(outlineOf(spans)).toEqual([
      'both',
      '  retrieval FakeRetriever',
      '  execute_tool weather',
      '    inner',
    ]);
    const plain = Object.fromEntries(spans.map(({ name, plain }) => [name, plain]));
    expect(plain['execute_tool weather']).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.call.id': 'call-1',
      'gen_ai.tool.call.arguments': '{"city":"Graz"}',
      'gen_ai.tool.call.result': 'sunny in Graz',
    });
    expect(plain['retrieval FakeRetriever']).toMatchObject({
      'gen_ai.operation.name': 'retrieval',
      'input.value': 'notes?',
      'gen_ai.retrieval.documents': '[{"content":"A note","metadata":{"page":3}}]',
    });
  });

  test('errors end the spans they pass, and reach the caller untouched', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const failing = core.RunnableLambda.from(() => 'fail').pipe(model);
    const bare = await model.invoke('fail').catch((error: Error) => error);
    const error = await failing
      .invoke('x', { callbacks, runName: 'failing' })
      .catch((thrown: Error) => thrown);
    expect([error.name, error.message]).toEqual([bare.name, bare.message]);
    const failed = (await all()).filter(({ status }) => status.code === 2);
    expect(outlineOf(failed)).toEqual(['failing', '  chat m-1']);
    for (const { status, events } of failed) {
      expect(status.message).toContain('the model refuses');
      expect(events.map(({ name }) => name)).toEqual(['exception']);
    }
  });

  test('runs at the same time, of one handler, do not mix', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const step = core.RunnableLambda.from(async (question: string) => {
      await turn();
      return question;
    });
    const whole = step.pipe(model).withConfig({ callbacks });
    const request = (id: string) => trace(() => whole.invoke(id, { runName: `run ${id}` }), { name: id })();
    await Promise.all(['a', 'b', 'c'].map(request));
    const spans = await all();
    const lines = ['a', 'b', 'c'].flatMap((id) => [id, `  run ${id}`, '    RunnableLambda', '    chat m-1']);
    expect(outlineOf(spans)).toEqual(lines);
    for (const id of ['a', 'b', 'c']) {
      const { traceId } = spans.find(({ name }) => name === id) ?? {};
      const called = spans.find((span) => span.traceId === traceId && span.name === 'chat m-1');
      expect(String(called?.plain['gen_ai.input.messages'])).toContain(`"content":"${id}"`);
    }
  });

  test('roots started one after the other in one turn are no children of each other', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const tool = core.tool(async () => 'done', { name: 'work', description: '', schema: {} });
    await Promise.all([
      model.invoke('e', { callbacks }),
      model.batch(['a', 'b'], { callbacks }),
      model.generate(
        [['c'], ['d']].map((texts) => texts.map((content) => ['human', content])),
        { callbacks },
      ),
    ]);
    await Promise.all([tool.invoke({}, { callbacks }), tool.invoke({}, { callbacks })]);
    const spans = await all();
    expect(spans).toHaveLength(7);
    expect(spans.map(({ parentSpanId }) => parentSpanId || undefined)).toEqual(Array(7).fill(undefined));
    expect(traceApi.getSpan(contextApi.active())).toBeUndefined();
  });

  test('a model that is called while another answers is not inside it', async () => {
    const { all } = await startTracing();
    const { model, callbacks } = await chain();
    const first = model.invoke('a', { callbacks });
    await turn();
    await Promise.all([first, model.invoke('b', { callbacks })]);
    expect(outlineOf(await all())).toEqual(['chat m-1', 'chat m-1']);
  });

  test('what is inside a hidden run belongs to what is around it', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const hidden = core.RunnableLambda.from((text: string, config: object) => model.invoke(text, config));
    const whole = hidden.withConfig({ tags: ['langsmith:hidden'] }).pipe(new core.StringOutputParser());
    expect(await whole.invoke('weather?', { callbacks })).toBe(ANSWER);
    expect(outlineOf(await all())).toEqual(['RunnableSequence', '  chat m-1', '  StrOutputParser']);
  });

  test('what runs and what models call have their spans around them', async () => {
    const { all } = await startTracing();
    const seen: unknown[] = [];
    const see = () => seen.push(traceApi.getActiveSpan()?.spanContext().spanId);
    const { core, model, callbacks } = await chain({
      fetch: (...request: Parameters<typeof fetch>) => {
        see();
        return fetch(...request);
      },
    });
    const tool = core.RunnableLambda.from((text: string) => {
      see();
      return text;
    });
    await tool.pipe(model).invoke('weather?', { callbacks });
    const spans = await all();
    const idOf = (name: string) => spans.find((span) => span.name === name)?.spanId;
    expect(seen).toEqual([idOf('RunnableLambda'), idOf('chat m-1')]);
  });

  test('where content is off, none is sent', async () => {
    const { all } = await startTracing({ content: 'none' });
    const { core, model, callbacks } = await chain();
    const prompt = core.ChatPromptTemplate.fromTemplate('secret {question}');
    await prompt.pipe(model).invoke({ question: 'weather' }, { callbacks });
    const spans = await all();
    for (const word of ['secret', 'weather', ANSWER]) expect(told(spans)).not.toContain(word);
    expect(told(spans)).toContain('gen_ai.usage.input_tokens');
  });

  test('an agent of LangGraph: its tool, its models, none of its own hidden steps', async () => {
    const { all } = await startTracing();
    const { core, model, callbacks } = await chain();
    const { createReactAgent } = await load('@langchain/langgraph/prebuilt');
    const { z } = await load('zod');
    const inner = trace(() => 'sunny', { name: 'inner' });
    const tool = core.tool(() => inner(), {
      name: 'weather',
      description: 'Looks out',
      schema: z.object({ city: z.string() }),
    });
    const agent = createReactAgent({ llm: model, tools: [tool] });
    const { messages } = await agent.invoke({ messages: [['human', 'weather?']] }, { callbacks });
    expect(messages.at(-1).content).toBe(ANSWER);
    const spans = await all();
    const lines = outlineOf(spans);
    expect(lines[0]).toBe('LangGraph');
    expect(lines.filter((line) => /chat|tool|inner/.test(line)).map((line) => line.trim())).toEqual([
      'chat m-1',
      'tools',
      'execute_tool weather',
      'inner',
      'chat m-1',
    ]);
    const tools = lines.findIndex((line) => line.includes('execute_tool'));
    expect(lines[tools + 1]).toBe(lines[tools].replace('execute_tool weather', '  inner'));
    expect(lines.join()).not.toMatch(/ChannelWrite|Branch/);
    const root = spans.find(({ name }) => name === 'LangGraph')?.plain;
    expect(root?.['gen_ai.operation.name']).toBe('invoke_agent');
    expect(String(root?.['gen_ai.output.messages'])).toContain(ANSWER);
    expect(spans.every(({ status }) => status.code === 0)).toBe(true);
  });
});

describe('the callback handler', () => {
  test('takes the parent that it is told, wherever it is told', async () => {
    const { all } = await startTracing();
    const { handleChainStart, handleToolStart, handleToolEnd, handleChainEnd } =
      new LangChainCallbackHandler();
    handleChainStart({ name: 'outer' }, {}, 'a');
    handleToolStart({ name: 'inner' }, '', 'b', 'a');
    handleToolEnd('', 'b');
    handleChainEnd({}, 'a');
    expect(outlineOf(await all())).toEqual(['outer', '  execute_tool inner']);
  });

  test('of runs that nothing tells the end of, holds no more than 10,000 open', async () => {
    await startTracing();
    const { handleChainStart } = new LangChainCallbackHandler();
    for (let run = 0; run < 10_010; run += 1) handleChainStart({}, {}, `run ${run}`);
    expect(stats().live).toBe(10_000);
  });

  test('never throws, whatever it is told', async () => {
    const { all } = await startTracing();
    const handler = new LangChainCallbackHandler();
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    for (const [name, handle] of Object.entries(handler)) {
      if (!name.startsWith('handle')) continue;
      expect(() => (handle as (...args: unknown[]) => void)()).not.toThrow();
      expect(() => (handle as (...args: unknown[]) => void)(...Array(9).fill(hostile))).not.toThrow();
    }
    await all();
  });
});
