/** The same over real HTTP, with real time: fewer, and every one held against what the receiver decoded. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { OTLPTraceExporter } from '../../src/api/otlp-trace-exporter.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { balance, captureWarnings } from '../helpers/api-recorder.ts';
import { spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import { receive } from '../helpers/fault-server.ts';
import { randomOf, TIMEOUT, volume, where } from './volume.ts';

captureWarnings();

/** A server that answers as its random numbers say; counts the spans it answered with 200. */
async function oddServer(index: number) {
  const random = randomOf(-1 - index);
  const seen = { delivered: 0 };
  const server = await receive((response, number) => {
    const spans = spansByProtobufjs(server.requests[number].body).length;
    const mood = random.next();
    if (mood < 0.5) {
      seen.delivered += spans;
      response.end();
    } else if (mood < 0.65) response.writeHead(503).end();
    else if (mood < 0.75) response.writeHead(429, { 'retry-after': '1' }).end();
    else if (mood < 0.85) response.writeHead(400).end('no');
    else if (mood < 0.93) response.destroy();
    // The rest never answers: the attempt has its own deadline.
  });
  return { server, seen };
}

async function run(index: number): Promise<void> {
  const random = randomOf(index);
  const { server, seen } = await oddServer(index);
  const exporter = new OTLPTraceExporter({ url: server.url, timeoutMillis: 100 });
  const provider = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 5, maxExportBatchSize: 4 })],
  });
  const tracer = provider.getTracer('http');
  const waits: Promise<unknown>[] = [];
  for (let step = 10 + random.below(20); step > 0; step -= 1) {
    const action = random.next();
    if (action < 0.6) tracer.startSpan('span', {}, ROOT_CONTEXT).end();
    else if (action < 0.75) waits.push(provider.flush(random.pick([0, 20, 300])));
    else await new Promise(setImmediate);
    expect(balance(provider.stats()), where(index)).toBe(0);
  }
  const stopping = provider.shutdown(random.pick([0, 50, 700]));
  expect(provider.shutdown(5), where(index)).toBe(stopping);
  tracer.startSpan('late', {}, ROOT_CONTEXT).end();
  await Promise.all([stopping, ...waits]);
  const { exported, waiting, live } = provider.stats();
  expect(balance(provider.stats()), where(index)).toBe(0);
  expect([waiting, live], where(index)).toEqual([0, 0]);
  // An answer that came when its attempt was given up was lost after delivery.
  expect(exported, where(index)).toBeLessThanOrEqual(seen.delivered);
}

test('over real HTTP, any interleaving keeps the ledger exact and has an end', {
  timeout: TIMEOUT,
}, async () => {
  const count = volume(24, 400);
  for (let first = 0; first < count; first += 8) {
    await Promise.all(Array.from({ length: 8 }, (_, offset) => run(first + offset)));
  }
});
