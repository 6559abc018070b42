/**
 * Random programs over random destinations: whatever the others do, the live one gets every span, the numbers of each add
 * up after every step, and bytes in flight never change.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import type { TracerProviderStats } from '../src/api/tracer-provider.ts';
import { keepFigures } from './faults/figures.ts';
import { balance, captureWarnings, ENGINES } from './helpers/api-recorder.ts';
import { accounts, fillFreed } from './helpers/engine-memory.ts';
import { baseSeed, SeededRandom } from './helpers/engine-random.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { BEHAVIOURS, RandomDestination, textOf } from './helpers/random-destination.ts';

const PROGRAMS = 3;
const STEPS = 250;
const ARENA_BYTES = 16 << 20;
/** Most bytes that are recorded before the live destination may send. */
const STEP_BYTES = 300_000;
const QUEUE_SIZE = 60;

captureWarnings();
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Each destination's numbers as if it were the only one. */
function balances(stats: TracerProviderStats): number[] {
  return stats.destinations.map((destination) => balance({ ...stats, ...destination }));
}

async function start(engine: 'wasm' | 'ts', random: SeededRandom) {
  const sdk = await freshSdk();
  const { declareOwn } = await import('../src/export/own-class.ts');
  const { resourceFromAttributes } = await import('../src/api/resource.ts');
  declareOwn(RandomDestination, 'export');
  const destinations = Array.from({ length: 2 + random.below(3) }, () => new RandomDestination(random));
  const isBounded = destinations.map((_, index) => index > 0 && random.chance(0.3));
  const processors = destinations.map((exporter, index): BatchSpanProcessor => {
    if (index > 0 && random.chance(0.2)) return new sdk.SimpleSpanProcessor(exporter) as never;
    return new sdk.BatchSpanProcessor(exporter, isBounded[index] ? { maxQueueSize: QUEUE_SIZE } : {});
  });
  let complete = (): void => {};
  const late = new Promise<string>((resolve) => {
    complete = () => resolve('late');
  });
  const resource = resourceFromAttributes(random.chance(0.3) ? { late } : {});
  const provider = new sdk.TracerProvider({
    ...{ engine, arenaBytes: ARENA_BYTES, resource },
    // The live one is not the first, which the numbers at the top are of.
    spanProcessors: [...processors.slice(1), processors[0]],
  });
  fillFreed(provider.settings.arena.engine);
  return { destinations, processors, provider, complete };
}

type Program = Awaited<ReturnType<typeof start>>;

/** Ends some spans of random sizes; returns how many. */
function endSome({ provider }: Program, random: SeededRandom, made: number): number {
  let bytes = 0;
  let spans = 0;
  const most = random.pick([3_000, 20_000, 160_000]);
  while (bytes < STEP_BYTES && !random.chance(0.05)) {
    const size = random.below(most);
    const text = textOf(made + spans, size);
    provider
      .getTracer(`scope ${random.below(12)}`)
      .startSpan(`span ${made + spans}`, { attributes: { text } })
      .end();
    bytes += size + 100;
    spans += 1;
  }
  return spans;
}

function check({ provider, destinations, processors }: Program, made: number, note: string): void {
  const stats = provider.stats();
  expect(balances(stats), note).toEqual(destinations.map(() => 0));
  expect(balance(stats), note).toBe(0);
  const live = stats.destinations[destinations.length - 1];
  expect(live, note).toMatchObject({ failed: 0, rejected: 0 });
  expect(live.dropped, note).toEqual({});
  expect(destinations[0].taken.length + live.waiting, note).toBe(made);
  for (const [index, destination] of destinations.entries()) {
    destination.check();
    const { exported, rejected, failed, waiting } =
      stats.destinations[index === 0 ? destinations.length - 1 : index - 1];
    expect(exported + rejected + failed, note).toBe(
      destination.taken.length + destination.refused - rejected,
    );
    const { options } = processors[index] as unknown as { options?: { maxQueueSize?: number } };
    expect(waiting, note).toBeLessThanOrEqual(options?.maxQueueSize ?? made);
  }
}

/** Some of the others change their minds, answer what is in flight, or are shut down; time passes. */
async function change({ destinations, processors }: Program, random: SeededRandom): Promise<void> {
  const which = 1 + random.below(destinations.length - 1);
  const destination = destinations[which];
  if (random.chance(0.15)) destination.behaviour = random.pick(BEHAVIOURS);
  if (random.chance(0.05)) await destination.land();
  if (random.chance(0.002)) void processors[which].shutdown();
  if (random.chance(0.3)) await vi.advanceTimersByTimeAsync(random.pick([1, 600, 6_000]));
}

/** All are live at the end: what is left is delivered, and everything is free. */
async function finish({ destinations, provider }: Program, note: string): Promise<void> {
  for (const destination of destinations) {
    destination.behaviour = 'delivered';
    await destination.land();
  }
  await vi.advanceTimersByTimeAsync(60_000);
  const flushed = provider.flush();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await flushed, note).toMatchObject({ waiting: 0 });
  const { engine } = provider.settings.arena;
  expect(accounts(engine), note).toMatchObject({ waitingBytes: 0, openPieces: 0 });
  expect(provider.settings.queue.waiting, note).toBe(0);
  await provider.shutdown();
  expect(accounts(engine).freeBlocks, note).toBe(accounts(engine).blocks);
}

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/destinations-property.test.ts';
/** Of both engines. */
const measured: Record<string, number> = {};

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('a live destination loses nothing, whatever the others do', { timeout: 120_000 }, async () => {
    const seed = baseSeed();
    let evicted = 0;
    let spans = 0;
    let received = 0;
    for (let round = 0; round < PROGRAMS; round += 1) {
      const random = new SeededRandom(seed + round);
      const program = await start(engine, random);
      const { destinations, provider, processors, complete } = program;
      let made = 0;
      for (let step = 0; step < STEPS; step += 1) {
        const note = `seed ${seed + round}, step ${step}`;
        if (step === 5) complete();
        made += endSome(program, random, made);
        const flushed = processors[0].forceFlush();
        await vi.advanceTimersByTimeAsync(step > 5 ? 0 : 31_000);
        await flushed;
        await change(program, random);
        check(program, made, note);
        const { freeBlocks, blocks } = accounts(provider.settings.arena.engine);
        // From three quarters on captured content is left out.
        expect(freeBlocks, note).toBeGreaterThan(blocks / 4);
      }
      expect(new Set(destinations[0].taken).size).toBe(made);
      spans += made;
      received += new Set(destinations[0].taken).size;
      for (const { dropped } of provider.stats().destinations) evicted += dropped.evicted ?? 0;
      await finish(program, `seed ${seed + round}, at the end`);
      check(program, made, `seed ${seed + round}, at the end`);
    }
    expect(evicted).toBeGreaterThan(500);
    measured[`${engine}: spans, in ${PROGRAMS} programs`] = spans;
    measured[`${engine}: of these lost by the others`] = evicted;
    measured[`${engine}: of these not received by the live one`] = spans - received;
    keepFigures('destinations-share', COMMAND, measured);
  });
});
