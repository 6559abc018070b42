/** @module When clients of opentelemetry-js come back to a collector that answers 503: for the figures only. */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import { startReceiver } from './receiver.ts';

/** Longer than it tries at all: its time-out is over after ten seconds. */
const WATCHED_MILLIS = 20_000;

interface Upstream {
  BasicTracerProvider: new (options: object) => { getTracer(name: string): Tracer };
  SimpleSpanProcessor: new (exporter: object) => object;
  OTLPTraceExporter: new (options: object) => object;
}

/** The times of all attempts of each of `clients` to send one span, in milliseconds. */
export async function upstreamAttempts(clients: number): Promise<number[][]> {
  const load = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
  const { BasicTracerProvider, SimpleSpanProcessor, OTLPTraceExporter } = {
    ...load('@opentelemetry/sdk-trace-base'),
    ...load('@opentelemetry/exporter-trace-otlp-proto'),
  } as Upstream;
  const receiver = await startReceiver(() => ({ status: 503 }));
  try {
    for (let client = 0; client < clients; client += 1) {
      const exporter = new OTLPTraceExporter({
        url: `http://127.0.0.1:${receiver.port}/v1/traces`,
        headers: { client: `${client}` },
      });
      const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
      provider.getTracer('pauses').startSpan('s').end();
    }
    await delay(WATCHED_MILLIS);
    return Array.from({ length: clients }, (_, client) =>
      receiver.arrivals.filter(({ headers }) => headers.client === `${client}`).map(({ at }) => at),
    );
  } finally {
    await receiver.close();
  }
}
