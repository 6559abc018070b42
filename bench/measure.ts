import type { BatchCase } from './corpus.ts';
import type { ColdResult, WarmResult } from './job.ts';
import type { Sdk, Side } from './sdk.ts';
import { percentile } from './statistics.ts';
import { Stopwatch } from './stopwatch.ts';
import { BATCH_SPANS } from './values.ts';

/** One side of a row: its SDK, and its own copy of the case so that call sites see one SDK's classes only. */
export interface Contender {
  side: Side;
  sdk: Sdk;
  benchCase: BatchCase;
}

/** Each side runs this long, in wall time, before the first round counts: optimised code and a filled value memo. */
const WARM_UP_MILLIS = 300;

/** Rounds of all contenders in one process, the order reversed every other round. */
export function measureWarm(contenders: Contender[], rounds: number, roundMillis: number): WarmResult[] {
  const tallies = contenders.map((contender) => ({
    contender,
    rounds: [] as number[],
    batches: [] as number[],
    bytes: 0,
  }));
  for (const contender of contenders) warmUp(contender);
  for (let round = 0; round < rounds; round++) {
    for (const tally of inTurn(tallies, round)) {
      collectGarbage();
      const { batches, bytes } = runFor(tally.contender, roundMillis, roundMillis * WALL_LIMIT);
      tally.rounds.push(batches.reduce((sum, nanos) => sum + nanos, 0) / batches.length);
      tally.batches.push(...batches);
      tally.bytes = bytes;
    }
  }
  return tallies.map(({ contender, rounds: means, batches, bytes }) => ({
    side: contender.side,
    engine: contender.sdk.engine,
    version: contender.sdk.version,
    rounds: means,
    batchP50: percentile(batches, 0.5),
    batchP99: percentile(batches, 0.99),
    wireBytes: bytes / BATCH_SPANS,
  }));
}

/**
 * A row that clocks one short stage would run the unclocked rest for seconds to reach its milliseconds; a round
 * ends at this many times them in wall time. `end` then still clocks some 10,000 spans a round.
 */
const WALL_LIMIT = 3;

/** Batches until the clocked or the wall time is reached; nanoseconds a span, one number a batch. */
function runFor({ benchCase, sdk }: Contender, clockedMillis: number, wallMillis: number) {
  const batches: number[] = [];
  const until = performance.now() + wallMillis;
  let bytes = 0;
  for (let clocked = 0; clocked < clockedMillis && performance.now() < until; ) {
    const watch = new Stopwatch();
    bytes = benchCase.run(sdk, watch);
    clocked += watch.elapsed;
    batches.push((watch.elapsed * 1e6) / BATCH_SPANS);
  }
  return { batches, bytes };
}

const warmUp = (contender: Contender) => runFor(contender, Number.POSITIVE_INFINITY, WARM_UP_MILLIS);

const GARBAGE_BATCHES = 15;

/** The first batch of a fresh process and, if asked, what a batch leaves on the heap once the code is warm. */
export function measureCold(contender: Contender, garbage: boolean): ColdResult {
  const first = new Stopwatch();
  contender.benchCase.run(contender.sdk, first);
  return {
    side: contender.side,
    firstBatch: (first.elapsed * 1e6) / BATCH_SPANS,
    garbageBytes: garbage ? measureGarbage(contender) : Number.NaN,
  };
}

function measureGarbage(contender: Contender): number {
  warmUp(contender);
  collectGarbage();
  const grown: number[] = [];
  for (let batch = 0; batch < GARBAGE_BATCHES; batch++) {
    const before = occupied();
    contender.benchCase.run(contender.sdk, new Stopwatch());
    const growth = occupied() - before;
    // A collection inside the batch shows as shrinkage, and says nothing about the batch.
    if (growth >= 0) grown.push(growth / BATCH_SPANS);
  }
  return percentile(grown, 0.5);
}

function occupied(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Under `--expose-gc`, so that one side's young garbage is not collected on another side's time. Young only: a
 * full collection while no span is live also frees the hidden classes of spans, which discards the compiled code
 * that relies on them. Measured on Node 20: with it, upstream's ten attributes took 34 us a span instead of 14.
 */
export function collectGarbage(): void {
  if (!globalThis.gc) throw new Error('expected node --expose-gc; start the bench by `npm run bench`');
  globalThis.gc({ type: 'minor' });
}

/** One side alone, for a profiler. */
export function runForProfile(contender: Contender, millis: number): void {
  runFor(contender, Number.POSITIVE_INFINITY, millis);
}

/** The order of a round: reversed every other time, so that no side always runs after the same neighbour. */
export function inTurn<Item>(items: readonly Item[], round: number): readonly Item[] {
  return round % 2 === 0 ? items : [...items].reverse();
}
