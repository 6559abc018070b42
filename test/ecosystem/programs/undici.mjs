/** Clients of undici and the global fetch, instrumented. */
import { createServer } from 'node:http';
import { SpanKind, trace } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { request } from 'undici';
import { listen, print, start } from './sdk.mjs';

const provider = await start([
  new UndiciInstrumentation({
    requestHook: (span, { path }) => span.setAttribute('hook.path', path),
    responseHook: (span, { response }) => span.setAttribute('hook.status', response.statusCode),
    startSpanHook: () => ({ 'hook.start': ['a', 'b'] }),
    headersToSpanAttributes: { requestHeaders: ['x-tag'], responseHeaders: ['content-type'] },
  }),
]);
const tracer = trace.getTracer('program');
const seen = [];
const { url, close } = await listen(
  createServer((incoming, response) => {
    seen.push({ path: incoming.url, traceparent: incoming.headers.traceparent });
    if (incoming.url === '/missing') response.statusCode = 404;
    if (incoming.url === '/cut') return incoming.socket.destroy();
    response.setHeader('content-type', 'text/plain');
    response.end('body');
  }),
);

await tracer.startActiveSpan('caller', { kind: SpanKind.CONSUMER }, async (span) => {
  await (await fetch(`${url}/fetched?a=1`, { headers: { 'x-tag': 'red' } })).text();
  await provider.forceFlush();
  await (await fetch(`${url}/missing`, { method: 'POST', body: 'sent' })).text();
  const { body } = await request(`${url}/requested`);
  await body.text();
  await Promise.all([fetch(`${url}/one`), fetch(`${url}/two`)].map(async (reply) => (await reply).text()));
  await fetch(`${url}/cut`).catch((error) => span.recordException(error));
  span.end();
});
await (await fetch(`${url}/alone`)).text();
await close();
await provider.shutdown();
print({ seen });
