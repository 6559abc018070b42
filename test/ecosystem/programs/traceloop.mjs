/**
 * Traceloop's processor: attributes renamed and deleted as spans end, then a Proxy around each. `proto` by its own
 * exporter, `given` by the SDK's.
 */
import { context, trace } from '@opentelemetry/api';
import { ALL_INSTRUMENTATION_LIBRARIES, createSpanProcessor } from '@traceloop/node-server-sdk';
import { loadSdk, programArguments, start } from './sdk.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const [kind, scope] = programArguments;
const { OTLPTraceExporter } = await loadSdk();
const provider = await start([], () => [
  createSpanProcessor({
    baseUrl: base,
    apiKey: 'key',
    disableBatch: scope === 'all',
    exporter: kind === 'given' ? new OTLPTraceExporter() : undefined,
    allowedInstrumentationLibraries: scope === 'all' ? ALL_INSTRUMENTATION_LIBRARIES : ['allowed'],
  }),
]);

const tracer = trace.getTracer('ai');
tracer.startActiveSpan('ai.generateText', (outer) => {
  outer.setAttributes({
    'ai.model.id': 'loopback-1',
    'ai.model.provider': 'openai.chat',
    'ai.prompt': JSON.stringify({ prompt: 'Do bees dance?' }),
    'ai.telemetry.metadata.agent': 'beekeeper',
    'ai.telemetry.metadata.session': 's-1',
  });
  tracer.startActiveSpan('ai.generateText.doGenerate', (inner) => {
    inner.setAttributes({
      'ai.model.id': 'loopback-1',
      'ai.model.provider': 'openai.chat',
      'ai.prompt.messages': JSON.stringify([
        { role: 'user', content: [{ type: 'text', text: 'Do bees dance?' }] },
      ]),
      'ai.prompt.tools': [
        JSON.stringify({ type: 'function', name: 'search', description: 'Searches', inputSchema: {} }),
      ],
      'ai.response.text': 'They do.',
      'ai.response.finishReason': 'stop',
      'ai.usage.promptTokens': 9,
      'ai.usage.completionTokens': 4,
      'gen_ai.usage.input_tokens': 9,
    });
    inner.addEvent('ai.stream.firstChunk', { 'ai.stream.msToFirstChunk': 3 });
    inner.end();
  });
  tracer.startActiveSpan('ai.toolCall', (inner) => {
    inner.setAttributes({
      'ai.toolCall.name': 'search',
      'ai.toolCall.args': '{"query":"bees"}',
      'ai.toolCall.result': '"notes"',
    });
    inner.end();
  });
  outer.end();
});
trace.getTracer('allowed').startSpan('allowed').end();
trace.getTracer('strange').startSpan('strange', {}, context.active()).end();
await provider.shutdown();
