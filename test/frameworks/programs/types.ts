import { RunnableLambda } from '@langchain/core/runnables';
import { ChatOpenAI } from '@langchain/openai';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { generateText, type LanguageModel, registerTelemetry } from 'ai';
import { generateText as generateText6, type LanguageModel as LanguageModel6 } from 'ai-6';
import { aiSdkTelemetry, aiSdkTracer } from 'spandrel/ai-sdk';
import { LangChainCallbackHandler } from 'spandrel/langchain';
import { instrumentMcp } from 'spandrel/mcp';

registerTelemetry(aiSdkTelemetry());
declare const model: LanguageModel;
declare const model6: LanguageModel6;
void generateText({ model, prompt: '', telemetry: { integrations: aiSdkTelemetry() } });
void generateText6({
  model: model6,
  prompt: '',
  experimental_telemetry: { isEnabled: true, tracer: aiSdkTracer() },
});
const client: Client = instrumentMcp(new Client({ name: '', version: '' }));
const server: McpServer = instrumentMcp(new McpServer({ name: '', version: '' }));
const callbacks = [new LangChainCallbackHandler()];
void RunnableLambda.from((x: string) => x).invoke('', { callbacks });
void new ChatOpenAI({ callbacks }).invoke('');
void client;
void server;
