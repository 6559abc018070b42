/** The function that stands for a traced one. */
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { callTraced, planOf } from './traced-call.ts';

/** Wraps `fn`; what comes back looks like it in every way that a program can ask for. */
export function wrap<F extends AnyFunction>(fn: F, options: TraceOptions<F>, name = fn.name): F {
  const plan = planOf(name || 'anonymous', options as TraceOptions);
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    return callTraced(plan, fn, this, args);
  };
  copyProperties(fn, traced);
  return traced as unknown as F;
}

/** Name, length and whatever a program has put on the function, as they are. */
export function copyProperties(from: object, to: object): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (key !== 'prototype' && descriptor?.configurable) Object.defineProperty(to, key, descriptor);
  }
}
