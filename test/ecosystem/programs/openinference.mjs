/**
 * OpenInference's processors (`batch` or `simple`, by the first argument after the SDK) on what the real `ai`
 * package records of a mock model: spans renamed, given a status, re-rooted and filtered as they end. With the
 * argument `none`, what that package records alone.
 */
import { OpenTelemetry } from '@ai-sdk/otel';
import {
  isOpenInferenceSpan,
  OpenInferenceBatchSpanProcessor,
  OpenInferenceSimpleSpanProcessor,
} from '@arizeai/openinference-vercel';
import { SpanKind, trace } from '@opentelemetry/api';
import { generateText, jsonSchema, registerTelemetry, stepCountIs, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { print, programArguments, start } from './sdk.mjs';

const [kind] = programArguments;
const Processor = kind === 'batch' ? OpenInferenceBatchSpanProcessor : OpenInferenceSimpleSpanProcessor;
const processors = ({ OTLPTraceExporter }) => [
  new Processor({
    exporter: new OTLPTraceExporter(),
    spanFilter: isOpenInferenceSpan,
    reparentOrphanedSpans: true,
  }),
];
const provider = await start([], kind === 'none' ? undefined : processors);
registerTelemetry(new OpenTelemetry());

const usage = {
  inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 4, text: 4, reasoning: undefined },
};
const answer = (content, finish) => ({
  content,
  usage,
  finishReason: { unified: finish, raw: finish },
  warnings: [],
  response: { id: 'response-1', modelId: 'loopback-1', timestamp: new Date(0) },
});
const call = { type: 'tool-call', toolCallId: 'call-1', toolName: 'search', input: '{"query":"bees"}' };
const model = (...replies) =>
  new MockLanguageModelV4({ provider: 'mock', modelId: 'loopback-1', doGenerate: replies });

const telemetry = (functionId) => ({ telemetry: { isEnabled: true, functionId } });
const search = tool({
  description: 'Searches the notes',
  inputSchema: jsonSchema({ type: 'object', properties: { query: { type: 'string' } } }),
  execute: async ({ query }) => `notes on ${query}`,
});

const tracer = trace.getTracer('server');
const texts = await tracer.startActiveSpan('GET /ask', { kind: SpanKind.SERVER }, async (span) => {
  const { text } = await generateText({
    model: model(answer([call], 'tool-calls'), answer([{ type: 'text', text: 'Bees dance.' }], 'stop')),
    prompt: 'Do bees dance?',
    tools: { search },
    stopWhen: stepCountIs(3),
    maxRetries: 0,
    ...telemetry('ask'),
  });
  const failing = new MockLanguageModelV4({
    provider: 'mock',
    modelId: 'loopback-1',
    doGenerate: async () => {
      throw new Error('the model is away');
    },
  });
  const error = await generateText({
    model: failing,
    prompt: 'Hello?',
    maxRetries: 0,
    ...telemetry('fail'),
  }).catch((reason) => reason.message);
  span.end();
  return [text, error];
});
await provider.shutdown();
print(texts);
