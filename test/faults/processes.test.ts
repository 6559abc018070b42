/** Processes beside each other: those of cluster and of child_process.fork, and the ids that all of them make. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundle, run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { balance, type Counts } from '../helpers/balance.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';

const IS_LONG = process.env.SPANDREL_LONG === '1';
const COMMAND = 'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/faults/processes.test.ts';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROCESSES = 3;
const SPANS = 500;

/**
 * Starts processes that trace, by cluster or by fork, and brings each to its end. A process writes its ledger to the
 * shared output at its end, or, where it will be killed, before.
 */
const PROGRAM = `
  import { fork } from 'node:child_process';
  import cluster from 'node:cluster';
  import { writeSync } from 'node:fs';
  import { fileURLToPath } from 'node:url';
  import { flush, init, startSpan, stats } from './src/index.ts';

  const [how, fate, count, spans] = process.argv.slice(2);
  const isChild = cluster.isWorker || process.env.FORKED !== undefined;
  const report = () => writeSync(1, JSON.stringify({ process: process.env.NUMBER, counts: stats() }) + '\\n');
  const trace = (part) => {
    for (let index = 0; index < part; index += 1) startSpan('process ' + process.env.NUMBER).end();
  };
  if (isChild) {
    init();
    trace(spans / 2);
    await flush();
    trace(spans / 2);
    if (fate === 'killed') report();
    else process.on('exit', report);
    process.send('ready');
    // Its parent disconnects it, kills it, or lets it end: then the channel is all that holds it. Cluster ends a process
    // whose channel closes in another way by process.exit().
    if (fate === 'natural') (cluster.worker ?? process).disconnect();
    else if (fate === 'cut off') process.disconnect();
    else process.on('message', () => {});
  } else {
    for (let number = 0; number < count; number += 1) {
      const environment = { ...process.env, NUMBER: String(number), FORKED: how === 'fork' ? '1' : undefined };
      const child = how === 'fork'
        ? fork(fileURLToPath(import.meta.url), process.argv.slice(2), { env: environment })
        : cluster.fork({ NUMBER: String(number) });
      child.on('message', () => {
        if (fate === 'disconnected') child.disconnect();
        if (fate === 'killed') child.kill();
      });
      child.on('exit', (code, signal) => writeSync(1, JSON.stringify({ end: signal ?? code }) + '\\n'));
    }
  }
`;

describe.each(['cluster', 'fork'])('processes of %s', { timeout: 60_000 }, (how) => {
  test.each([
    ['natural', SPANS, 0],
    ['disconnected', SPANS, 0],
    // Without a signal hook: what was not sent is lost with the process.
    ['killed', SPANS / 2, 'SIGTERM'],
  ])('that are %s deliver %i of 500 spans each, as their ledgers say', async (fate, delivered, end) => {
    const receiver = await receiveOtlp();
    const result = await run(await bundle(PROGRAM), {
      arguments: [how, fate, String(PROCESSES), String(SPANS)],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
      deadlineMillis: 30_000,
    });
    expect([result.code, result.stderr]).toEqual([0, '']);
    const lines = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => 'end' in line)).toEqual(new Array(PROCESSES).fill({ end }));
    const ledgers: { process: string; counts: Counts }[] = lines.filter((line) => 'counts' in line);
    expect(ledgers).toHaveLength(PROCESSES);
    const names = receiver.spans.map(({ name }) => name);
    for (const { process, counts } of ledgers) {
      expect([balance(counts), counts.live, counts.exported]).toEqual([0, 0, delivered]);
      expect(names.filter((name) => name === `process ${process}`)).toHaveLength(delivered);
    }
    if (how === 'fork') return;
    keepFigures(`process-cluster-${fate}`, COMMAND, {
      processes: PROCESSES,
      'spans ended': PROCESSES * SPANS,
      'spans received': names.length,
    });
  });
});

test('processes of cluster that lose their primary say how many spans that cost', async () => {
  const receiver = await receiveOtlp();
  const result = await run(await bundle(PROGRAM), {
    arguments: ['cluster', 'cut off', String(PROCESSES), String(SPANS)],
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
  });
  expect(result.stderr.match(/^spandrel: 250 finished spans were not sent/gm)).toHaveLength(PROCESSES);
  expect(receiver.spans).toHaveLength((PROCESSES * SPANS) / 2);
});

/**
 * Lets eight threads or processes make ids at the same moment, and counts the pairs that are equal: of span ids, and of
 * either half of trace ids. An id is asked of a span, or, for the figures, of another SDK's generator.
 */
