/**
 * LangSmith's subclasses of a batch processor and of an exporter: attributes written as spans start, and again,
 * asynchronously, as they are exported. `processor` and `exporter` put only that one beside parts of the SDK.
 */
import { trace } from '@opentelemetry/api';
import { LangSmithOTLPTraceExporter } from 'langsmith/experimental/otel/exporter';
import { LangSmithOTLPSpanProcessor } from 'langsmith/experimental/otel/processor';
import { programArguments, start } from './sdk.mjs';

const [which] = programArguments;
const provider = await start([], ({ BatchSpanProcessor, OTLPTraceExporter }) => {
  const exporter =
    which === 'processor'
      ? new OTLPTraceExporter()
      : new LangSmithOTLPTraceExporter({
          apiKey: 'key',
          projectName: 'ecosystem',
          transformExportedSpan: async (span) => {
            await new Promise((resolve) => setImmediate(resolve));
            span.attributes.transformed = true;
            return span;
          },
        });
  return [which === 'exporter' ? new BatchSpanProcessor(exporter) : new LangSmithOTLPSpanProcessor(exporter)];
});

const tracer = trace.getTracer('ai');
tracer.startActiveSpan('request', (request) => {
  const attributes = {
    'ai.operationId': 'ai.generateText',
    'operation.name': 'ai.generateText',
    'ai.telemetry.metadata.ls_run_name': 'answer',
    'ai.telemetry.metadata.customer': 'c-1',
  };
  tracer.startActiveSpan('ai.generateText', { attributes }, (outer) => {
    tracer.startActiveSpan('between', (between) => {
      tracer.startActiveSpan(
        'ai.generateText.doGenerate',
        { attributes: { 'ai.operationId': 'ai.generateText.doGenerate' } },
        (inner) => {
          inner.setAttributes({
            'ai.prompt.messages': JSON.stringify([{ role: 'user', content: 'Do bees dance?' }]),
            'ai.response.text': 'They do.',
            'ai.usage.promptTokens': 9,
            'ai.usage.completionTokens': 4,
          });
          inner.end();
        },
      );
      between.end();
    });
    outer.end();
  });
  request.end();
});
await provider.forceFlush();
await provider.shutdown();
