/** Time that misbehaves: an event loop that stands still, clocks that are set, and a process that has nothing to do. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundle, run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { balance } from '../helpers/balance.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { nodeBinary } from '../versions/combinations.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import * as SIDES from './sdk-sources.ts';

const IS_LONG = process.env.SPANDREL_LONG === '1';
const COMMAND = 'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/faults/clocks.test.ts';
/** The same ratio as ten seconds and twelve, which SPANDREL_LONG=1 runs. */
const [TIMEOUT, STALL] = IS_LONG ? [10_000, 12_000] : [2_500, 3_000];

const UPSTREAM = fileURLToPath(new URL('../versions/sdk-2/', import.meta.url));

/** The two sides: how each starts, traces a span, sends all, and what it says of them. */
const OURS = `
  import { flush, init, shutdown, startSpan, stats } from './src/index.ts';
  const start = (endpoint, timeoutMillis) => init({ endpoint, timeoutMillis });
  const trace = () => startSpan('s').end();
  const send = () => flush();
  const numbers = () => stats();`;

const THEIRS = `
  import { createRequire } from 'node:module';
  const load = createRequire(${JSON.stringify(UPSTREAM)});
  const { BatchSpanProcessor, BasicTracerProvider } = load('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-proto');
  let provider;
  const start = (endpoint, timeoutMillis) => {
    const exporter = new OTLPTraceExporter({ url: endpoint + '/v1/traces', timeoutMillis });
    provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  };
  const trace = () => provider.getTracer('t').startSpan('s').end();
  const send = () => provider.forceFlush().catch(() => {});
  const numbers = () => ({});`;

/** A receiver in a thread of its own, for its time goes on; the program stands still once its request is there. */
const STALLED = (sdk: string) => `
  import { createServer } from 'node:http';
  import { fileURLToPath } from 'node:url';
  import { isMainThread, parentPort, Worker } from 'node:worker_threads';
  ${sdk}
  const [timeout, stall] = process.argv.slice(2).map(Number);
  if (isMainThread) {
    const worker = new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2) });
    let requests = 0;
    worker.on('message', async (message) => {
      if (message !== 'request') {
        start('http://127.0.0.1:' + message, timeout);
        for (let index = 0; index < 100; index += 1) trace();
        await send();
        // What a false time-out would send again comes within a second.
        setTimeout(() => {
          console.log(JSON.stringify({ requests, ...numbers() }));
          process.exit();
        }, 1_500);
        return;
      }
      requests += 1;
      if (requests === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall);
    });
  } else {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        parentPort.postMessage('request');
        setTimeout(() => response.end(), stall / 2);
      });
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  }
`;

test.concurrent('an event loop that stands still for longer than an export may take times out none, and repeats none', {
  timeout: 60_000,
}, async () => {
  const parameters = [String(TIMEOUT), String(STALL)];
  const { stdout, stderr } = await run(await bundle(STALLED(OURS)), {
    arguments: parameters,
    deadlineMillis: 40_000,
  });
  const { requests, ...stats } = JSON.parse(stdout);
  expect([stderr, requests, balance(stats)]).toEqual(['', 1, 0]);
  expect(stats).toMatchObject({ started: 100, exported: 100, failed: 0 });
  expect(stats.lastError).toBeUndefined();
  if (!WRITES_FIGURES) return;
  const theirs = await run(await bundle(STALLED(THEIRS)), { arguments: parameters, deadlineMillis: 60_000 });
  keepFigures(
    'process-stall',
    COMMAND,
    { 'stall, ms': STALL, requests, 'spans delivered, of 100': stats.exported },
    { 'stall, ms': STALL, requests: JSON.parse(theirs.stdout).requests },
  );
});

/**
 * Sets the wall clock an hour ahead, an hour back and right again, while a receiver refuses: the spacing of retries, and
 * the times of spans, by the monotonic clock.
 */
