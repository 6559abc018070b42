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
  const isAsync = Symbol.asyncIterator in iterator;
  for (const method of METHODS) {
    const step = original[method];
    if (typeof step !== 'function') continue;
    const value = (isAsync ? asyncStep : syncStep)(step, method, call, chunks);
    Object.defineProperty(iterator, method, { value, configurable: true, writable: true });
  }
  keepOpen(iterator, call, () => chunks?.value);
  return iterator;
}

/** An async iterable that makes its iterator when asked, as the streams of model clients do. */
export function followIterable(iterable: object, call: OpenCall): unknown {
  const make = (iterable as { [Symbol.asyncIterator]?: Step })[Symbol.asyncIterator];
  if (typeof make !== 'function' || !Object.isExtensible(iterable)) return undefined;
  Object.defineProperty(iterable, Symbol.asyncIterator, {
    value(this: unknown, ...args: unknown[]) {
      const iterator = withContext(call.frame, () => Reflect.apply(make, this, args)) as object;
      return followIterator(iterator, call) ?? iterator;
    },
    configurable: true,
    writable: true,
  });
  keepOpen(iterable, call, () => undefined);
  return iterable;
}

function chunksOf({ capture }: OpenCall): Chunks | null {
  return capture === null ? null : new Chunks(capture.maxChunks, capture.aggregate !== undefined);
}

/** Whoever calls `return` stops early, unless the last step was taken already. */
function note(result: unknown, method: Method, call: OpenCall, chunks: Chunks | null): void {
  const { done, value } = result as IteratorResult<unknown>;
  if (!done) chunks?.push(value);
  else call.finishStream(chunks?.value ?? value, method !== 'next');
}

function syncStep(step: Step, method: Method, call: OpenCall, chunks: Chunks | null): Step {
  return function (this: unknown, ...args: unknown[]): unknown {
    try {
      const result = withContext(call.frame, () => Reflect.apply(step, this, args));
      note(result, method, call, chunks);
      return result;
    } catch (error) {
      call.fail(error, chunks?.value);
      throw error;
    }
  };
}

function asyncStep(step: Step, method: Method, call: OpenCall, chunks: Chunks | null): Step {
  const fulfilled = (result: unknown): unknown => {
    note(result, method, call, chunks);
    return result;
  };
  const rejected = (error: unknown): never => {
    call.fail(error, chunks?.value);
    throw error;
  };
  return function (this: unknown, ...args: unknown[]): unknown {
    try {
      const promise = withContext(call.frame, () => Reflect.apply(step, this, args)) as Promise<unknown>;
      return promise.then(fulfilled, rejected);
    } catch (error) {
      return rejected(error);
    }
  };
}
