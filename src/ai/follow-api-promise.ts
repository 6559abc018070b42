/**
 * The `APIPromise` of the OpenAI and Anthropic clients, and of others made by the same generator. `then`, `catch`,
 * `finally`, `parse`, `withResponse` and the promises that its own `_thenUnwrap` derives all read the response by the one
 * function in its field `parseResponse`; that is where it is observed, so all of them stay what they are. It has asked for
 * the response already; the body is read when the program asks for it, and never by us.
 */
import { withContext } from '../api/context.ts';
import { followResponseWhenRead } from './follow-response.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Follow = (value: unknown, call: OpenCall) => unknown;

interface ApiPromise {
  responsePromise: Promise<unknown>;
  parseResponse: (...args: unknown[]) => unknown;
  parse(): Promise<unknown>;
  asResponse(): Promise<unknown>;
}

export function isApiPromise(value: object): value is ApiPromise {
  const { responsePromise, parseResponse, parse, asResponse } = value as Partial<ApiPromise>;
  return (
    responsePromise instanceof Promise &&
    [parseResponse, parse, asResponse].every((method) => typeof method === 'function')
  );
}

/** The same promise. Its call ends with what the response is read as, or with the failure of the request. */
export function followApiPromise(promise: ApiPromise, call: OpenCall, follow: Follow): unknown {
  const { responsePromise, parseResponse, parse, asResponse } = promise;
  // A derived promise in its place: whoever handles its rejection handles the only one that is not handled yet.
  promise.responsePromise = responsePromise.then(undefined, (error) => fail(call, error));
  promise.parseResponse = function (this: unknown, ...args: unknown[]): unknown {
    const parsed = withContext(call.frame, () => Reflect.apply(parseResponse, this, args));
    return Promise.resolve(parsed).then(
      (value) => follow(value, call),
      (error) => fail(call, error),
    );
  };
  let isParsed = false;
  shadow(promise, 'parse', function (this: unknown): unknown {
    isParsed = true;
    return Reflect.apply(parse, this, []);
  });
  // `withResponse` calls `parse` first.
  shadow(promise, 'asResponse', function (this: unknown): unknown {
    const response: Promise<unknown> = Reflect.apply(asResponse, this, []);
    return isParsed ? response : response.then((value) => followResponseWhenRead(value, call));
  });
  keepOpen(promise, call, null);
  return promise;
}

function fail(call: OpenCall, error: unknown): never {
  call.fail(error);
  throw error;
}

function shadow(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}