const IDS = (source: string) => `
  import { fork } from 'node:child_process';
  import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import { fileURLToPath } from 'node:url';
  import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
  ${source}

  const [kind, makers, count] = process.argv.slice(2);
  const target = workerData?.target ?? process.env.IDS_TARGET;
  const port = parentPort ?? process;
  if (target !== undefined) {
    port.once('message', () => {
      const bytes = Buffer.allocUnsafe(count * 24);
      for (let index = 0; index < count; index += 1) {
        const { traceId, spanId } = makeIds();
        bytes.write(traceId, index * 24, 'hex');
        bytes.write(spanId, index * 24 + 16, 'hex');
      }
      writeFileSync(target, bytes);
      if (isMainThread) process.disconnect();
    });
    (parentPort ? parentPort.postMessage.bind(parentPort) : process.send.bind(process))('ready');
  } else {
    const file = fileURLToPath(import.meta.url);
    const folder = mkdtempSync(join(tmpdir(), 'spandrel-ids-'));
    let ready = 0;
    let ended = 0;
    const all = Array.from({ length: Number(makers) }, (_, number) => {
      const path = join(folder, String(number));
      const child = kind === 'process'
        ? fork(file, process.argv.slice(2), { env: { ...process.env, IDS_TARGET: path } })
        : new Worker(file, { argv: process.argv.slice(2), workerData: { target: path } });
      child.on('message', () => {
        ready += 1;
        if (ready === all.length) for (const one of all) kind === 'process' ? one.send('go') : one.postMessage('go');
      });
      child.on('exit', () => {
        ended += 1;
        if (ended === all.length) compare();
      });
      return child;
    });
    const compare = () => {
      const ids = all.map((_, number) => readFileSync(join(folder, String(number))));
      rmSync(folder, { recursive: true });
      const words = ids.map((bytes) => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8));
      let equal = 0;
      for (const part of [0, 1, 2]) {
        const sorted = new BigUint64Array(makers * count);
        let at = 0;
        for (const list of words) for (let index = part; index < list.length; index += 3) sorted[at++] = list[index];
        sorted.sort();
        for (let index = 1; index < sorted.length; index += 1) if (sorted[index] === sorted[index - 1]) equal += 1;
      }
      console.log(JSON.stringify({ ids: makers * count, equal }));
    };
  }
`;

const OURS = `
  import { init, startSpan } from './src/index.ts';
  init({ exporters: [] });
  const makeIds = () => {
    const span = startSpan('s');
    span.end();
    return span.spanContext();
  };`;

const UPSTREAM = `
  import { createRequire } from 'node:module';
  const { RandomIdGenerator } = createRequire(${JSON.stringify(`${ROOT}test/versions/sdk-2/`)})('@opentelemetry/sdk-trace-base');
  const generator = new RandomIdGenerator();
  const makeIds = () => ({ traceId: generator.generateTraceId(), spanId: generator.generateSpanId() });`;

const MAKERS = 8;
const IDS_EACH = IS_LONG ? 1_000_000 : 20_000;

async function makeIds(source: string, kind: string): Promise<{ ids: number; equal: number }> {
  const program = await bundle(IDS(source));
  const { stdout, stderr } = await run(program, {
    arguments: [kind, String(MAKERS), String(IDS_EACH)],
    deadlineMillis: 300_000,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('ids', { timeout: 400_000 }, () => {
  // All 8 × 10^6 take a minute: SPANDREL_LONG=1. Among them one equal pair of 64 bits is expected once in 10^5 runs.
  test.each(['process', 'worker'])('of the spans of eight are unique, a %s each', async (kind) => {
    const ours = await makeIds(OURS, kind);
    expect(ours).toEqual({ ids: MAKERS * IDS_EACH, equal: 0 });
    if (!WRITES_FIGURES) return;
    const upstream = await makeIds(UPSTREAM, kind);
    const figures = ({ ids, equal }: typeof ours) => ({
      'ids of spans and traces': ids,
      'equal pairs': equal,
    });
    keepFigures(`process-ids-${kind}`, COMMAND, figures(ours), figures(upstream));
  });

  test('of processes that start from one snapshot differ', async () => {
    const folder = join(await bundle(''), '..');
    const [script, blob] = [join(folder, 'snapshot.cjs'), join(folder, 'snapshot.blob')];
    const source = `
      import { RandomIdGenerator } from './src/api/ids.ts';
      const generator = new RandomIdGenerator();
      generator.generateSpanId();
      require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {
        console.log(generator.generateSpanId(), generator.generateSpanId());
      });`;
    const stdin = { contents: source, resolveDir: ROOT, loader: 'ts' as const };
    await build({
      stdin,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      outfile: script,
      logLevel: 'silent',
    });
    execFileSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', script]);
    const started = [0, 1, 2].map(() =>
      execFileSync(process.execPath, ['--snapshot-blob', blob, 'main'], { encoding: 'utf8' })
        .trim()
        .split(' '),
    );
    expect(new Set(started.flat()).size).toBe(6);
    if (!WRITES_FIGURES) return;
    keepFigures('process-ids-snapshot', COMMAND, {
      processes: 3,
      ids: 6,
      'equal pairs': 6 - new Set(started.flat()).size,
    });
  });

  test('are made, with one warning, where the host has no crypto', async () => {
    const program = await bundle(`
      delete (globalThis as any).crypto;
      const { init, startSpan } = await import('./src/index.ts');
      init({ exporters: [] });
      const ids = Array.from({ length: 5_000 }, () => {
        const span = startSpan('s');
        span.end();
        return span.spanContext().spanId;
      });
      console.log(new Set(ids).size, ids.every((id) => /^[0-9a-f]{16}$/.test(id)));
    `);
    const { stdout, stderr } = await run(program);
    expect(stdout).toBe('5000 true\n');
    expect(stderr).toMatch(/^spandrel: the host has no crypto.getRandomValues[^\n]*\n$/);
  });
});
