/**
 * NodeSDK, the set-up of opentelemetry-js that programs start from, in its oldest version of 2.x, with an exporter
 * or a processor of the SDK named inside it.
 */
import * as api from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { loadSdk, programArguments } from './sdk.mjs';
import { spanLimits, work } from './work.mjs';

const { BatchSpanProcessor, OTLPTraceExporter, resourceFromAttributes: ownResource } = await loadSdk();
const traceExporter = new OTLPTraceExporter();
const inside = {
  exporter: { traceExporter },
  processor: { spanProcessors: [new BatchSpanProcessor(traceExporter)] },
  resource: { traceExporter, resource: ownResource({ 'service.name': 'merged', replicas: 3 }) },
};
const sdk = new NodeSDK({
  resource: resourceFromAttributes({ 'service.name': 'node-sdk' }),
  autoDetectResources: false,
  spanLimits,
  instrumentations: [],
  ...inside[programArguments[0]],
});
sdk.start();
work(api.trace.getTracerProvider(), api);
await sdk.shutdown();
