/** @module The total time one attempt may take, headers, compression, connection and answer included. */

/** Why an attempt was stopped before its end. */
export type StopReason = 'timed out' | 'aborted';

/** A timer this late means the event loop stood still, in milliseconds; answers may be waiting unread. */
const STALL_MILLIS = 250;
/** What an attempt gets to read them, in milliseconds, or its whole time again if that was shorter. */
const STALL_GRACE_MILLIS = 1_000;

/** What {@link Deadline} needs from the caller. */
export interface DeadlineOptions {
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Whether the timer keeps the process alive. */
  readonly holdsProcess: boolean;
}

/** Stops one attempt, once, when its time is over or its signal fires. */
export class Deadline {
  /** Set once the attempt must end. */
  stopReason: StopReason | undefined;
  readonly #options: DeadlineOptions;
  readonly #abort = (): void => this.#stop('aborted');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onStop: (() => void) | undefined;
  #dueAt = 0;

  constructor(options: DeadlineOptions) {
    this.#options = options;
    const { signal } = options;
    if (signal?.aborted) {
      this.stopReason = 'aborted';
      return;
    }
    signal?.addEventListener('abort', this.#abort);
    this.#arm(options.timeoutMillis, true);
  }

  /** Calls `listener` when the attempt must end, at once if that has passed. The newest listener counts. */
  onStop(listener: () => void): void {
    this.#onStop = listener;
    if (this.stopReason !== undefined) listener();
  }

  /** Releases the timer and the signal. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#onStop = undefined;
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  #arm(millis: number, mayExtend: boolean): void {
    this.#dueAt = this.#options.now() + millis;
    this.#timer = setTimeout(() => {
      if (mayExtend && this.#options.now() - this.#dueAt > STALL_MILLIS) {
        this.#arm(Math.min(STALL_GRACE_MILLIS, this.#options.timeoutMillis), false);
      } else {
        this.#stop('timed out');
      }
    }, millis);
    if (!this.#options.holdsProcess) this.#timer.unref?.();
  }

  #stop(reason: StopReason): void {
    if (this.stopReason !== undefined) return;
    this.stopReason = reason;
    clearTimeout(this.#timer);
    this.#onStop?.();
  }
}
