/**
 * Time: nanoseconds since the Unix epoch as whole seconds and nanoseconds, from the monotonic clock and an
 * anchor that ties it to the wall clock. A span keeps the anchor it began with, so its duration is monotonic
 * whatever happens to the wall clock.
 */
import type { HrTime, TimeInput } from '@opentelemetry/api';

const NANOS_PER_SECOND = 1_000_000_000;
/** The first second whose nanoseconds 64 bits do not hold all: in the year 2554. */
const END_OF_TIME = 18_446_744_073;
/** How often the anchor is held against the wall clock, in ms, and what difference moves it. */
const CHECK_MILLIS = 1000;
const TOLERANCE_MILLIS = 5;

const monotonic: () => number = () => performance.now();

/** A moment at which the wall clock and the monotonic clock were read together. */
export class Anchor {
  /** Milliseconds of the monotonic clock at the epoch, and at the start of `second`. */
  private readonly epochMillis: number;
  private secondMillis: number;
  private second: number;

  constructor(wallMillis: number, monotonicMillis: number) {
    this.epochMillis = monotonicMillis - wallMillis;
    this.second = Math.floor(wallMillis / 1000);
    this.secondMillis = monotonicMillis - (wallMillis - this.second * 1000);
  }

  /**
   * Writes the time at `monotonicMillis` to `time`. Seconds and nanoseconds are computed apart:
   * a double holds epoch nanoseconds only to a multiple of 256.
   */
  at(monotonicMillis: number, time: Time): void {
    let millis = monotonicMillis - this.secondMillis;
    if (millis < 0 || millis >= 1000) {
      const seconds = Math.floor(millis / 1000);
      this.second += seconds;
      this.secondMillis += seconds * 1000;
      millis = monotonicMillis - this.secondMillis;
    }
    time.seconds = this.second;
    // Truncation by `| 0` stays below one second: the double below 1000 that is nearest to it gives 999,999,999.
    time.nanos = (millis * 1_000_000) | 0;
  }

  wallMillisAt(monotonicMillis: number): number {
    return monotonicMillis - this.epochMillis;
  }
}

/** Seconds since the epoch, and nanoseconds within that second. */
export interface Time {
  seconds: number;
  nanos: number;
}

let anchor: Anchor | undefined;
let checkedMillis = 0;

/** The anchor in force at `monotonicMillis`; it moves when the wall clock was set or the machine slept. */
export function currentAnchor(monotonicMillis: number): Anchor {
  if (anchor !== undefined && monotonicMillis - checkedMillis < CHECK_MILLIS) return anchor;
  checkedMillis = monotonicMillis;
  const wallMillis = Date.now();
  if (
    anchor === undefined ||
    Math.abs(anchor.wallMillisAt(monotonicMillis) - wallMillis) > TOLERANCE_MILLIS
  ) {
    anchor = new Anchor(wallMillis, monotonicMillis);
  }
  return anchor;
}

/** Milliseconds of the monotonic clock; the same origin as `performance.now()`. */
export const monotonicNow = monotonic;

function fromMillis(millis: number, time: Time): void {
  const seconds = Math.floor(millis / 1000);
  time.seconds = seconds;
  time.nanos = Math.min(NANOS_PER_SECOND - 1, Math.round((millis - seconds * 1000) * 1_000_000));
}

function isHrTime(input: unknown): input is HrTime {
  return Array.isArray(input) && input.length === 2 && Number.isFinite(input[0]) && Number.isFinite(input[1]);
}

/**
 * Writes a time given by the user. A number that is not larger than `performance.now()` counts from the time
 * origin, a larger one is milliseconds since the epoch (the rule of `TimeInput`). False when it is no time, or
 * not a moment from 1970 to 2554; `time` is then unchanged.
 */
export function readTimeInput(input: TimeInput | undefined, time: Time): boolean {
  try {
    return readTime(input, time);
  } catch {
    // A Proxy or a subclass of Date that throws when it is read.
    return false;
  }
}

function readTime(input: TimeInput | undefined, time: Time): boolean {
  if (input === undefined || input === null) return false;
  if (typeof input === 'number') {
    if (!(input >= 0 && input < END_OF_TIME * 1000)) return false;
    const now = monotonic();
    if (input <= now) currentAnchor(now).at(input, time);
    else fromMillis(input, time);
    return true;
  }
  if (input instanceof Date) {
    const millis = input.getTime();
    if (!(millis >= 0 && millis < END_OF_TIME * 1000)) return false;
    fromMillis(millis, time);
    return true;
  }
  if (!isHrTime(input) || input[0] < 0 || input[1] < 0) return false;
  const carry = Math.floor(input[1] / NANOS_PER_SECOND);
  const seconds = Math.floor(input[0]) + carry;
  if (seconds >= END_OF_TIME) return false;
  time.seconds = seconds;
  time.nanos = Math.floor(input[1] - carry * NANOS_PER_SECOND);
  return true;
}
