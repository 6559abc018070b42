import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adoptBuild, buildDigest, missingBuild } from './build.ts';
import { type BenchCase, corpus } from './corpus.ts';
import type { ColdResult, ExportResult, Job, JobAnswer, Task, WarmResult } from './job.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import {
  type BatchOutcome,
  batchTable,
  type ExportOutcome,
  exportTable,
  machine,
  markdown,
  plainText,
} from './report.ts';
import { ROOT } from './repository.ts';
import type { Side } from './sdk.ts';
import { groupsOf } from './sides.ts';
import { median } from './statistics.ts';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const OUTPUT = join(ROOT, 'build/bench');

const ROUND_MILLIS = 50;

/** Two copies of equal code differ by up to 15 % in one process (compiler timing, heap layout); several average it. */
const WARM_PROCESSES = 3;
const COLD_PROCESSES = 3;
const PROFILE_MILLIS = 3_000;

/** Room for every batch of the garbage measurement, so that no collection falls into it. */
const ROOMY_NURSERY = ['--min-semi-space-size=128', '--max-semi-space-size=128'];

/** What should have been in the tables and is not, with reasons. */
const notMeasured = new Set<string>();

/** The folder of the build that is the side `before`. */
let before: string | undefined;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  const missing = missingBuild();
  if (missing && (options.oursForced || options.before !== undefined)) throw new Error(missing);
  const ours = missing ? [] : options.ours;
  before = options.before === undefined ? undefined : adoptBuild(options.before);
  // A folder of this machine tells a reader nothing; the digest in the name of its copy tells the build.
  const shown = args.map((arg) => (arg === options.before && before !== undefined ? basename(before) : arg));
  const command = ['npm run bench', ...(shown.length > 0 ? ['--', ...shown] : [])].join(' ');
  if (missing) notMeasured.add(`spandrel: ${missing}`);
  const cases = corpus.filter(({ name }) => options.cases.test(name));
  if (cases.length === 0) throw new Error(`--case ${options.cases} matches none of ${names(corpus)}`);
  if (ours.length + options.rivals.length === 0) throw new Error(missing ?? 'nothing to measure');
  if (options.profile) {
    await profile(cases, [...ours, ...options.rivals][0], options.profile);
    return;
  }
  const build = buildDigest();
  const { batches, exports } = await measure(cases, ours, options);
  if (buildDigest() !== build)
    throw new Error('dist/ changed while the bench ran; these numbers mix two builds, run it again');
  console.log(`${machine(command, build).join('\n')}\n`);
  if (batches.length > 0) console.log(`ns a span\n${plainText(batchTable(batches))}\n`);
  if (exports.length > 0) console.log(`main-thread block\n${plainText(exportTable(exports))}\n`);
  for (const reason of notMeasured) console.log(`not measured: ${reason}`);
  if (options.write) {
    writeFileSync(
      join(ROOT, 'bench/results.md'),
      markdown(batches, exports, machine(command, build), [...notMeasured]),
    );
  }
}

const names = (cases: readonly BenchCase[]): string => cases.map(({ name }) => name).join(', ');

async function measure(cases: BenchCase[], ours: readonly Side[], options: BenchOptions) {
  const batches: BatchOutcome[] = [];
  const exports: ExportOutcome[] = [];
  for (const [index, benchCase] of cases.entries()) {
    process.stderr.write(`[${index + 1}/${cases.length}] ${benchCase.name}\n`);
    const groups = groupsOf(benchCase, ours, options.rivals, before !== undefined);
    if (groups.length === 0) {
      notMeasured.add(`${benchCase.name}: it is no row of ${ours.join(', ')}`);
      continue;
    }
    if (benchCase.kind === 'export') exports.push(await measureExport(benchCase, groups, options));
    else batches.push(await measureBatch(benchCase, groups, options));
  }
  return { batches, exports };
}

async function measureBatch(
  benchCase: BenchCase,
  groups: Side[][],
  options: BenchOptions,
): Promise<BatchOutcome> {
  const caseName = benchCase.name;
  const runs: WarmResult[][] = [];
  const rounds = Math.ceil(options.rounds / WARM_PROCESSES);
  // Our sides alternate from process to process, so that all meet the same minutes of the machine.
  for (let process = 0; process < WARM_PROCESSES; process++) {
    for (const group of groups) {
      const sides = rotated(group, process);
      runs.push(
        await inChild<WarmResult>({ kind: 'warm', caseName, sides, rounds, roundMillis: ROUND_MILLIS }),
      );
    }
  }
  const cold: BatchOutcome['cold'] = new Map();
  for (const side of new Set(groups.flat())) {
    const results: ColdResult[] = [];
    for (let repeat = 0; repeat < COLD_PROCESSES; repeat++) {
      const job: Task = { kind: 'cold', caseName, side, garbage: repeat === 0 };
      results.push(...(await inChild<ColdResult>(job, ROOMY_NURSERY)));
    }
    const firstBatch = median(results.map((result) => result.firstBatch));
    cold.set(side, { firstBatch, garbageBytes: results[0].garbageBytes });
  }
  return { benchCase, runs, cold };
}

/** Another side loads and warms up first in each process. */
const rotated = (sides: Side[], by: number): Side[] =>
  sides.map((_, index) => sides[(index + by) % sides.length]);

async function measureExport(
  benchCase: BenchCase,
  groups: Side[][],
  options: BenchOptions,
): Promise<ExportOutcome> {
  const runs: ExportResult[][] = [];
  for (const sides of groups) {
    const job: Task = { kind: 'export', caseName: benchCase.name, sides, exports: options.exports };
    runs.push(await inChild<ExportResult>(job));
  }
  return { benchCase, runs };
}

async function profile(cases: BenchCase[], side: Side, kind: 'cpu' | 'heap'): Promise<void> {
  if (cases.length !== 1) {
    throw new Error(`--profile expected --case to match one case, got ${names(cases)}; use --case '^name$'`);
  }
  const caseName = cases[0].name;
  const file = `${caseName}.${side}.${kind}profile`;
  const flag = kind === 'cpu' ? '--cpu-prof' : '--heap-prof';
  const job: Task = { kind: 'profile', caseName, side, millis: PROFILE_MILLIS };
  await inChild(job, [flag, `${flag}-dir=${OUTPUT}`, `${flag}-name=${file}`]);
  console.log(`build/bench/${file}: ${caseName}, side ${side}; open it in DevTools`);
}

/** Runs one job in a fresh Node process and waits for it to end, so that profiles are on disk and cores are free. */
function inChild<Result>(task: Task, nodeFlags: string[] = []): Promise<Result[]> {
  const job: Job = { ...task, before };
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, [JSON.stringify(job)], {
      execArgv: ['--expose-gc', '--enable-source-maps', ...nodeFlags],
      serialization: 'advanced',
    });
    let answer: JobAnswer | undefined;
    child.on('message', (message) => {
      answer = message as JobAnswer;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer?.ok) {
        for (const reason of answer.unavailable) notMeasured.add(reason);
        resolve(answer.results as Result[]);
      } else
        reject(new Error(`${job.kind} ${job.caseName}: ${answer?.error ?? `ended by ${signal ?? code}`}`));
    });
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
