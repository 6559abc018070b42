/** How a program of its own begins, with either SDK: it then has `finish(count)` and `flush()`. */
import { fileURLToPath } from 'node:url';

const FINISH = 'for (let index = 0; index < count; index++)';

/** The last line that it prints is the ledger at its end. */
export const SPANDREL = `
import { flush, init, span, startSpan, stats, trace } from 'spandrel';
init({ serviceName: 'servers' });
process.on('exit', () => console.log(JSON.stringify(stats())));
const finish = (count) => { ${FINISH} startSpan('work').end(); };
`;

/** opentelemetry-js 2.12.1. */
export const UPSTREAM = `
import { createRequire } from 'node:module';
const require = createRequire(${JSON.stringify(fileURLToPath(new URL('../../versions/sdk-2/package.json', import.meta.url)))});
const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const processor = new BatchSpanProcessor(new OTLPTraceExporter());
const provider = new BasicTracerProvider({ spanProcessors: [processor] });
const tracer = provider.getTracer('servers');
const finish = (count) => { ${FINISH} tracer.startSpan('work').end(); };
const flush = () => provider.forceFlush().catch(() => {});
`;
