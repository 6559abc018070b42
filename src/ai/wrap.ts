/** The function that stands for a traced one. */
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { type CallPlan, callTraced, planOf } from './traced-call.ts';

/** Wraps `fn`; what comes back looks like it in every way that a program can ask for. */
export function wrap<F extends AnyFunction>(fn: F, options: TraceOptions<F>, name = fn.name): F {
  const plan = planOf(name || 'anonymous', options as unknown as TraceOptions);
  const traced = Object.hasOwn(fn, 'prototype') ? constructible(plan, fn) : plain(plan, fn);
  // Of its kind as well: programs tell async functions by the name of their constructor.
  Object.setPrototypeOf(traced, Object.getPrototypeOf(fn));
  copyProperties(fn, traced);
  return traced as unknown as F;
}

/** Arrow functions, methods and async functions have no prototype, and refuse `new`: so does a method. */
function plain(plan: CallPlan, fn: AnyFunction): object {
  return {
    traced(this: unknown, ...args: unknown[]): unknown {
      return callTraced(plan, fn, this, args);
    },
  }.traced;
}

/** Functions and generators: the prototype is the one that `fn` has. Making an object is no call, and no span. */
function constructible(plan: CallPlan, fn: AnyFunction): object {
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return callTraced(plan, fn, this, args);
    return Reflect.construct(fn, args, new.target === traced ? fn : new.target);
  };
  traced.prototype = fn.prototype;
  return traced;
}

/** Name, length and whatever a program has put on the function, as they are. */
export function copyProperties(from: object, to: object): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (key !== 'prototype' && descriptor?.configurable) Object.defineProperty(to, key, descriptor);
  }
}