const JUMPING = (sdk: string) => `
  import { writeFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  ${sdk}
  let offset = 0;
  const file = process.env.FAKETIME_TIMESTAMP_FILE;
  if (file === undefined) {
    const { now } = Date;
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...given) { given.length === 0 ? super(now() + offset) : super(...given); }
      static now() { return now() + offset; }
    };
  }
  const jump = (hours) => {
    offset = hours * 3_600_000;
    if (file !== undefined) writeFileSync(file, (hours < 0 ? '' : '+') + hours * 3600 + '\\n');
  };
  // Full jitter at its middle: 500 ms, 1 s, 2 s.
  Math.random = () => 0.5;
  const jumps = [1, -1, 0];
  const spacings = [];
  let answered = 0;
  let control;
  let attempts = 0;
  const server = createServer((request, response) => request.resume().on('end', () => {
    const now = performance.now();
    if (attempts > 0 && attempts <= jumps.length) spacings.push({ wanted: 250 * 2 ** attempts, took: now - answered, control: control?.late ?? 0 });
    attempts += 1;
    response.statusCode = attempts <= jumps.length ? 503 : 200;
    response.end(() => {
      answered = performance.now();
      if (attempts > jumps.length) return;
      const wanted = 250 * 2 ** attempts;
      const own = (control = { late: undefined });
      // What a timer of the same length is late by is the machine's doing.
      setTimeout(() => { own.late = performance.now() - answered - wanted; }, wanted);
      jump(jumps[attempts - 1]);
    });
  }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  start('http://127.0.0.1:' + server.address().port, 10_000);
  trace();
  const wallOf = ([seconds, nanos]) => seconds * 1000 + nanos / 1e6;
  const spans = [];
  const open = (name) => {
    const before = performance.now();
    const span = tracer().startSpan(name);
    return { span, before, after: performance.now() };
  };
  const close = ({ span, before, after }) => {
    const inner = performance.now() - after;
    // Of arena mode: the handle keeps both times.
    span.end();
    const outer = performance.now() - before;
    const duration = wallOf(span.endTime) - wallOf(span.startTime);
    spans.push(Math.max(0, inner - duration, duration - outer));
    return duration;
  };
  let negative = 0;
  const sent = send();
  const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
  // Some live over a jump, some over the moment at which the anchor is held against the wall clock.
  while (attempts <= jumps.length && performance.now() < 20_000) {
    const [long, short] = [open('long'), open('short')];
    await wait(1);
    if (close(short) < 0) negative += 1;
    await wait(700);
    if (close(long) < 0) negative += 1;
  }
  await sent;
  console.log(JSON.stringify({ attempts, spacings, error: Math.max(...spans), negative, spans: spans.length, ...numbers() }));
  process.exit();
`;

const TRACER = `${OURS}
  import { trace as api } from '@opentelemetry/api';
  const tracer = () => api.getTracer('t');`;
const THEIR_TRACER = `${THEIRS}
  const tracer = () => provider.getTracer('t');`;

interface Jumped {
  readonly attempts: number;
  readonly spacings: readonly { wanted: number; took: number; control: number }[];
  readonly error: number;
  readonly negative: number;
  readonly exported: number;
}

/** How far a spacing is from what it should be, beyond what a timer beside it was late by: a part of it. */
function deviation({ wanted, took, control }: Jumped['spacings'][number]): number {
  return (took - wanted - Math.min(control, took - wanted)) / wanted;
}

async function jumpClocks(sdk: string, environment: Record<string, string>): Promise<Jumped> {
  const { stdout, stderr } = await run(await bundle(JUMPING(sdk)), { environment, deadlineMillis: 40_000 });
  if (stdout === '') throw new Error(`expected numbers, got ${stderr}`);
  return JSON.parse(stdout);
}

