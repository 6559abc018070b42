/** Starts the SDK that the first argument names, spandrel or opentelemetry-js, in the same words. */
import { registerInstrumentations } from '@opentelemetry/instrumentation';

export const [, , sdkName, ...programArguments] = process.argv;

/** The classes of both SDKs under one set of names. */
export async function loadSdk(name = sdkName) {
  if (name === 'spandrel') return import('spandrel/otel');
  const [core, resources, sdk, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  return { ...core, ...resources, ...sdk, OTLPTraceExporter };
}

const idle = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };

/**
 * Registers a provider that exports in batches, or the given processors, and starts the instrumentations. With
 * ECOSYSTEM_IDLE_PROCESSOR set, a processor of no SDK stands beside the batches.
 */
export async function start(instrumentations = [], spanProcessors = undefined) {
  const sdk = await loadSdk();
  const batches = () => [new sdk.BatchSpanProcessor(new sdk.OTLPTraceExporter())];
  const provider = new sdk.NodeTracerProvider({
    spanProcessors: spanProcessors?.(sdk) ?? batches().concat(beside()),
  });
  provider.register();
  registerInstrumentations({ instrumentations });
  return provider;
}

const beside = () => (process.env.ECOSYSTEM_IDLE_PROCESSOR ? [idle] : []);

/** Prints what the test compares. */
export function print(value) {
  process.stdout.write(JSON.stringify(value));
}

/** Starts an HTTP server, or what `listen`s like one, on a free loopback port. */
export function listen(server) {
  return new Promise((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${listening.address().port}`, close: () => close(listening) }),
    );
  });
}

function close(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}
