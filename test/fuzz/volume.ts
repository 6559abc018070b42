/**
 * @module How much a fuzz test does: a little in every run, the promised volume with `SPANDREL_LONG=1`. Every input has a
 * seed of its own, so a failure is repeated by `SPANDREL_TEST_SEED` and the number in its message.
 */
import { baseSeed, SeededRandom } from '../helpers/engine-random.ts';

export const IS_LONG = process.env.SPANDREL_LONG === '1';
export const SEED = baseSeed();

/** For a test that may take its full volume. */
export const TIMEOUT = IS_LONG ? 3_600_000 : 60_000;

export function volume(quick: number, long: number): number {
  return IS_LONG ? long : quick;
}

/** The random numbers of one input. */
export function randomOf(index: number): SeededRandom {
  return new SeededRandom(Math.imul(SEED + index, 0x9e3779b1));
}

/** For the message of what is asserted of one input. */
export function where(index: number): string {
  return `SPANDREL_TEST_SEED=${SEED}, input ${index}`;
}

// Kept while it is real: some tests have a fake clock.
const now = performance.now.bind(performance);

/** Milliseconds that `run` took, for figures; nothing is asserted of them. */
export async function timed(run: () => unknown): Promise<number> {
  const start = now();
  await run();
  return now() - start;
}
