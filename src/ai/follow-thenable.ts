/**
 * Thenables that are no plain promise: query builders, promises of other libraries, and, by follow-api-promise.ts, those of
 * model clients. They come back as the same object with all of their methods, and are never asked for their value by us:
 * `then` may start the work, or read a body that the program wants to read itself.
 */
import { activeContext, withContext } from '../api/context.ts';
import { followApiPromise, isApiPromise } from './follow-api-promise.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Callback = ((value: never) => unknown) | null | undefined;
type Follow = (value: unknown, call: OpenCall) => unknown;

/** The same thenable; `undefined` when it can not be observed. */
export function followThenable(thenable: PromiseLike<unknown>, call: OpenCall, follow: Follow): unknown {
  if (!Object.isExtensible(thenable)) return undefined;
  if (isApiPromise(thenable)) return followApiPromise(thenable, call, follow);
  const settle = new Settlement(call, follow);
  const { then } = thenable;
  shadow(thenable, 'then', function (this: unknown, onFulfilled: Callback, onRejected: Callback): unknown {
    // The callbacks belong to whoever asks now, as those of a promise do.
    const caller = activeContext();
    const fulfilled = (value: unknown): unknown => {
      const followed = settle.fulfilled(value);
      return typeof onFulfilled === 'function'
        ? withContext(caller, () => onFulfilled(followed as never))
        : followed;
    };
    const rejected = (error: unknown): unknown => {
      settle.rejected(error);
      if (typeof onRejected === 'function') return withContext(caller, () => onRejected(error as never));
      throw error;
    };
    return withContext(call.frame, () => Reflect.apply(then, this, [fulfilled, rejected]));
  });
  keepOpen(thenable, call, null);
  return thenable;
}

class Settlement {
  private readonly call: OpenCall;
  private readonly follow: Follow;
  private isDone = false;
  private value: unknown;

  constructor(call: OpenCall, follow: Follow) {
    this.call = call;
    this.follow = follow;
  }

  /** What is handed on; however often the thenable is asked, the value is followed once. */
  fulfilled(value: unknown): unknown {
    if (!this.isDone) this.value = this.follow(value, this.call);
    this.isDone = true;
    return this.value;
  }

  rejected(error: unknown): void {
    this.isDone = true;
    this.call.fail(error);
  }
}

/** Puts a method before the one of the object's class. */
function shadow(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}
