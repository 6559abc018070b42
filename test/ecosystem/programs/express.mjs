/** Two Express applications; the first asks the second by fetch while it answers: one trace over both. */
import { createRequire } from 'node:module';
import { context, propagation, trace } from '@opentelemetry/api';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { listen, print, start } from './sdk.mjs';

const provider = await start([
  new HttpInstrumentation({ ignoreOutgoingRequestHook: () => false }),
  new ExpressInstrumentation({
    requestHook: (span, { layerType }) => span.setAttribute('hook.layer', layerType),
  }),
  new UndiciInstrumentation(),
]);
const require = createRequire(import.meta.url);
require('node:http');
const express = require('express');
const tracer = trace.getTracer('program');
const seen = [];

function application() {
  const app = express();
  app.use(function remember(request, _response, next) {
    const { traceparent, tracestate, baggage } = request.headers;
    seen.push({ path: request.path, traceparent, tracestate, baggage });
    next();
  });
  return app;
}

const back = application();
const router = express.Router();
router.get('/stock/:id', async (request, response) => {
  const entry = propagation.getBaggage(context.active())?.getEntry('tenant');
  await tracer.startActiveSpan('look up', async (span) => {
    span.setAttribute('tenant', entry?.value ?? 'none');
    await new Promise((resolve) => setImmediate(resolve));
    span.end();
  });
  response.json({ id: request.params.id, active: trace.getActiveSpan() !== undefined });
});
back.use('/api', router);
const backend = await listen(back);

const front = application();
front.use(express.json());
front.post('/order/:id', async (request, response) => {
  const reply = await fetch(`${backend.url}/api/stock/${request.params.id}`);
  response.json({ order: request.body, stock: await reply.json() });
});
front.get('/fails', () => {
  throw new TypeError('the handler failed');
});
front.use((error, _request, response, _next) => {
  trace.getActiveSpan()?.recordException(error);
  response.status(500).json({ error: error.message });
});
const frontend = await listen(front);

const baggage = propagation.createBaggage({ tenant: { value: 'blue' } });
const answers = await tracer.startActiveSpan('shop', (span) =>
  context.with(propagation.setBaggage(context.active(), baggage), async () => {
    const headers = { 'content-type': 'application/json' };
    const order = await fetch(`${frontend.url}/order/7`, { method: 'POST', headers, body: '{"count":2}' });
    const failed = await fetch(`${frontend.url}/fails`);
    span.end();
    return [await order.json(), await failed.json()];
  }),
);
await frontend.close();
await backend.close();
await provider.shutdown();
print({ answers, seen });
