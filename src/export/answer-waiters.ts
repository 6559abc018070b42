/** @module Callers that wait for the answers to all spans up to a position, each until a deadline of its own. */

import { PipeTimer } from './pipe-timer.ts';

interface Waiter {
  /** Done when this many spans have been answered for. */
  readonly mark: number;
  readonly settle: () => void;
}

export class AnswerWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves when `tell` reaches `mark`, or after `millis`. Keeps the process alive meanwhile: its caller was promised an
   * end.
   */
  until(mark: number, millis: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = new PipeTimer(() => waiter.settle(), true);
      const waiter: Waiter = {
        mark,
        settle: () => {
          deadline.clear();
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      deadline.arm(millis);
    });
  }

  /** Spans up to this position have been answered for. */
  tell(answered: number): void {
    for (const waiter of this.#waiters) if (waiter.mark <= answered) waiter.settle();
  }

  /** Nothing more will be answered that anyone should wait for. */
  settleAll(): void {
    this.tell(Number.POSITIVE_INFINITY);
  }
}
