/**
 * Logfire's processors: traces buffered whole, live spans included, and replayed or dropped later; a plain object
 * for each span that starts; spans gathered by a symbol that is set on them, for evaluations.
 */
import { trace } from '@opentelemetry/api';
import { PendingSpanProcessor, TailSamplingProcessor } from 'logfire';
import { getEvalsSpanProcessor } from 'logfire/evals';
import { print, start } from './sdk.mjs';

const base = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
const ERROR_LEVEL = 17;
const evals = getEvalsSpanProcessor();
const seen = [];
const recorder = {
  onStart: (span) => seen.push(['start', span.name, span.ended, { ...span.attributes }]),
  onEnd: (span) => seen.push(['end', span.name, span.ended, { ...span.attributes }]),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const provider = await start([], ({ BatchSpanProcessor, OTLPTraceExporter }) => {
  const batch = () => new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/tail/v1/traces` }));
  const wrapped = batch();
  const tail = ({ level }) => (level.gte('error') ? 1 : 0);
  const pending = new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/pending/v1/traces` }));
  return [
    new TailSamplingProcessor(wrapped, tail, { deferredProcessor: new PendingSpanProcessor(wrapped) }),
    new TailSamplingProcessor(recorder, tail),
    pending,
    new PendingSpanProcessor(pending),
    evals,
  ];
});
const tracer = trace.getTracer('program');

function handle(fails) {
  return tracer.startActiveSpan('request', { attributes: { fails } }, (outer) => {
    tracer.startActiveSpan('first', (inner) => {
      inner.setAttribute('late', 'set after the start was buffered').end();
    });
    tracer.startActiveSpan('second', (inner) => {
      inner.addEvent('seen');
      if (fails) inner.setAttribute('logfire.level_num', ERROR_LEVEL);
      inner.end();
    });
    tracer.startActiveSpan('third', (inner) => inner.end());
    outer.setAttribute('done', true);
    outer.end();
  });
}

handle(false);
evals.openBucket('case');
await evals.runWithBucket('case', () => handle(true));
handle(false);
const captured = evals.drainBucket('case');
await provider.forceFlush();
await provider.shutdown();
print({
  seen,
  captured: captured.map(({ name, ended, attributes }) => [name, ended, attributes]),
});
