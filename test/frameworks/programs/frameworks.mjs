/**
 * The frameworks on the built package: an agent of the AI SDK 7, whole and streamed; a stream that is let go of; tools of
 * LangChain; a client and a server of the Model Context Protocol. The argument is the URL of a model server.
 */
import { StringOutputParser } from '@langchain/core/output_parsers';
import { tool as langChainTool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { generateText, isStepCount, registerTelemetry, streamText, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { createOpenAI } from 'openai-7';
import { init, shutdown, stats, trace } from 'spandrel';
import { aiSdkTelemetry } from 'spandrel/ai-sdk';
import { LangChainCallbackHandler } from 'spandrel/langchain';
import { instrumentMcp } from 'spandrel/mcp';
import { z } from 'zod';

const [, , url] = process.argv;
init();
registerTelemetry(aiSdkTelemetry());
const model = createOpenAI({ baseURL: url, apiKey: 'none' }).chat('m-1');
const inputSchema = z.object({ city: z.string() });
const turn = () => new Promise((resolve) => setImmediate(resolve));
const forecast = trace(
  async () => {
    await turn();
    // What is under way must not be taken for abandoned.
    globalThis.gc();
    await turn();
    return 'sunny';
  },
  { name: 'forecast' },
);
const answers = [];

await trace(
  async () => {
    const tools = { weather: tool({ inputSchema, execute: forecast }) };
    const asked = { model, prompt: 'weather?', tools, stopWhen: isStepCount(3) };
    answers.push((await generateText(asked)).text);
    let text = '';
    for await (const piece of streamText(asked).textStream) text += piece;
    answers.push(text);
  },
  { name: 'ai' },
)();

/** A stream without end that nobody reads on. A connection would keep it from being collected; this has none. */
async function letGo() {
  const parts = [{ type: 'text-start', id: '1' }];
  const pull = (controller) =>
    controller.enqueue(parts.pop() ?? { type: 'text-delta', id: '1', delta: 'on ' });
  const doStream = async () => ({ stream: new ReadableStream({ pull }, { highWaterMark: 0 }) });
  const endless = new MockLanguageModelV4({ modelId: 'endless', doStream });
  for await (const piece of streamText({ model: endless, prompt: 'go on' }).textStream) if (piece) return;
}
await letGo();
const deadline = performance.now() + 5000;
while (stats().live > 0 && performance.now() < deadline) {
  globalThis.gc();
  await turn();
}
answers.push(stats().live);

await trace(
  async () => {
    const callbacks = [new LangChainCallbackHandler()];
    const chat = new ChatOpenAI({
      ...{ model: 'm-1', apiKey: 'none', useResponsesApi: false },
      configuration: { baseURL: url },
    });
    const weather = langChainTool(() => forecast(), {
      name: 'weather',
      description: '',
      schema: inputSchema,
    });
    answers.push(await weather.invoke({ city: 'Graz' }, { callbacks }));
    answers.push(await chat.pipe(new StringOutputParser()).invoke('weather?', { callbacks }));
    await forecast();
  },
  { name: 'langchain' },
)();

await trace(
  async () => {
    const server = instrumentMcp(new McpServer({ name: 'notes', version: '1.0.0' }));
    server.registerTool('weather', { inputSchema: { city: z.string() } }, async () => ({
      content: [{ type: 'text', text: await forecast() }],
    }));
    const client = instrumentMcp(new Client({ name: 'agent', version: '1.0.0' }));
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    await client.connect(near);
    const { content } = await client.callTool({ name: 'weather', arguments: { city: 'Graz' } });
    answers.push(content[0].text);
    await client.close();
  },
  { name: 'mcp' },
)();

await shutdown();
process.stdout.write(JSON.stringify(answers));
