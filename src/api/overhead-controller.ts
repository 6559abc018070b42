/**
 * How much tracing may do, level by level, so that its share of the main thread stays within a budget. Fed once a window
 * of about a second; holds no clock.
 */

/** All is done; content is shortened; left out; of new traces 1/2, 1/4, … 1/64 are recorded. */
export const HIGHEST_LEVEL = 8;
/** A level is left downwards only if its neighbour is expected to need less than this share of the budget. */
const MARGIN = 0.8;
/** Windows within the budget before a step down. */
const CALM_WINDOWS = 2;
/** Windows at one level before a step down is tried that is expected to fail: what is expected may be out of date. */
const FIRST_PROBE = 60;
const LAST_PROBE = 3600;

export class OverheadController {
  level = 0;
  private readonly budget: number;
  /** What a started span cost at each level when it was last measured there, in percent of the thread. */
  private readonly costs: (number | undefined)[] = [];
  private calm = 0;
  private stayed = 0;
  private probeAfter = FIRST_PROBE;
  private isProbing = false;

  /** @param budget - percent of the main thread. */
  constructor(budget: number) {
    this.budget = budget;
  }

  /**
   * Takes what one window measured, or several that were alike.
   *
   * @param share - percent of the thread that tracing took.
   * @param starts - spans started in a window, recording or not: the load, whatever is done about it.
   */
  next(share: number, starts: number, windows = 1): void {
    if (starts > 0) this.costs[this.level] = share / starts;
    if (share > this.budget) {
      this.rise();
      return;
    }
    if (this.level === 0) {
      this.isProbing = false;
      this.probeAfter = FIRST_PROBE;
      return;
    }
    this.calm += windows;
    this.stayed += windows;
    if (this.isProbing && this.stayed > CALM_WINDOWS) {
      this.isProbing = false;
      this.probeAfter = FIRST_PROBE;
    }
    if (this.calm <= CALM_WINDOWS) return;
    if (this.expected(starts) < this.budget * MARGIN) this.fall();
    else if (this.stayed >= this.probeAfter) this.probe();
  }

  private rise(): void {
    if (this.isProbing) this.probeAfter = Math.min(this.probeAfter * 2, LAST_PROBE);
    this.isProbing = false;
    this.calm = 0;
    this.stayed = 0;
    if (this.level < HIGHEST_LEVEL) this.level += 1;
  }

  private fall(): void {
    this.calm = 0;
    this.stayed = 0;
    this.level -= 1;
  }

  private probe(): void {
    this.fall();
    this.isProbing = true;
  }

  /** What the level below would take at this load. */
  private expected(starts: number): number {
    return (this.costs[this.level - 1] ?? 0) * starts;
  }
}
