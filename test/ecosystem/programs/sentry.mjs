/**
 * Sentry's processor, sampler, propagator and context manager; it gathers a trace from its spans and sends it in
 * an envelope of its own. Beside it a batch processor of the SDK's own. With the argument `foreign-ids` the ids are
 * made by opentelemetry-js.
 */
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import * as Sentry from '@sentry/node-core';
import {
  SentryAsyncLocalStorageContextManager,
  SentryPropagator,
  SentrySampler,
  SentrySpanProcessor,
} from '@sentry/opentelemetry';
import { loadSdk, print, programArguments } from './sdk.mjs';

const { host } = new URL(process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
const client = Sentry.init({
  dsn: `http://public@${host}/1`,
  tracesSampleRate: 1,
  defaultIntegrations: false,
  tracePropagationTargets: [/./],
});
const { BatchSpanProcessor, NodeTracerProvider, OTLPTraceExporter } = await loadSdk();
const provider = new NodeTracerProvider({
  sampler: new SentrySampler(client),
  ...(programArguments[0] === 'foreign-ids' ? { idGenerator: new RandomIdGenerator() } : {}),
  spanProcessors: [new SentrySpanProcessor(), new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register({
  propagator: new SentryPropagator(),
  contextManager: new SentryAsyncLocalStorageContextManager(),
});
Sentry.validateOpenTelemetrySetup();

const tracer = trace.getTracer('program');
const carrier = {};
const attributes = { 'http.request.method': 'GET', 'url.path': '/ask', 'http.route': '/ask' };
tracer.startActiveSpan('GET', { kind: SpanKind.SERVER, attributes }, (request) => {
  tracer.startActiveSpan('query', { attributes: { 'db.system': 'redis' } }, (query) => {
    query.setStatus({ code: SpanStatusCode.ERROR, message: 'it failed' }).end();
  });
  Sentry.startSpan({ name: 'through Sentry', op: 'ai.run', attributes: { tokens: 9 } }, (span) => {
    span.updateName('renamed');
    propagation.inject(context.active(), carrier);
  });
  request.setAttribute('http.response.status_code', 200);
  request.end();
});
await Sentry.flush(5000);
await provider.shutdown();
print({ headers: Object.keys(carrier).sort() });
