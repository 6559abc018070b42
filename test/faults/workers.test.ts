/** Worker threads: each has an arena, an exporter and numbers of its own, and what befalls one is no other's. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundle, run } from '../helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from '../helpers/api-receiver.ts';
import { balance, type Counts } from '../helpers/balance.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { nodeBinary } from '../versions/combinations.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Figures } from './row.ts';
import { OURS, THEIRS } from './sdk-sources.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/workers.test.ts';
const WORKERS = 8;
const SPANS = 1_500;

/** What a thread says at its end, or when it is asked: its number, -1 for the main one, and its ledger. */
interface Report {
  readonly thread: number;
  readonly engine: string;
  readonly counts: Counts;
}

/**
 * Starts `workers` threads that each trace `spans` spans named after the thread, as the main one does, and prints all
 * reports as JSON. `fate` says what the threads of odd numbers come to.
 */
const programWith = (sdk: string) => `
  import { fileURLToPath } from 'node:url';
  import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
  ${sdk}

  const { fate, workers, spans, arenaBytes, thread } = workerData ?? { ...JSON.parse(process.argv[2]), thread: -1 };
  const report = () => {
    const { engine, ...counts } = stats();
    return { thread, engine, counts };
  };
  const trace = async (count) => {
    for (let index = 0; index < count; index += 1) {
      startSpan('thread ' + thread, { attributes: { index } }).end();
      if (index % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  init({ arenaBytes });

  if (isMainThread) {
    const reports = [];
    const codes = [];
    const file = fileURLToPath(import.meta.url);
    let ready = 0;
    const threads = Array.from({ length: workers }, (_, number) => {
      const worker = new Worker(file, { workerData: { fate, workers, spans, arenaBytes, thread: number } });
      worker.on('message', (message) => {
        if (message === 'ready') {
          ready += 1;
          // All at once, when each is where it should be.
          if (ready === workers) for (const other of threads) other.postMessage('go');
        } else if (message.terminate) {
          reports.push(message.terminate);
          void worker.terminate();
        } else reports.push(message);
      });
      worker.on('error', (error) => codes.push(error.message));
      worker.on('exit', (code) => codes.push(code));
      return worker;
    });
    await trace(spans);
    process.on('exit', () => console.log(JSON.stringify({ reports: [...reports, report()], codes })));
  } else {
    const isOdd = thread % 2 === 1;
    await trace(spans / 2);
    parentPort.postMessage('ready');
    await new Promise((resolve) => parentPort.once('message', resolve));
    if (isOdd && (fate === 'terminate' || fate === 'terminate in flight')) {
      const sent = flush();
      if (fate === 'terminate') await sent;
      await trace(fate === 'terminate' ? spans / 2 : 0);
      parentPort.postMessage({ terminate: report() });
      parentPort.on('message', () => {});
    } else {
      if (isOdd && fate === 'throw') setImmediate(() => { throw new Error('thrown in a worker'); });
      await trace(spans / 2);
      process.on('exit', () => parentPort.postMessage(report()));
      if (isOdd && fate === 'exit') process.exit(3);
    }
  }
`;

interface Outcome {
  readonly reports: readonly Report[];
  readonly codes: readonly (number | string)[];
  readonly stderr: string;
  readonly code: number | null;
}

interface Options {
  readonly fate?: string;
  readonly workers?: number;
  readonly spans?: number;
  readonly arenaBytes?: number;
  /** Default: ours. */
  readonly sdk?: string;
}

async function runThreads(
  receiver: OtlpReceiver,
  { fate = 'natural', workers = WORKERS, spans = SPANS, arenaBytes = 16 << 20, sdk = OURS }: Options,
  how: Parameters<typeof run>[1] = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await run(await bundle(programWith(sdk)), {
    ...how,
    arguments: [JSON.stringify({ fate, workers, spans, arenaBytes })],
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    deadlineMillis: 30_000,
  });
  const { reports, codes } = JSON.parse(stdout);
  return { reports, codes, stderr, code };
}

