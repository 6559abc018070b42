/**
 * Generators and other iterators, sync and async: each step of them runs in the context of their span, and the span ends
 * with the last step. The object stays the same; its methods are shadowed.
 */
import { withContext } from '../api/context.ts';
import { Chunks } from './chunks.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Step = (this: unknown, ...args: unknown[]) => unknown;
type Method = 'next' | 'return' | 'throw';
type Iterators = Record<Method, Step | undefined>;

const METHODS: readonly Method[] = ['next', 'return', 'throw'];

/** Whether an object is an iterator that gives itself when it is iterated, as generators do. */
export function isIterator(value: object): boolean {
  if (typeof (value as Partial<Iterators>).next !== 'function') return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** The same iterator; `undefined` when it can not be observed. */
export function followIterator(iterator: object, call: OpenCall): unknown {
  if (!Object.isExtensible(iterator)) return undefined;
  const chunks = chunksOf(call);
  const original = iterator as Iterators;
  const follow = Symbol.asyncIterator in iterator ? asyncStep : syncStep;
  for (const method of METHODS) {
    const step = original[method];
    if (typeof step !== 'function') continue;
    const value = follow(step, method, call, chunks);
    Object.defineProperty(iterator, method, { value, configurable: true, writable: true });
  }
  keepOpen(iterator, call, chunks);
  return iterator;
}

/** An async iterable that makes its iterator when asked, as the streams of model clients do. */
export function followIterable(iterable: object, call: OpenCall): unknown {
  const make = (iterable as { [Symbol.asyncIterator]?: Step })[Symbol.asyncIterator];
  if (typeof make !== 'function' || !Object.isExtensible(iterable)) return undefined;
  Object.defineProperty(iterable, Symbol.asyncIterator, {
    value: iteratorMaker(make, call),
    configurable: true,
    writable: true,
  });
  keepOpen(iterable, call, null);
  return iterable;
}

/** Not inside `followIterable`: what it closes over must not reach the iterable, which is to be collected. */
function iteratorMaker(make: Step, call: OpenCall): Step {
  return function (this: unknown, ...args: unknown[]) {
    let iterator: unknown;
    try {
      iterator = withContext(call.frame, () => Reflect.apply(make, this, args));
    } catch (error) {
      call.fail(error);
      throw error;
    }
    if (typeof iterator !== 'object' || iterator === null) return iterator;
    return followIterator(iterator, call) ?? iterator;
  };
}

function chunksOf({ capture }: OpenCall): Chunks | null {
  return capture === null ? null : new Chunks(capture.maxChunks, capture.aggregate !== undefined);
}

/** Whoever calls `return` stops early, unless the last step was taken already. */
function note(result: unknown, method: Method, call: OpenCall, chunks: Chunks | null): void {
  // No object: whoever iterates will throw, and not we.
  if (typeof result !== 'object' || result === null) return;
  const { done, value } = result as IteratorResult<unknown>;
  if (!done) chunks?.push(value);
  else call.finishStream(chunks?.value ?? value, method !== 'next');
}

function syncStep(step: Step, method: Method, call: OpenCall, chunks: Chunks | null): Step {
  return function (this: unknown, ...args: unknown[]): unknown {
    let result: unknown;
    try {
      result = withContext(call.frame, () => Reflect.apply(step, this, args));
    } catch (error) {
      call.fail(error, chunks);
      throw error;
    }
    note(result, method, call, chunks);
    return result;
  };
}

function asyncStep(step: Step, method: Method, call: OpenCall, chunks: Chunks | null): Step {
  const fulfilled = (result: unknown): unknown => {
    note(result, method, call, chunks);
    return result;
  };
  const rejected = (error: unknown): never => {
    call.fail(error, chunks);
    throw error;
  };
  return function (this: unknown, ...args: unknown[]): unknown {
    let result: unknown;
    try {
      result = withContext(call.frame, () => Reflect.apply(step, this, args));
    } catch (error) {
      return rejected(error);
    }
    if (result instanceof Promise) return result.then(fulfilled, rejected);
    // Not what the language asks of an async iterator, but `for await` takes a result, and any thenable, as well.
    const isThenable = typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
    return isThenable ? Promise.resolve(result).then(fulfilled, rejected) : fulfilled(result);
  };
}
