/** Processes beside each other: those of cluster and of child_process.fork, and the ids that all of them make. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundle, type ChildResult, run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { balance, type Counts } from '../helpers/balance.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import { OURS, THEIRS } from './sdk-sources.ts';

const IS_LONG = process.env.SPANDREL_LONG === '1';
const COMMAND = 'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/faults/processes.test.ts';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROCESSES = 3;
const SPANS = 500;

/**
 * Starts processes that trace, by cluster or by fork, and brings each to its end. A process writes its ledger to the
 * shared output at its end, or, where it will be killed, before.
 */
const programWith = (sdk: string) => `
  import { fork } from 'node:child_process';
  import cluster from 'node:cluster';
  import { writeSync } from 'node:fs';
  import { fileURLToPath } from 'node:url';
  ${sdk}

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

/** Runs the processes to their end, with either SDK; `spans` are those that were received. */
async function runProcesses(sdk: string, how: string, fate: string) {
  const receiver = await receiveOtlp();
  const result = await run(await bundle(programWith(sdk)), {
    arguments: [how, fate, String(PROCESSES), String(SPANS)],
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    deadlineMillis: 30_000,
  });
  return { ...result, spans: receiver.spans };
}

const figuresOf = ({ spans }: { spans: readonly unknown[] }) => ({
  processes: PROCESSES,
  'spans ended': PROCESSES * SPANS,
  'spans received': spans.length,
});

describe.each(['cluster', 'fork'])('processes of %s', { timeout: 60_000 }, (how) => {
  test.each([
    ['natural', SPANS, 0],
    ['disconnected', SPANS, 0],
    // Without a signal hook: what was not sent is lost with the process.
    ['killed', SPANS / 2, 'SIGTERM'],
  ])('that are %s deliver %i of 500 spans each, as their ledgers say', async (fate, delivered, end) => {
    const result = await runProcesses(OURS, how, fate);
    expect([result.code, result.stderr]).toEqual([0, '']);
    const lines = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter((line) => 'end' in line)).toEqual(new Array(PROCESSES).fill({ end }));
    const ledgers: { process: string; counts: Counts }[] = lines.filter((line) => 'counts' in line);
    expect(ledgers).toHaveLength(PROCESSES);
    const names = result.spans.map(({ name }) => name);
    for (const { process, counts } of ledgers) {
      expect([balance(counts), counts.live, counts.exported]).toEqual([0, 0, delivered]);
      expect(names.filter((name) => name === `process ${process}`)).toHaveLength(delivered);
    }
    if (how === 'fork' || !WRITES_FIGURES) return;
    const theirs = figuresOf(await runProcesses(THEIRS, how, fate));
    keepFigures(`process-cluster-${fate}`, COMMAND, figuresOf(result), theirs);
  });
});

test('processes of cluster that lose their primary say how many spans that cost', async () => {
  const result = await runProcesses(OURS, 'cluster', 'cut off');
  expect(result.stderr.match(/^spandrel: 250 finished spans were not sent/gm)).toHaveLength(PROCESSES);
  expect(result.spans).toHaveLength((PROCESSES * SPANS) / 2);
  if (!WRITES_FIGURES) return;
  const theirs = await runProcesses(THEIRS, 'cluster', 'cut off');
  const lines = ({ stderr }: ChildResult) => ({ 'lines about the rest': stderr.split('\n').length - 1 });
  keepFigures(
    'process-cluster-lost-primary',
    COMMAND,
    { ...figuresOf(result), ...lines(result) },
    { ...figuresOf(theirs), ...lines(theirs) },
  );
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

const OUR_IDS = `
  import { init, startSpan } from './src/index.ts';
  init({ exporters: [] });
  const makeIds = () => {
    const span = startSpan('s');
    span.end();
    return span.spanContext();
  };`;

const THEIR_IDS = `
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
    const ours = await makeIds(OUR_IDS, kind);
    expect(ours).toEqual({ ids: MAKERS * IDS_EACH, equal: 0 });
    if (!WRITES_FIGURES) return;
    const upstream = await makeIds(THEIR_IDS, kind);
    const figures = ({ ids, equal }: typeof ours) => ({
      'ids of spans and traces': ids,
      'equal pairs': equal,
    });
    keepFigures(`process-ids-${kind}`, COMMAND, figures(ours), figures(upstream));
  });

  /** The span ids of three processes that start from one snapshot, two each. */
  async function snapshotIds(from: string): Promise<string[]> {
    const folder = join(await bundle(''), '..');
    const [script, blob] = [join(folder, 'snapshot.cjs'), join(folder, 'snapshot.blob')];
    const source = `
      import { RandomIdGenerator } from ${JSON.stringify(from)};
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
    return [0, 1, 2].flatMap(() =>
      execFileSync(process.execPath, ['--snapshot-blob', blob, 'main'], { encoding: 'utf8' })
        .trim()
        .split(' '),
    );
  }

  test('of processes that start from one snapshot differ', async () => {
    const ours = await snapshotIds('./src/api/ids.ts');
    expect([ours.length, new Set(ours).size]).toEqual([6, 6]);
    if (!WRITES_FIGURES) return;
    const theirs = await snapshotIds(
      `${ROOT}test/versions/sdk-2/node_modules/@opentelemetry/sdk-trace/build/src/platform/node/RandomIdGenerator.js`,
    );
    const figures = (ids: readonly string[]) => ({
      processes: 3,
      ids: 6,
      'different ids': new Set(ids).size,
    });
    keepFigures('process-ids-snapshot', COMMAND, figures(ours), figures(theirs));
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
    const ours = await run(program);
    expect(ours.stdout).toBe('5000 true\n');
    expect(ours.stderr).toMatch(/^spandrel: the host has no crypto.getRandomValues[^\n]*\n$/);
    if (!WRITES_FIGURES) return;
    const theirs = await run(
      await bundle(`
        delete (globalThis as any).crypto;
        ${THEIRS}
        init();
        console.log(new Set(Array.from({ length: 5_000 }, () => startSpan('s').spanContext().spanId)).size);
      `),
    );
    const figures = ({ stdout, stderr }: ChildResult) => ({
      ids: 5_000,
      'different ids': Number.parseInt(stdout, 10),
      'lines about it': stderr.split('\n').length - 1,
    });
    keepFigures('process-ids-no-crypto', COMMAND, figures(ours), figures(theirs));
  });
});
