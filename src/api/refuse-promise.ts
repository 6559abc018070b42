/** @module Answers that are due at once. */

/**
 * Throws a TypeError if `answer`, of user code that `from` names, is a promise. Its rejection is swallowed: nobody
 * else can handle it, and an unhandled one ends the process.
 */
export function refusePromise(answer: unknown, from: string): void {
  if (!(answer instanceof Promise)) return;
  answer.catch(() => {});
  throw new TypeError(`expected an answer from ${from}, got a promise`);
}
