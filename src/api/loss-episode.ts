/** A time of loss, said when it begins and when it is over: two lines however much is lost, and no more a minute. */
import { announce } from '../diagnostics.ts';
import { PipeTimer } from '../export/pipe-timer.ts';

/** Without another loss for this long, in milliseconds, it is over. */
const QUIET_MILLIS = 5_000;
/** Least time between two lines that say a loss begins. */
const PAIR_MILLIS = 60_000;

/** What is said. */
export interface LossLines {
  /** What begins to be lost, why, and the cure. */
  begin(): string;
  /** That it is over, how many seconds it lasted, and what was lost since `begin` was called. */
  end(seconds: string): string;
}

export class LossEpisode {
  private readonly lines: LossLines;
  private beganAt = 0;
  private lastAt = 0;
  private isOn = false;
  /** When a line said that a loss begins, and whether one said so of this loss. */
  private saidAt = Number.NEGATIVE_INFINITY;
  private isSaid = false;
  /** What the line would have been. */
  private beginning = '';
  private readonly timer = new PipeTimer(() => this.check(performance.now()));

  constructor(lines: LossLines) {
    this.lines = lines;
  }

  /** To be called at every loss, before it is counted. */
  note(): void {
    const now = performance.now();
    // The timer may be late: the event loop may have been blocked since.
    if (this.isOn && now - this.lastAt >= QUIET_MILLIS) this.check(now);
    this.lastAt = now;
    if (this.isOn) {
      if (!this.isSaid) this.sayBeginning(now);
      return;
    }
    this.isOn = true;
    // What was lost since the last pair and not said belongs to this one.
    if (this.beginning === '') {
      this.beganAt = now;
      this.beginning = this.lines.begin();
    }
    this.sayBeginning(now);
    this.timer.arm(QUIET_MILLIS);
  }

  /** Says what is to be said: nothing will be lost any more, or nobody will hear of it. */
  close(): void {
    this.timer.clear();
    if (this.beginning !== '') this.sayEnd(performance.now());
  }

  private check(now: number): void {
    const quiet = now - this.lastAt;
    const untilSaid = this.isSaid ? 0 : this.saidAt + PAIR_MILLIS - now;
    if (quiet >= QUIET_MILLIS) this.isOn = false;
    if (this.isOn) this.timer.arm(QUIET_MILLIS - quiet);
    else if (untilSaid > 0) this.timer.arm(untilSaid);
    else this.sayEnd(now);
  }

  private sayBeginning(now: number): void {
    if (now - this.saidAt < PAIR_MILLIS) return;
    this.saidAt = now;
    this.isSaid = true;
    announce('warn', this.beginning);
  }

  private sayEnd(now: number): void {
    this.timer.clear();
    const seconds = ((this.lastAt - this.beganAt) / 1000).toFixed(1);
    // A loss within a minute of the last one has had no line of its own.
    const before = this.isSaid ? '' : `${this.beginning} `;
    if (!this.isSaid) this.saidAt = now;
    announce('warn', before + this.lines.end(seconds));
    this.isOn = false;
    this.isSaid = false;
    this.beginning = '';
  }
}
