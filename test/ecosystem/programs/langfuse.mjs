/** Langfuse's processor with a mask that takes its time, and an exporter of the SDK's own beside it. */
import { setTimeout as delay } from 'node:timers/promises';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { trace } from '@opentelemetry/api';
import { start } from './sdk.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const langfuse = new LangfuseSpanProcessor({
  publicKey: 'public',
  secretKey: 'secret',
  baseUrl: `${base}/langfuse`,
  environment: 'test',
  release: '7',
  mask: async ({ data }) => {
    await delay(5);
    if (data.includes('unmaskable')) throw new Error('expected what can be masked');
    return data.replaceAll(/card-\d+/g, '***');
  },
});
const provider = await start([], ({ BatchSpanProcessor, OTLPTraceExporter }) => [
  langfuse,
  new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/own/v1/traces` })),
]);

const tracer = trace.getTracer('langfuse-sdk', '5.0.0');
tracer.startActiveSpan('generation', (span) => {
  span.setAttributes({
    'langfuse.observation.input': JSON.stringify({ question: 'Is card-4111 valid?' }),
    'langfuse.observation.output': 'card-4111 is valid',
    'langfuse.trace.input': 'card-4111',
    'langfuse.observation.metadata': 'unmaskable card-4111',
    'langfuse.observation.type': 'generation',
  });
  trace.getTracer('ai').startActiveSpan('ai.generateText', (child) => {
    child.setAttributes({ 'langfuse.observation.input': 'card-4222', 'ai.model.id': 'loopback-1' }).end();
  });
  trace.getTracer('other').startActiveSpan('left out', (child) => child.setAttribute('a', 1).end());
  trace.getTracer('other').startActiveSpan('kept', (child) => {
    child.setAttribute('gen_ai.system', 'loopback').end();
  });
  span.end();
});
// The masks of what has ended are awaited before the other processor takes it.
await langfuse.forceFlush();
await provider.forceFlush();
await provider.shutdown();
