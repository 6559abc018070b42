/** Readable streams of Node.js: their consumers listen, so they are only asked to say when they end. */
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

interface NodeStream {
  pipe(destination: unknown): unknown;
  once(event: string, listener: (value?: unknown) => void): unknown;
  readonly readable: boolean;
}

export function isNodeStream(value: object): value is NodeStream {
  const { pipe, once, readable } = value as Partial<NodeStream>;
  return typeof pipe === 'function' && typeof once === 'function' && readable === true;
}

/** The same stream. A listener for its data would make it flow, so what it carries is not captured. */
export function followNodeStream(stream: NodeStream, call: OpenCall): unknown {
  stream.once('end', () => call.finishStream(undefined, false));
  // Listening to 'error' would hide an error that nobody else listens to; 'close' follows it.
  stream.once('close', () => {
    const { errored } = stream as { errored?: unknown };
    if (errored) call.fail(errored);
    else call.finishStream(undefined, true);
  });
  keepOpen(stream, call, null);
  return stream;
}
