/**
 * @module How a bundled program begins with either SDK, where threads and processes are tested: it then has `init`,
 * `startSpan`, `flush` and `stats`.
 */
import { fileURLToPath } from 'node:url';

export const OURS = `import { flush, init, startSpan, stats } from './src/index.ts';`;

/** opentelemetry-js 2.12.1, as its documentation sets it up. It keeps no numbers. */
export const THEIRS = `
  import { createRequire } from 'node:module';
  const load = createRequire(${JSON.stringify(fileURLToPath(new URL('../versions/sdk-2/', import.meta.url)))});
  const { BatchSpanProcessor, BasicTracerProvider } = load('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-proto');
  let provider;
  const init = () => {
    provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
  };
  const startSpan = (name, options) => provider.getTracer('t').startSpan(name, options);
  const flush = () => provider.forceFlush().catch(() => {});
  const stats = () => ({});`;
