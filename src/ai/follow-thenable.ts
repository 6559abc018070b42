/**
 * Thenables that are no plain promise: `APIPromise` of the OpenAI and Anthropic clients, query builders, promises of other
 * libraries. They come back as the same object with all of their methods, and are never asked for their value by us:
 * `then` may start the work, or read a body that the program wants to read itself.
 */
import { activeContext, withContext } from '../api/context.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Callback = ((value: never) => unknown) | null | undefined;
type Follow = (value: unknown, call: OpenCall) => unknown;

interface ApiPromise {
  _thenUnwrap?: (...args: unknown[]) => unknown;
  parse?: () => PromiseLike<unknown>;
  asResponse?: () => PromiseLike<unknown>;
}

/** The same thenable; `undefined` when it can not be observed. */
export function followThenable(thenable: PromiseLike<unknown>, call: OpenCall, follow: Follow): unknown {
  if (!Object.isExtensible(thenable)) return undefined;
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
  observeApiPromise(thenable as ApiPromise, settle);
  keepOpen(thenable, call, null);
  return thenable;
}

/** `withResponse` calls `parse` and then `asResponse`; the latter alone hands out a body that nobody has read. */
function observeApiPromise(promise: ApiPromise, settle: Settlement): void {
  const { parse, asResponse } = promise;
  if (typeof parse !== 'function' || typeof asResponse !== 'function') return;
  let isParsed = false;
  shadow(promise, 'parse', function (this: unknown): unknown {
    isParsed = true;
    return settle.observe(Reflect.apply(parse, this, []));
  });
  shadow(promise, 'asResponse', function (this: unknown): unknown {
    const response: PromiseLike<unknown> = Reflect.apply(asResponse, this, []);
    return isParsed ? response : settle.observe(response);
  });
  const { _thenUnwrap: unwrap } = promise;
  if (typeof unwrap !== 'function') return;
  // The client's own helpers make another promise of this one, and hand that out.
  shadow(promise, '_thenUnwrap', function (this: unknown, ...args: unknown[]): unknown {
    const unwrapped = Reflect.apply(unwrap, this, args);
    return followThenable(unwrapped as PromiseLike<unknown>, settle.call, settle.follow) ?? unwrapped;
  });
}

class Settlement {
  readonly call: OpenCall;
  readonly follow: Follow;
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

  observe(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    return promise.then(
      (value) => this.fulfilled(value),
      (error) => {
        this.rejected(error);
        throw error;
      },
    );
  }
}

/** Puts a method before the one of the object's class. */
function shadow(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}
