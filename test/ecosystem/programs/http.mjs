/** A server and clients of node:http, instrumented, with exports while they are at work. */
import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { listen, print, start } from './sdk.mjs';

const provider = await start([
  new HttpInstrumentation({
    headersToSpanAttributes: { client: { requestHeaders: ['x-tag'] }, server: { requestHeaders: ['x-tag'] } },
    requestHook: (span, request) => span.setAttribute('hook.kind', request.constructor.name),
    responseHook: (span, response) => span.setAttribute('hook.status', response.statusCode ?? 0),
    startOutgoingSpanHook: () => ({ 'hook.start': true }),
    applyCustomAttributesOnSpan: (span) => span.addEvent('custom', { list: ['a', 'b'], number: 1.5 }),
  }),
]);
const http = createRequire(import.meta.url)('node:http');
const tracer = trace.getTracer('program', '1.0.0');
// A connection for each request: what the last one finds does not depend on when an idle one was closed.
const agent = new http.Agent({ keepAlive: false });
const seen = [];

const server = http.createServer((request, response) => {
  seen.push({ path: request.url, traceparent: request.headers.traceparent });
  trace.getActiveSpan()?.setAttribute('from.handler', true);
  if (request.url === '/fails') response.statusCode = 500;
  if (request.url === '/missing') response.statusCode = 404;
  if (request.url === '/works') tracer.startActiveSpan('work', (span) => span.end());
  request.resume();
  request.on('end', () => response.end('body'));
});
const { url, close } = await listen(server);

function call(path, { method = 'GET', body, headers = { 'x-tag': 'red' } } = {}) {
  return new Promise((resolve) => {
    const request = http.request(`${url}${path}`, { method, headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('error', (error) => resolve(error.code));
    request.end(body);
  });
}

const statuses = await tracer.startActiveSpan('caller', async (span) => {
  const list = [await call('/works'), await call('/missing')];
  // An export of what has finished so far, in the context of a span, between two calls.
  await provider.forceFlush();
  list.push(await call('/fails', { method: 'POST', body: 'sent', headers: {} }));
  await provider.forceFlush();
  span.end();
  return list;
});
statuses.push(await call('/alone?secret=1'));
await close();
statuses.push(await call('/refused'));
await provider.shutdown();
print({ statuses, seen });
