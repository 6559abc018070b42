/**
 * The overhead budget of a thread (`maxCpuPercent`): what tracing takes of the main thread is measured, and where that is
 * too much, less is done - captured content is shortened, then left out, then of new traces 1/2 to 1/64 are recorded - and
 * step by step more again when the load falls. Without a budget nothing is measured.
 */
import { PipeTimer } from '../export/pipe-timer.ts';
import { measureWork, type WorkClock } from '../export/work-clock.ts';
import { monotonicNow } from './clock.ts';
import { LossEpisode } from './loss-episode.ts';
import { OverheadController } from './overhead-controller.ts';

/** What `begin` returns for calls that are not timed, and for those inside another one. */
export const NOT_TIMED = -1;
const INSIDE = -2;
/**
 * One in so many starts and ends is timed, and counts for all: reading the clock takes 45 ns. A prime, so that it falls on
 * starts as often as on ends, and on those in which a batch of 64 is encoded.
 */
const SAMPLING = 17;
/** A call that took longer counts once only: a collection of garbage is not what the other sixteen did. */
const LONGEST_SAMPLE_MILLIS = 1;
const WINDOW_MILLIS = 1000;
/** Levels of the controller at which content is shortened and left out; above, new traces are halved at each. */
const OMITTED_LEVEL = 2;
/** Lanes hold the bytes of an id in memory order. */
const LAST_BYTE = 24;

export class Overhead implements WorkClock {
  readonly percent: number;
  /** 0: content is kept whole; 1: shortened; 2: left out. */
  contentLevel: 0 | 1 | 2 = 0;
  /** Of the last byte of a trace id, the bits that must be 0 in traces that are recorded. */
  private mask = 0;
  private readonly controller: OverheadController;
  private readonly now: () => number;
  private calls = 0;
  private isInside = false;
  private weight = 1;
  private starts = 0;
  private busy = 0;
  private windowStart: number;
  private share = 0;
  private readonly timer = new PipeTimer(() => this.tick());
  private readonly episode: LossEpisode;

  /** @param now - milliseconds of a monotonic clock. */
  constructor(percent: number, now: () => number = monotonicNow) {
    this.percent = percent;
    this.now = now;
    this.controller = new OverheadController(percent);
    this.windowStart = now();
    this.episode = new LossEpisode({
      begin: () =>
        `tracing takes ${this.share.toFixed(1)} % of the main thread, and maxCpuPercent is ${percent}: captured content ` +
        'is shortened, then left out, then some new traces are not recorded. Raise maxCpuPercent, capture less, or sample.',
      end: (seconds) =>
        `tracing did less, to keep to maxCpuPercent, for ${seconds} s; stats().shed has the numbers.`,
    });
  }

  /** Share of new traces that are recorded: 1, 1/2, … 1/64. */
  get sampling(): number {
    return 1 / (this.mask + 1);
  }

  /** Begins a start of a span. */
  beginStart(): number {
    this.starts += 1;
    return this.begin();
  }

  /** Begins a call that does our work; one in 17 is timed. */
  begin(): number {
    if (this.isInside) return INSIDE;
    this.isInside = true;
    this.calls += 1;
    if (this.calls < SAMPLING) return NOT_TIMED;
    this.calls = 0;
    this.weight = SAMPLING;
    return this.now();
  }

  /** Begins the capture of content, each of which is timed: it takes longer than reading the clock. */
  beginCapture(): number {
    return this.beginWork();
  }

  /** Begins a stretch of exporting; one inside another call is part of that. */
  beginWork(): number {
    if (this.isInside) return INSIDE;
    this.isInside = true;
    this.weight = 1;
    return this.now();
  }

  /** Ends what `begun` began. */
  end(begun: number): void {
    if (begun === INSIDE) return;
    this.isInside = false;
    if (begun === NOT_TIMED) return;
    const now = this.now();
    const took = now - begun;
    this.busy += took > LONGEST_SAMPLE_MILLIS ? took : took * this.weight;
    if (now - this.windowStart >= WINDOW_MILLIS) this.closeWindow(now);
  }

  /** Whether a new trace is recorded: by its id, so that it is or is not as a whole. @param lane - the last of its id. */
  keeps(lane: number): boolean {
    return ((lane >>> LAST_BYTE) & this.mask) === 0;
  }

  close(): void {
    this.timer.clear();
    this.episode.close();
  }

  private tick(): void {
    const now = this.now();
    if (now - this.windowStart >= WINDOW_MILLIS) this.closeWindow(now);
    else this.timer.arm(this.windowStart + WINDOW_MILLIS - now);
  }

  private closeWindow(now: number): void {
    const windows = (now - this.windowStart) / WINDOW_MILLIS;
    const share = (this.busy / (now - this.windowStart)) * 100;
    this.controller.next(share, this.starts / windows, Math.max(1, Math.floor(windows)));
    this.busy = 0;
    this.starts = 0;
    this.windowStart = now;
    const { level } = this.controller;
    this.contentLevel = Math.min(level, OMITTED_LEVEL) as 0 | 1 | 2;
    this.mask = (1 << Math.max(0, level - OMITTED_LEVEL)) - 1;
    this.share = share;
    if (level === 0) return;
    this.episode.note();
    // Without calls nothing else would see that the load is gone.
    this.timer.arm(WINDOW_MILLIS);
  }
}

/** The budget of this thread; `null` without one. */
export let overhead: Overhead | null = null;

/** Sets the budget of this thread, in percent of the main thread, or lifts it. */
export function limitOverhead(percent: number | undefined): void {
  overhead?.close();
  overhead = percent === undefined ? null : new Overhead(percent);
  measureWork(overhead);
}
