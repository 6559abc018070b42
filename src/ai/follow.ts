/** Stays with the result of a traced call until it is complete: a promise settles, a stream is read to its end. */
import { followClientStream, isClientStream } from './follow-client-stream.ts';
import { followIterable, followIterator, isIterator } from './follow-iterator.ts';
import { followNodeStream, isNodeStream } from './follow-node-stream.ts';
import { followResponse } from './follow-response.ts';
import { followReadableStream } from './follow-stream.ts';
import { followThenable } from './follow-thenable.ts';
import type { OpenCall } from './open-call.ts';
import { isReadableStream, isResponse } from './platform-objects.ts';

/**
 * Ends the call when its result is complete. Returns the result, or what stands for it: a native promise comes back as
 * the promise derived from it, so that a rejection nobody handles is reported as without us; a `ReadableStream` or
 * `Response` as a new one that passes everything on. Anything else is the same object.
 */
export function follow(result: unknown, call: OpenCall): unknown {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    call.finish(result);
    return result;
  }
  let followed: unknown;
  try {
    followed = followObject(result, call);
  } catch {
    // A Proxy that refuses to say what it is: its user gets it back untouched.
  }
  if (followed !== undefined) return followed;
  call.finish(result);
  return result;
}

/** `undefined` for an object that is complete as it is. */
function followObject(result: object, call: OpenCall): unknown {
  if (result instanceof Promise && result.constructor === Promise) return followPromise(result, call);
  if (isThenable(result)) return followThenable(result, call, follow);
  if (isReadableStream(result)) {
    // A subclass may have private members, which a copy cannot have: it goes back as it is.
    return result.constructor === ReadableStream ? followReadableStream(result, call) : undefined;
  }
  if (isResponse(result)) return followResponse(result, call);
  if (isNodeStream(result)) return followNodeStream(result, call);
  if (isClientStream(result)) return followClientStream(result, call);
  if (isIterator(result)) return followIterator(result, call);
  return followIterable(result, call);
}

function followPromise(promise: Promise<unknown>, call: OpenCall): Promise<unknown> {
  const derived = promise.then(
    (value) => follow(value, call),
    (error) => {
      call.fail(error);
      throw error;
    },
  );
  // What a program has put on its promise, such as `cancel`. Node keeps its own under symbols.
  for (const key of Object.keys(promise)) {
    if (Object.hasOwn(derived, key) || key in Promise.prototype) continue;
    Object.defineProperty(derived, key, Object.getOwnPropertyDescriptor(promise, key) as PropertyDescriptor);
  }
  return derived;
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown }).then === 'function';
}
