/**
 * Generators and other iterators, sync and async: each step of them runs in the context of their span, and the span ends
 * with the last step. The object stays the same; its methods are shadowed.
 */
import { withContext } from '../api/context.ts';
import type { ChunkSink } from './chunks.ts';
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
export function followIterator(
  iterator: object,
  call: OpenCall,
  isAsync: boolean = Reflect.has(iterator, Symbol.asyncIterator),
  wasAborted: () => boolean = never,
): unknown {
  if (!Object.isExtensible(iterator)) return undefined;
  const steps = new Steps(call, wasAborted);
  const original = iterator as Iterators;
  const follow = isAsync ? asyncStep : syncStep;
  for (const method of METHODS) {
    const step = original[method];
    if (typeof step !== 'function') continue;
    const value = follow(step, method, steps);
    Object.defineProperty(iterator, method, { value, configurable: true, writable: true });
  }
  keepOpen(iterator, call, steps.chunks);
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

const never = (): boolean => false;

/** What the steps of one iterator bring. */
class Steps {
  readonly chunks: ChunkSink | null;
  private readonly call: OpenCall;
  private readonly wasAborted: () => boolean;

  constructor(call: OpenCall, wasAborted: () => boolean) {
    this.call = call;
    this.chunks = call.newChunks();
    this.wasAborted = wasAborted;
  }

  run(step: Step, self: unknown, args: unknown[]): unknown {
    return withContext(this.call.frame, () => Reflect.apply(step, self, args));
  }

  /** Whoever calls `return` stops early, unless the last step was taken already. */
  note(result: unknown, method: Method): void {
    // No object: whoever iterates will throw, and not we.
    if (typeof result !== 'object' || result === null) return;
    const { done, value } = result as IteratorResult<unknown>;
    const { chunks } = this;
    if (!done) chunks?.push(value);
    else this.call.finishStream(chunks?.value ?? value, method !== 'next' || this.wasAborted());
  }

  fail(error: unknown): never {
    this.call.fail(error, this.chunks);
    throw error;
  }
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
    return followIterator(iterator, call, true) ?? iterator;
  };
}

function syncStep(step: Step, method: Method, steps: Steps): Step {
  return function (this: unknown, ...args: unknown[]): unknown {
    let result: unknown;
    try {
      result = steps.run(step, this, args);
    } catch (error) {
      return steps.fail(error);
    }
    steps.note(result, method);
    return result;
  };
}

function asyncStep(step: Step, method: Method, steps: Steps): Step {
  const fulfilled = (result: unknown): unknown => {
    steps.note(result, method);
    return result;
  };
  const rejected = (error: unknown): never => steps.fail(error);
  return function (this: unknown, ...args: unknown[]): unknown {
    let result: unknown;
    try {
      result = steps.run(step, this, args);
    } catch (error) {
      return rejected(error);
    }
    if (result instanceof Promise) return result.then(fulfilled, rejected);
    // Not what the language asks of an async iterator, but `for await` takes a result, and any thenable, as well.
    const isThenable = typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then === 'function';
    return isThenable ? Promise.resolve(result).then(fulfilled, rejected) : fulfilled(result);
  };
}
