/** Two real receivers, each with its own headers: one dies under load and comes back. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { context as contextApi, propagation, trace as traceApi } from '@opentelemetry/api';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { startSpan } from '../../src/ai/trace.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { flush, init, shutdown, stats } from '../../src/init.ts';
import { balance, captureWarnings } from '../helpers/api-recorder.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/destinations.test.ts';
const SPANS = 6_000;
const BATCH = 200;
const TEXT = 'x'.repeat(800);
/** Five attempts with pauses of up to 5 s, and an attempt under way. */
const UPSTREAM_RETRIES_MILLIS = 20_000;

captureWarnings();

afterEach(async () => {
  await shutdown(100);
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
});

/** A receiver that can die and come back on its port. It keeps the names of spans and all headers. */
class Receiver {
  readonly names: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  port = 0;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('error', () => {});
      request.on('end', () => {
        this.headers.push(request.headers);
        for (const { scopeSpans } of readExportTraceServiceRequest(chunks).resourceSpans) {
          for (const { spans } of scopeSpans) this.names.push(...spans.map(({ name }) => name));
        }
        response.end();
      });
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }
}

async function receivers(): Promise<[Receiver, Receiver]> {
  const both: [Receiver, Receiver] = [new Receiver(), new Receiver()];
  for (const receiver of both) {
    await receiver.start();
    onTestFinished(() => receiver.stop());
  }
  return both;
}

/** Ends spans while the second receiver is down, and brings it back: what each lost, and how long the live one took. */
async function outage(
  [live, dead]: readonly [Receiver, Receiver],
  end: (name: string) => void,
  send: (millis: number) => Promise<unknown>,
): Promise<{ lostByLive: number; lostByDead: number }> {
  await dead.stop();
  for (let index = 0; index < SPANS; index += 1) {
    end(`span ${index}`);
    if (index % BATCH === BATCH - 1) await send(20);
  }
  await send(1_000);
  const lostByLive = SPANS - new Set(live.names).size;
  await dead.start();
  await send(10_000);
  return { lostByLive, lostByDead: SPANS - new Set(dead.names).size };
}

/** The same with opentelemetry-js: two batch processors with its exporters, and its defaults. */
async function upstreamOutage(): Promise<{ lostByLive: number; lostByDead: number }> {
  const require = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
  const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
  const both = await receivers();
  const spanProcessors = both.map(
    ({ base }) => new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces` })),
  );
  const provider = new BasicTracerProvider({ spanProcessors });
  const tracer = provider.getTracer('t');
  const end = (name: string) => tracer.startSpan(name, { attributes: { text: TEXT } }).end();
  const send = async (millis: number) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, millis);
    });
    await Promise.race([provider.forceFlush().catch(() => {}), late]);
    clearTimeout(timer);
  };
  const { lostByLive } = await outage(both, end, send);
  // Its flush does not wait for exports under way: they get the time that its retries take.
  await new Promise((resolve) => setTimeout(resolve, UPSTREAM_RETRIES_MILLIS));
  const lostByDead = SPANS - new Set(both[1].names).size;
  await Promise.race([provider.shutdown(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  return { lostByLive, lostByDead };
}

describe('a vendor and an own collector', { timeout: 120_000 }, () => {
  test('one that dies and comes back costs the other no span, and loses none that fit; no key changes hands', async () => {
    const [live, dead] = await receivers();
    init({
      exporters: [
        { endpoint: dead.base, headers: { 'x-key': 'canary-dead' } },
        { endpoint: live.base, headers: { 'x-key': 'canary-live' } },
      ],
    });
    let worst = 0;
    const end = (name: string): void => startSpan(name, { attributes: { text: TEXT } }).end();
    const send = async (millis: number) => {
      const report = await flush(millis);
      const now = stats();
      for (const destination of now.destinations) {
        worst = Math.max(worst, Math.abs(balance({ ...now, ...destination } as never)));
      }
      return report;
    };
    const started = performance.now();
    const { lostByLive, lostByDead } = await outage([live, dead], end, send);
    const seconds = (performance.now() - started) / 1_000;
    expect({ lostByLive, lostByDead, worst }).toEqual({ lostByLive: 0, lostByDead: 0, worst: 0 });
    for (const [index, { names }] of [dead, live].entries()) {
      expect(names).toHaveLength(SPANS);
      expect(stats().destinations[index]).toMatchObject({
        exported: SPANS,
        waiting: 0,
        failed: 0,
        dropped: {},
      });
    }
    expect(new Set(live.headers.map((headers) => headers['x-key']))).toEqual(new Set(['canary-live']));
    expect(new Set(dead.headers.map((headers) => headers['x-key']))).toEqual(new Set(['canary-dead']));
    expect(stats().destinations[0].lastError).toContain('ECONN');
    expect(stats().destinations[1].lastError).toBeUndefined();
    if (!WRITES_FIGURES) return;
    const upstream = await upstreamOutage();
    keepFigures(
      'destinations-outage',
      COMMAND,
      {
        'spans ended': SPANS,
        'lost by the live receiver, spans': lostByLive,
        'lost by the one that came back, spans': lostByDead,
        'ledger error, spans': worst,
        'whole run, s': Number(seconds.toFixed(1)),
      },
      {
        'spans ended': SPANS,
        'lost by the live receiver, spans': upstream.lostByLive,
        'lost by the one that came back, spans': upstream.lostByDead,
      },
    );
  });
});
