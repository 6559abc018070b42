/** @module Callers that wait for the answers to all spans up to a position, each until a deadline of its own. */

import { PipeTimer } from './pipe-timer.ts';

interface Waiter {
  /** Done when this many spans have been answered for. */
  readonly mark: number;
  /** When it is given up at the latest, by the caller's clock. */
  readonly deadline: number;
  readonly settle: () => void;
}

export class AnswerWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves when `tell` reaches `mark`, or after `millis`. Keeps the process alive meanwhile: its caller was promised an
   * end.
   *
   * @param deadline - when that is by the caller's clock, if `tellPause` may end the wait; default never.
   */
  until(mark: number, millis: number, deadline = Number.POSITIVE_INFINITY): Promise<void> {
    return new Promise((resolve) => {
      const timer = new PipeTimer(() => waiter.settle(), true);
      const waiter: Waiter = {
        mark,
        deadline,
        settle: () => {
          timer.clear();
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      timer.arm(millis);
    });
  }

  /** Spans up to this position have been answered for. */
  tell(answered: number): void {
    for (const waiter of this.#waiters) if (waiter.mark <= answered) waiter.settle();
  }

  /** Nothing will be answered before `time`: whoever waits no longer than that need not wait. */
  tellPause(time: number): void {
    for (const waiter of this.#waiters) if (waiter.deadline <= time) waiter.settle();
  }

  /** Nothing more will be answered that anyone should wait for. */
  settleAll(): void {
    this.tell(Number.POSITIVE_INFINITY);
  }
}
