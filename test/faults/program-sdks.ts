/** @module The two SDKs as the program of the fault tests sees them. */

import { createRequire } from 'node:module';
import { type Tracer, trace } from '@opentelemetry/api';
import { flush, type InitOptions, init, type Stats, shutdown, stats } from '../../src/index.ts';
import type { ProgramOptions } from './program.ts';

export interface Sdk {
  readonly tracer: Tracer;
  flush(millis: number): Promise<unknown>;
  shutdown(millis: number): Promise<unknown>;
  ledger(): Stats | undefined;
}

export function startSdk(options: ProgramOptions): Sdk {
  return options.sdk === 'spandrel' ? startSpandrel(options) : startUpstream(options);
}

function startSpandrel({ endpoint, init: given }: ProgramOptions): Sdk {
  init({ endpoint, ...(given as InitOptions) });
  return { tracer: trace.getTracer('faults'), flush, shutdown, ledger: stats };
}

interface UpstreamProvider {
  getTracer(name: string): Tracer;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** As its documentation sets it up: batch processor, OTLP/HTTP exporter, defaults. */
function startUpstream({ endpoint, init: given, upstream }: ProgramOptions): Sdk {
  const load = createRequire(upstream);
  const { BasicTracerProvider, BatchSpanProcessor } = load('@opentelemetry/sdk-trace-base') as {
    BasicTracerProvider: new (options: object) => UpstreamProvider;
    BatchSpanProcessor: new (exporter: object) => object;
  };
  const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-proto') as {
    OTLPTraceExporter: new (options: object) => object;
  };
  const exporter = new OTLPTraceExporter({ url: `${given?.endpoint ?? endpoint}/v1/traces` });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const within = (millis: number, work: Promise<void>): Promise<string> => {
    const deadline = new Promise<string>((resolve) => {
      setTimeout(() => resolve('deadline'), millis).unref();
    });
    return Promise.race([
      work.then(
        () => 'resolved',
        (error: unknown) => `rejected: ${String(error).slice(0, 200)}`,
      ),
      deadline,
    ]);
  };
  return {
    tracer: provider.getTracer('faults'),
    flush: (millis) => within(millis, provider.forceFlush()),
    shutdown: (millis) => within(millis, provider.shutdown()),
    ledger: () => undefined,
  };
}
