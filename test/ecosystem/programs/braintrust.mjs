/** Braintrust's processor: filters, an attribute added by spreading and a Proxy, its own lazy exporter. */
import { BraintrustSpanProcessor } from '@braintrust/otel';
import { trace } from '@opentelemetry/api';
import { loadSdk, programArguments, start } from './sdk.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const { BatchSpanProcessor, OTLPTraceExporter } = await loadSdk();
const options = {
  apiKey: 'key',
  apiUrl: base,
  parent: 'project_name:ecosystem',
  environment: { type: 'ci', name: 'test' },
  filterAISpans: true,
  customFilter: (span) => (span.name === 'dropped' ? false : span.name === 'kept' ? true : null),
};
if (programArguments[0] === 'given') options._spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter());
const provider = await start([], () => [new BraintrustSpanProcessor(options)]);

const tracer = trace.getTracer('program', '1.0.0');
tracer.startActiveSpan('request', (outer) => {
  outer.setAttribute('braintrust.parent', 'project_name:other');
  tracer.startActiveSpan('llm.call', (inner) => {
    inner.setAttributes({ 'gen_ai.prompt': 'Do bees dance?', tokens: 9, words: ['a', 'b'] });
    inner.addEvent('first token', { at: 1.5 });
    inner.end();
  });
  for (const name of ['plain', 'kept', 'dropped']) {
    tracer.startActiveSpan(name, (inner) => inner.setAttribute('gen_ai.x', name).end());
  }
  tracer.startActiveSpan('no attributes', (inner) => inner.end());
  outer.end();
});
await provider.forceFlush();
await provider.shutdown();
