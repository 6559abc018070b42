/** @module A timer outside any trace that lets the process end. */

import { MAXIMUM_MILLIS } from '../config/options.ts';
import { runSuppressed } from './suppressed-context.ts';

interface Host {
  setImmediate?(callback: () => void): { unref?(): void };
  clearImmediate?(handle: unknown): void;
}

/** One callback, armed at most once at a time. */
export class PipeTimer {
  readonly #callback: () => void;
  readonly #holdsProcess: boolean;
  #cancel: (() => void) | undefined;

  /** @param holdsProcess - whether the process stays alive while armed. Default false. */
  constructor(callback: () => void, holdsProcess = false) {
    this.#callback = callback;
    this.#holdsProcess = holdsProcess;
  }

  get isArmed(): boolean {
    return this.#cancel !== undefined;
  }

  /** Calls back after `millis`, clamped to what timers can wait. Replaces an earlier call. */
  arm(millis: number): void {
    this.clear();
    const bounded = Math.min(Math.max(millis, 0), MAXIMUM_MILLIS);
    const timer = runSuppressed(() => setTimeout(() => this.#fire(), bounded));
    // Browsers return a number, and have no process to keep alive.
    if (!this.#holdsProcess) (timer as { unref?(): void }).unref?.();
    this.#cancel = () => clearTimeout(timer);
  }

  /** Calls back in the next turn of the event loop. */
  armNextTurn(): void {
    const host = globalThis as unknown as Host;
    if (host.setImmediate === undefined) {
      this.arm(0);
      return;
    }
    this.clear();
    const handle = runSuppressed(() => host.setImmediate?.(() => this.#fire()));
    if (!this.#holdsProcess) handle?.unref?.();
    this.#cancel = () => host.clearImmediate?.(handle);
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #fire(): void {
    this.#cancel = undefined;
    this.#callback();
  }
}
