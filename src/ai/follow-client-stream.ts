/**
 * The `Stream` of the OpenAI and Anthropic clients, and of others made by the same generator. Iteration, `tee` and
 * `toReadableStream` all make their iterator by the function in its field `iterator`; that is where it is observed.
 */
import { withContext } from '../api/context.ts';
import { followIterator } from './follow-iterator.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

interface ClientStream {
  iterator: (this: unknown) => object;
  readonly controller: AbortController;
  tee(): unknown;
}

export function isClientStream(value: object): value is ClientStream {
  const { iterator, controller, tee } = value as Partial<ClientStream>;
  return typeof iterator === 'function' && typeof tee === 'function' && controller?.signal !== undefined;
}

/** The same stream. It ends quietly when it is aborted, which is told apart from its real end by the signal. */
export function followClientStream(stream: ClientStream, call: OpenCall): unknown {
  if (!Object.isExtensible(stream)) return undefined;
  const { iterator: make } = stream;
  const { signal } = stream.controller;
  let isTaken = false;
  stream.iterator = function (this: unknown): object {
    const iterator = withContext(call.frame, () => Reflect.apply(make, this, []));
    // A second iterator only says that the stream was consumed.
    if (isTaken) return iterator;
    isTaken = true;
    // The halves of `tee` have iterators that do not say that they are asynchronous.
    const followed = followIterator(iterator, call, true, () => signal.aborted);
    return (followed as object | undefined) ?? iterator;
  };
  keepOpen(stream, call, null);
  return stream;
}
