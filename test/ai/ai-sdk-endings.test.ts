/** How calls of the AI SDK 7 end when nobody reads on, and the operations that are no text. */
import { expect, test } from 'vitest';
import { aiSdkTelemetry } from '../../src/ai/integrations/ai-sdk.ts';
import { shutdown, stats } from '../../src/init.ts';
import { load } from '../frameworks/load.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ANSWER, startChatServer, USED } from '../helpers/chat-server.ts';
import { describeFrameworks } from '../helpers/frameworks.ts';
import { outlineOf } from '../helpers/span-outline.ts';

stopTracingAfterEach();

async function sdk() {
  const { url } = await startChatServer();
  const ai = await load('ai');
  const { createOpenAI } = await load('openai-7');
  const openai = createOpenAI({ baseURL: url, apiKey: 'none' });
  return { ai, model: openai.chat('m-1'), telemetry: { integrations: aiSdkTelemetry() } };
}

describeFrameworks('the AI SDK 7', () => {
  test('a stream that its reader leaves ends what is open, with what came', async () => {
    const { all } = await startTracing();
    const { ai, model, telemetry } = await sdk();
    const { textStream } = ai.streamText({ model, prompt: 'hang', telemetry });
    for await (const piece of textStream) if (piece === 'is ') break;
    // The SDK keeps a branch of the stream for itself and cancels nothing.
    await shutdown();
    const spans = await all();
    expect(outlineOf(spans)).toEqual(['invoke_agent', '  step 1', '    chat m-1']);
    for (const { plain } of spans) expect(plain['spandrel.abandoned']).toBe(true);
    expect(spans.find(({ name }) => name === 'chat m-1')?.plain['output.value']).toBe('It is ');
  });

  test('an agent that is aborted while its tool works ends all that is open', async () => {
    const { all } = await startTracing();
    const { ai, model, telemetry } = await sdk();
    const { z } = await load('zod');
    const abort = new AbortController();
    const weather = ai.tool({
      inputSchema: z.object({ city: z.string() }),
      execute: () => {
        abort.abort();
        return new Promise(() => {});
      },
    });
    const asked = { model, prompt: 'weather?', tools: { weather }, abortSignal: abort.signal, telemetry };
    for await (const _ of ai.streamText({ ...asked, onError: () => {} }).fullStream);
    const spans = await all();
    expect(outlineOf(spans)).toEqual([
      'invoke_agent',
      '  step 1',
      '    chat m-1',
      '    execute_tool weather',
    ]);
    const partial = spans.filter(({ plain }) => plain['spandrel.output.partial'] === true);
    expect(partial.map(({ name }) => name)).not.toContain('chat m-1');
    expect(partial).toHaveLength(3);
  });

  test('registered once, it records calls inside tools below them', async () => {
    const { all } = await startTracing();
    const { ai, model, telemetry } = await sdk();
    const { z } = await load('zod');
    const slots = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
    ai.registerTelemetry(telemetry.integrations);
    try {
      const weather = ai.tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async () => (await ai.generateText({ model, prompt: 'inner' })).text,
      });
      const asked = { model, prompt: 'weather?', tools: { weather }, stopWhen: ai.isStepCount(3) };
      expect((await ai.generateText(asked)).text).toBe(ANSWER);
    } finally {
      slots.AI_SDK_TELEMETRY_INTEGRATIONS = undefined;
    }
    expect(outlineOf(await all())).toEqual([
      'invoke_agent',
      '  step 1',
      '    chat m-1',
      '    execute_tool weather',
      '      invoke_agent',
      '        step 1',
      '          chat m-1',
      '  step 2',
      '    chat m-1',
    ]);
  });

  test('objects, whole and streamed', async () => {
    const { all } = await startTracing();
    const { ai, telemetry } = await sdk();
    const { MockLanguageModelV4, simulateReadableStream } = await load('ai/test');
    const { z } = await load('zod');
    // The loopback server answers no JSON; the model is the SDK's own stand-in.
    const usage = { inputTokens: { total: 3 }, outputTokens: { total: 2 } };
    const finishReason = { unified: 'stop', raw: 'stop' };
    const json = '{"city":"Graz"}';
    const model = new MockLanguageModelV4({
      modelId: 'm-2',
      doGenerate: async () => ({
        content: [{ type: 'text', text: json }],
        finishReason,
        usage,
        warnings: [],
      }),
      doStream: async () => ({
        stream: simulateReadableStream({
          chunks: [
            { type: 'text-start', id: '1' },
            { type: 'text-delta', id: '1', delta: json },
            { type: 'text-end', id: '1' },
            { type: 'finish', finishReason, usage },
          ],
        }),
      }),
    });
    const schema = z.object({ city: z.string() });
    expect((await ai.generateObject({ model, schema, prompt: 'where?', telemetry })).object.city).toBe(
      'Graz',
    );
    const streamed = ai.streamObject({ model, schema, prompt: 'where?', telemetry });
    for await (const _ of streamed.partialObjectStream);
    expect((await streamed.object).city).toBe('Graz');
    const spans = await all();
    expect(outlineOf(spans)).toEqual(['invoke_agent', '  chat m-2', 'invoke_agent', '  chat m-2']);
    for (const { name, plain } of spans) {
      if (name === 'chat m-2') expect(plain).toMatchObject({ 'gen_ai.usage.input_tokens': 3 });
      else expect(plain['output.value']).toBe(json);
    }
  });

  test('reranking', async () => {
    const { all } = await startTracing();
    const { ai, telemetry } = await sdk();
    const { MockRerankingModelV4 } = await load('ai/test');
    // The OpenAI interface has no reranking; the model is the SDK's own stand-in.
    const model = new MockRerankingModelV4({
      modelId: 'r-1',
      doRerank: async () => ({
        ranking: [
          { index: 1, relevanceScore: 0.9 },
          { index: 0, relevanceScore: 0.1 },
        ],
      }),
    });
    await ai.rerank({ model, documents: ['rain', 'sun'], query: 'bright', telemetry });
    const spans = await all();
    expect(outlineOf(spans)).toEqual(['rerank', '  rerank r-1']);
    expect(spans.find(({ name }) => name === 'rerank r-1')?.plain).toMatchObject({
      'input.value': 'bright',
      'gen_ai.retrieval.documents': '[{"content":"sun","score":0.9},{"content":"rain","score":0.1}]',
    });
  });

  test('obeys recordInputs and recordOutputs where a release leaves that to integrations', async () => {
    const { all } = await startTracing();
    const { onStart, onLanguageModelCallStart, onLanguageModelCallEnd, onToolExecutionStart, ...listeners } =
      aiSdkTelemetry();
    const content = {
      messages: [{ role: 'user', content: 'asked' }],
      content: [{ type: 'text', text: 'told' }],
    };
    const toolCall = { toolCallId: 't', toolName: 'tool', input: 'asked' };
    const toolOutput = { type: 'tool-result', output: 'told' };
    for (const record of [{ recordInputs: false }, { recordOutputs: false }]) {
      const event = {
        ...record,
        ...content,
        toolCall,
        toolOutput,
        callId: 'c',
        operationId: 'ai.generateText',
      };
      for (const listen of [onStart, onLanguageModelCallStart, onLanguageModelCallEnd]) listen(event);
      for (const listen of [onToolExecutionStart, listeners.onToolExecutionEnd, listeners.onEnd])
        listen(event);
    }
    const spans = (await all()).map(({ plain }) => JSON.stringify(plain));
    expect(spans.filter((span) => span.includes('asked') && span.includes('told'))).toEqual([]);
    expect(spans.filter((span) => span.includes('asked'))).toHaveLength(3);
    expect(spans.filter((span) => span.includes('told'))).toHaveLength(3);
  });

  test('of calls that nothing tells the end of, no more than 10,000 stay open', async () => {
    await startTracing();
    const { onStart } = aiSdkTelemetry();
    const before = stats().live;
    for (let call = 0; call < 10_010; call += 1)
      onStart({ callId: `call ${call}`, operationId: 'ai.streamText' });
    expect(stats().live - before).toBe(10_000);
    await shutdown();
    expect(stats().live).toBe(before);
  });

  test('never throws, whatever it is told', async () => {
    await startTracing();
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    const { executeLanguageModelCall, executeTool, ...listeners } = aiSdkTelemetry();
    for (const listen of Object.values(listeners)) {
      for (const event of [undefined, null, {}, hostile, { callId: 'none' }]) {
        expect(() => listen(event)).not.toThrow();
      }
    }
    const execute = async () => USED;
    expect(await executeLanguageModelCall({ callId: 'none', execute })).toBe(USED);
    expect(await executeTool({ callId: 'none', toolCallId: 'none', execute })).toBe(USED);
  });
});