async function expectUnmoved(how: string, environment: Record<string, string>): Promise<void> {
  const ours = await jumpClocks(TRACER, environment);
  expect(ours).toMatchObject({ negative: 0 });
  // 1 ms, and what a double of epoch milliseconds cannot hold.
  expect(ours.error).toBeLessThan(1);
  expect(ours.exported).toBeGreaterThan(0);
  const deviations = ours.spacings.map(deviation);
  expect(deviations).toHaveLength(3);
  for (const part of deviations) expect(Math.abs(part)).toBeLessThan(0.1);
  if (!WRITES_FIGURES) return;
  const figures = ({ attempts, spacings, error, negative }: Jumped) => ({
    'requests, at least 4 needed': attempts,
    'retry spacing off by at most, %': Number(
      (100 * Math.max(0, ...spacings.map((spacing) => Math.abs(deviation(spacing))))).toFixed(1),
    ),
    'spans that end before they start': negative,
    'largest error of a duration, ms': Number(error.toFixed(3)),
  });
  const { 'retry spacing off by at most, %': _, ...theirs } = figures(
    await jumpClocks(THEIR_TRACER, environment),
  );
  keepFigures(`process-clock-${how}`, COMMAND, figures(ours), theirs);
}

describe.concurrent('a wall clock that is set by an hour', { timeout: 90_000 }, () => {
  test('in Date moves no retry, and no duration of a span', async () => {
    await expectUnmoved('date', {});
  });
});

/** Where Debian's libfaketime lies, which faketime preloads. */
function libfaketime(): string | undefined {
  const roots = ['/usr/lib', '/usr/local/lib'].filter((root) => existsSync(root));
  const folders = roots.flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))]);
  return folders
    .map((folder) => join(folder, 'faketime/libfaketimeMT.so.1'))
    .find((library) => existsSync(library));
}

const probeFaketime = () =>
  libfaketime() === undefined ? 'Expected libfaketime; install the package faketime.' : undefined;

requireCounterpart('faketime', probeFaketime)('a wall clock that faketime sets by an hour', () => {
  test('moves no retry, and no duration of a span', { timeout: 90_000 }, async () => {
    const file = join(await bundle(''), '../faketime.rc');
    await expectUnmoved('faketime', {
      LD_PRELOAD: libfaketime() as string,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    });
  });
});

/** Traces twice over one connection, and prints what holds the process before, meanwhile and after. */
const IDLE = (sdk: string) => `
  ${sdk}
  // The loader's and the test's own.
  const resources = () =>
    process.getActiveResourcesInfo().filter((name) => name !== 'CloseReq' && name !== 'Immediate');
  const before = resources();
  init();
  const seen = [];
  for (let round = 0; round < 2; round += 1) {
    startSpan('s').end();
    seen.push(resources());
    await flush();
    startSpan('s').end();
    seen.push(resources());
  }
  await flush();
  // The socket is let go of in the turn after the answer.
  setImmediate(() => {
    seen.push(resources());
    console.log(JSON.stringify({ before, seen }));
  });
`;

/** Runs it with either SDK; what holds the process, and what came. */
async function runIdle(sdk: string, node: number) {
  const receiver = await receiveOtlp();
  const { code, stdout, stderr, millis } = await run(await bundle(IDLE(sdk)), {
    node: nodeBinary(node),
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
  });
  expect([code, stderr]).toEqual([0, '']);
  const { before, seen } = JSON.parse(stdout) as { before: string[]; seen: string[][] };
  const [connections, spans] = [receiver.connections.length, receiver.spans.length];
  const figures = {
    'resources held at five moments': seen.flat().length - 5 * before.length,
    'of these at the last': (seen.at(-1) ?? []).length - before.length,
    'connections kept alive': connections,
    'whole life of the process, ms': Math.round(millis),
  };
  return { before, seen, connections, spans, figures };
}

for (const node of [20, 22, 24]) {
  const probe = () =>
    existsSync(nodeBinary(node)) ? undefined : 'Expected npm ci --prefix test/versions/node.';
  requireCounterpart(`Node ${node}`, probe)(`an idle program on Node ${node}`, () => {
    test('is kept by nothing of ours, a kept-alive connection included', { timeout: 30_000 }, async () => {
      const { before, seen, connections, spans, figures } = await runIdle(SIDES.OURS, node);
      expect([before, ...seen]).toEqual(new Array(6).fill([]));
      expect([connections, spans]).toEqual([1, 4]);
      if (!WRITES_FIGURES) return;
      keepFigures(`process-idle-${node}`, COMMAND, figures, (await runIdle(SIDES.THEIRS, node)).figures);
    });
  });
}
