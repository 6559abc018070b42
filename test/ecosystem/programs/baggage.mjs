/** The processor that copies baggage into attributes, before a batch processor of the SDK's own. */
import { context, propagation, trace } from '@opentelemetry/api';
import { ALLOW_ALL_BAGGAGE_KEYS, BaggageSpanProcessor } from '@opentelemetry/baggage-span-processor';
import { start } from './sdk.mjs';

const provider = await start([], ({ BatchSpanProcessor, OTLPTraceExporter }) => [
  new BaggageSpanProcessor((key) => key.startsWith('app.')),
  new BatchSpanProcessor(new OTLPTraceExporter()),
]);
const tracer = trace.getTracer('program');
const baggage = propagation.createBaggage({ 'app.tenant': { value: 'blue' }, hidden: { value: 'no' } });
context.with(propagation.setBaggage(context.active(), baggage), () => {
  tracer.startActiveSpan('outer', (outer) => {
    tracer.startActiveSpan('inner', { attributes: { 'app.tenant': 'overwritten' } }, (inner) => inner.end());
    outer.end();
  });
});
tracer.startSpan('without').end();
if (!ALLOW_ALL_BAGGAGE_KEYS('hidden')) throw new Error('expected a predicate that allows all');
await provider.shutdown();
