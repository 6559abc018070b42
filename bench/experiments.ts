/**
 * `npm run bench -- experiments`: how long an experiment takes beside the shortest that its calls allow, what the runner
 * itself costs an item, and its memory over 100,000 items.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { caller, RUNNERS, type Work } from './experiments-runners.ts';
import { Page } from './page.ts';
import { ROOT } from './repository.ts';
import { percentile } from './statistics.ts';

const ITEMS = 1_000;
const CONCURRENCY = 50;
/** Latencies are this part of a model's by default; `--full` takes them whole. */
const SCALE = 0.1;
const MEDIAN_MILLIS = 400;
/** Spread of the logarithms: nine of ten within a factor of 2.3. */
const SIGMA = 0.5;
const TAIL_SHARE = 0.05;
const TAIL_MILLIS = 5_000;
const MANY = 100_000;
/** A runner that takes longer is given up, in milliseconds. */
const DEADLINE_MILLIS = 300_000;

/** Uniform in [0, 1), the same in each run (Park and Miller 1988). */
function seeded(): () => number {
  let state = 42;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function latenciesOf(scale: number): number[] {
  const random = seeded();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: ITEMS }, () => {
    const millis = random() < TAIL_SHARE ? TAIL_MILLIS : MEDIAN_MILLIS * Math.exp(SIGMA * normal());
    return Math.max(1, Math.round(millis * scale));
  });
}

/** The greedy list schedule: each free slot takes the next. */
function greedyMillis(latencies: readonly number[]): number {
  const free = new Array(CONCURRENCY).fill(0);
  for (const latency of latencies) free[free.indexOf(Math.min(...free))] += latency;
  return Math.max(...free);
}

interface Answer {
  readonly millis?: number;
  readonly error?: string;
  readonly [figure: string]: number | string | undefined;
}

function inChild(job: object): Promise<Answer> {
  const environment = { ...process.env, SPANDREL_BENCH_JOB: JSON.stringify(job), LANGSMITH_TRACING: 'true' };
  const child = fork(fileURLToPath(import.meta.url), {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--expose-gc'],
  });
  let said = '';
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-300);
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MILLIS);
  return new Promise((resolve) => {
    let answer: Answer | undefined;
    child.on('message', (message) => {
      answer = message as Answer;
    });
    child.on('close', () => {
      clearTimeout(deadline);
      resolve(answer ?? { error: `ended without an answer: ${said.trim()}` });
    });
  });
}

/** In the child: one runner over all latencies. */
async function runOne(name: string, work: Work): Promise<Answer> {
  const { call, close } = caller(work);
  // Loading and connecting are not the run's business.
  await RUNNERS[name]({ ...work, latencies: work.latencies.slice(0, CONCURRENCY) }, call);
  const started = performance.now();
  await RUNNERS[name](work, call);
  const millis = performance.now() - started;
  close();
  return { millis };
}

/** In the child: what an item costs with a task that returns at once, and the heap while many go through. */
async function runMany(folder: string): Promise<Answer> {
  const { evaluate } = await import(pathToFileURL(join(ROOT, 'dist/esm/experiments.mjs')).href);
  const heaps: number[] = [];
  const heap = (): void => {
    (globalThis as { gc?: () => void }).gc?.();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
  };
  async function* rows(count: number) {
    for (let index = 0; index < count; index += 1) {
      if (count === MANY && index % (MANY / 10) === 0) heap();
      yield { inputs: `row ${index}`, expected: 'x' };
    }
  }
  const run = (count: number): Promise<unknown> =>
    evaluate({
      task: async ({ inputs }: { inputs: string }) => inputs,
      data: rows(count),
      evaluators: [({ output }: { output: string }) => output.length],
      directory: folder,
      progress: 'none',
    });
  await run(2_000);
  const times: number[] = [];
  const processor: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    const before = process.cpuUsage();
    await run(10_000);
    const { user, system } = process.cpuUsage(before);
    times.push((1_000 * (performance.now() - started)) / 10_000);
    processor.push((user + system) / 10_000);
  }
  await run(MANY);
  return {
    microseconds: percentile(times, 0.5),
    processorMicroseconds: percentile(processor, 0.5),
    heapAfterTenth: heaps[1],
    heapAtEnd: heaps[9],
    millis: 0,
  };
}

async function inTheChild(job: { runner?: string; work: Work }): Promise<void> {
  try {
    const answer =
      job.runner === undefined ? await runMany(job.work.folder) : await runOne(job.runner, job.work);
    process.send?.(answer);
  } catch (error) {
    process.send?.({ error: String((error as Error).stack ?? error).slice(0, 300) });
  }
  process.disconnect?.();
  process.exit();
}

function startModel(): Promise<{ base: string; model: ChildProcess }> {
  const model = fork(join(ROOT, 'bench/experiments-model.mjs'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve) =>
    model.on('message', (port) => resolve({ base: `http://127.0.0.1:${port}`, model })),
  );
}

async function main(): Promise<void> {
  const full = process.argv.includes('--full');
  const latencies = latenciesOf(full ? 1 : SCALE);
  const greedy = greedyMillis(latencies);
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-bench-'));
  const { base, model } = await startModel();
  const page = new Page();
  try {
    page.say(
      `${ITEMS} calls, ${CONCURRENCY} at once, latencies x ${full ? 1 : SCALE}; the greedy list schedule is ${greedy} ms.`,
    );
    page.say('');
    page.say('| runner | ms | x greedy |');
    page.say('| --- | ---: | ---: |');
    for (const runner of Object.keys(RUNNERS)) {
      const needs = runner === 'p-limit' || !runner.startsWith('spandrel');
      if (needs && !existsSync(join(ROOT, 'bench/rivals-experiments/node_modules'))) {
        page.say(`| ${runner} | not installed: npm ci --prefix bench/rivals-experiments | |`);
        continue;
      }
      const work: Work = { base, latencies, concurrency: CONCURRENCY, folder };
      const { millis = Number.NaN, error } = await inChild({ runner, work });
      const figures = error ?? `${millis.toFixed(0)} | ${(millis / greedy).toFixed(3)}`;
      page.say(`| ${runner} | ${figures} |`);
    }
    const work: Work = { base, latencies: [], concurrency: CONCURRENCY, folder };
    const { microseconds, processorMicroseconds, heapAfterTenth, heapAtEnd, error } = await inChild({ work });
    if (error !== undefined) throw new Error(error);
    const alone = `${Number(microseconds).toFixed(1)} us an item, ${Number(processorMicroseconds).toFixed(1)} us of processor`;
    page.say('');
    page.say(`- runner alone: ${alone}, its file and one evaluator included`);
    page.say(
      `- heap over ${MANY} items: ${Number(heapAfterTenth).toFixed(1)} MiB after a tenth, ${Number(heapAtEnd).toFixed(1)} MiB after nine`,
    );
    page.write('results-experiments.md', 'experiments', 'experiments --full --write');
  } finally {
    model.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const job = process.env.SPANDREL_BENCH_JOB;
if (job === undefined) await main();
else await inTheChild(JSON.parse(job));
