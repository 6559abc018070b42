/** @module Seeded random numbers for random programs: the same seed gives the same program. */

import { randomInt } from 'node:crypto';

export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** Uniform in [0, 1) (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/**
 * A base seed: `SPANDREL_TEST_SEED`, to repeat a failure, or a new one. Random programs put their seed into the
 * message of what they assert.
 */
export function baseSeed(): number {
  const given = Number(process.env.SPANDREL_TEST_SEED);
  return Number.isInteger(given) && given !== 0 ? given : randomInt(1, 2 ** 30);
}