/** Spans received of each thread; an id that comes twice fails. */
function received({ spans }: OtlpReceiver): Map<number, number> {
  expect(new Set(spans.map(({ spanId }) => Buffer.from(spanId).toString('hex'))).size).toBe(spans.length);
  const counts = new Map<number, number>();
  for (const { name } of spans) {
    const thread = Number(name.slice('thread '.length));
    counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  return counts;
}

const ENDED = (WORKERS + 1) * SPANS;
/** The main thread, and the workers that nothing befalls. */
const OTHERS = [-1, 0, 2, 4, 6];
const ofThreads = (counts: Map<number, number>, threads: readonly number[]): number =>
  threads.reduce((sum, thread) => sum + (counts.get(thread) ?? 0), 0);
const lost = (counts: Map<number, number>): number =>
  ENDED - [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Keeps what `read` takes from this run and from one of opentelemetry-js that comes to the same. */
async function keepBoth(
  id: string,
  options: Options,
  ours: [Outcome, Map<number, number>],
  read: (outcome: Outcome, counts: Map<number, number>) => Figures,
): Promise<void> {
  if (!WRITES_FIGURES) return;
  const receiver = await receiveOtlp();
  const theirs = await runThreads(receiver, { ...options, sdk: THEIRS });
  const figures = (outcome: Outcome, counts: Map<number, number>): Figures => ({
    workers: WORKERS,
    'spans ended': ENDED,
    ...read(outcome, counts),
  });
  keepFigures(id, COMMAND, figures(...ours), figures(theirs, received(receiver)));
}

/** The ledger of every thread against what came: exact, each for itself. */
function expectExact({ reports }: Outcome, counts: Map<number, number>): void {
  for (const { thread, counts: ledger } of reports) {
    expect([thread, balance(ledger), ledger.live]).toEqual([thread, 0, 0]);
    expect([thread, counts.get(thread) ?? 0]).toEqual([thread, ledger.exported]);
  }
}

for (const node of [20, 22, 24]) {
  const probe = () =>
    existsSync(nodeBinary(node)) ? undefined : `Expected npm ci --prefix test/versions/node.`;
  requireCounterpart(`Node ${node}`, probe)(`eight workers at once, on Node ${node}`, () => {
    const how = { node: nodeBinary(node) };

    test('that end by themselves deliver everything, and say nothing', { timeout: 60_000 }, async () => {
      const receiver = await receiveOtlp();
      const outcome = await runThreads(receiver, {}, how);
      expect([outcome.code, outcome.stderr, outcome.codes]).toEqual([0, '', new Array(WORKERS).fill(0)]);
      const counts = received(receiver);
      expectExact(outcome, counts);
      expect(counts.size).toBe(WORKERS + 1);
      for (const count of counts.values()) expect(count).toBe(SPANS);
      if (node !== 20) return;
      await keepBoth('process-worker-end', {}, [outcome, counts], (_, each) => ({
        'spans lost': lost(each),
      }));
    });
  });
}

describe('workers', { timeout: 60_000 }, () => {
  test('lose at terminate() what that worker had not sent, and nothing else', {
    timeout: 60_000,
  }, async () => {
    const receiver = await receiveOtlp();
    const outcome = await runThreads(receiver, { fate: 'terminate' });
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    const counts = received(receiver);
    expectExact(outcome, counts);
    for (let thread = -1; thread < WORKERS; thread += 1) {
      const isTerminated = thread > 0 && thread % 2 === 1;
      expect([thread, counts.get(thread)]).toEqual([thread, isTerminated ? SPANS / 2 : SPANS]);
    }
    await keepBoth('process-worker-terminate', { fate: 'terminate' }, [outcome, counts], (_, each) => ({
      'workers terminated': WORKERS / 2,
      'spans of these lost': (WORKERS / 2) * SPANS - ofThreads(each, [1, 3, 5, 7]),
      'spans of others lost': (WORKERS / 2 + 1) * SPANS - ofThreads(each, OTHERS),
    }));
  });

  test('that are terminated while they send leave the main thread and the others whole', async () => {
    const receiver = await receiveOtlp();
    const outcome = await runThreads(receiver, { fate: 'terminate in flight' });
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    const counts = received(receiver);
    for (const { thread, counts: ledger } of outcome.reports) {
      expect(balance(ledger)).toBe(0);
      const count = counts.get(thread) ?? 0;
      // A request that was on its way arrives whole or not at all.
      if (thread > 0 && thread % 2 === 1) expect([0, SPANS / 2]).toContain(count);
      else expect([thread, count, ledger.exported]).toEqual([thread, SPANS, SPANS]);
    }
  });

  test('that call process.exit() say how many spans that lost; the others deliver', async () => {
    const receiver = await receiveOtlp();
    const outcome = await runThreads(receiver, { fate: 'exit' });
    expect(outcome.code).toBe(0);
    expect([...outcome.codes].sort()).toEqual([0, 0, 0, 0, 3, 3, 3, 3]);
    const counts = received(receiver);
    expectExact(outcome, counts);
    const lines = outcome.stderr.trimEnd().split('\n');
    const said = lines.map((line) => Number(/^spandrel: (\d+) finished spans were not sent/.exec(line)?.[1]));
    const waiting = outcome.reports.map(({ counts }) => counts.waiting).filter((count) => count > 0);
    expect(said.sort()).toEqual(waiting.sort());
    expect(said).toHaveLength(WORKERS / 2);
    await keepBoth('process-worker-exit', { fate: 'exit' }, [outcome, counts], ({ stderr }, each) => ({
      'workers that call process.exit()': WORKERS / 2,
      'spans of these lost': (WORKERS / 2) * SPANS - ofThreads(each, [1, 3, 5, 7]),
      'of these said': [...stderr.matchAll(/(\d+) finished spans were not sent/g)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      ),
      'spans of others lost': (WORKERS / 2 + 1) * SPANS - ofThreads(each, OTHERS),
    }));
  });

  test('that throw end with their own error and say what that lost; the others deliver', async () => {
    const receiver = await receiveOtlp();
    const outcome = await runThreads(receiver, { fate: 'throw' });
    expect(outcome.code).toBe(0);
    expect(outcome.codes.filter((code) => code === 'thrown in a worker')).toHaveLength(WORKERS / 2);
    const counts = received(receiver);
    for (const thread of OTHERS) expect([thread, counts.get(thread)]).toEqual([thread, SPANS]);
    expect(outcome.stderr.match(/spandrel: \d+ finished spans were not sent/g)).toHaveLength(WORKERS / 2);
  });
});

/** Runs a command with so many KiB of address space: memory that is refused for real. */
const limited = (kibibytes: number): string[] => ['sh', '-c', `ulimit -v ${kibibytes}; exec "$@"`, 'sh'];

const probeLimit = () =>
  process.platform === 'linux' ? undefined : 'Expected Linux, where `ulimit -v` bounds a process.';

requireCounterpart('ulimit -v', probeLimit)('workers that get no memory', () => {
  const memory: Record<string, number> = {};

  test('for WebAssembly take the TypeScript engine, and deliver all the same', {
    timeout: 60_000,
  }, async () => {
    const receiver = await receiveOtlp();
    // V8 reserves 10 GB of addresses a WebAssembly memory: enough for that of the main thread.
    const outcome = await runThreads(receiver, { workers: 4 }, { via: limited(16_000_000) });
    const engines = outcome.reports.map(({ thread, engine }) => [thread < 0, engine]);
    expect(engines).toContainEqual([true, 'wasm']);
    expect(engines).toContainEqual([false, 'ts']);
    const lines = outcome.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(engines.filter(([, engine]) => engine === 'ts').length);
    for (const line of lines)
      expect(line).toMatch(/^spandrel: the wasm engine could not start.*TypeScript engine is used/);
    const counts = received(receiver);
    expectExact(outcome, counts);
    expect(counts.size).toBe(5);
    for (const count of counts.values()) expect(count).toBe(SPANS);
    memory['addresses for one arena: workers'] = 4;
    memory['of these on the TypeScript engine'] = lines.length;
    memory['their spans lost'] = 5 * SPANS - receiver.spans.length;
  });

  test('at all trace nothing and say so, and their program goes on', { timeout: 60_000 }, async () => {
    const receiver = await receiveOtlp();
    const outcome = await runThreads(
      receiver,
      { workers: 6, arenaBytes: 1 << 30 },
      { via: limited(7_000_000) },
    );
    expect(outcome.code).toBe(0);
    expect(outcome.codes).toEqual(new Array(6).fill(0));
    const off = outcome.reports.filter(({ engine }) => engine === 'none');
    expect(off.length).toBeGreaterThan(0);
    expect(
      outcome.stderr.match(/^spandrel: tracing is off: arenaBytes: expected 1073741824 bytes/gm),
    ).toHaveLength(off.length);
    const counts = received(receiver);
    expectExact(outcome, counts);
    for (const { thread, engine } of outcome.reports) {
      expect([thread, counts.get(thread) ?? 0]).toEqual([thread, engine === 'none' ? 0 : SPANS]);
    }
    memory['memory for few arenas of 1 GiB: workers'] = 6;
    memory['of these that trace nothing and say so'] = off.length;
    keepFigures('process-worker-memory', COMMAND, memory);
  });
});
