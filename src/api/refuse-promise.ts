/** @module Answers that are due at once. */

import { isPromiseLike } from './resource.ts';

/**
 * Throws a TypeError if `answer`, of user code that `from` names, is a promise. Its rejection is swallowed: nobody
 * else can handle it, and an unhandled one ends the process.
 */
export function refusePromise(answer: unknown, from: string): void {
  if (swallowRejection(answer)) throw new TypeError(`expected an answer from ${from}, got a promise`);
}

/** Whether `answer` is a promise. Its rejection is swallowed then. */
export function swallowRejection(answer: unknown): boolean {
  if (!isPromiseLike(answer)) return false;
  Promise.resolve(answer).catch(() => {});
  return true;
}
