/** Web streams: a new stream that pulls from the one that was returned, only when someone pulls from it. */
import { withContext } from '../api/context.ts';
import { Chunks } from './chunks.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Controller = ReadableStreamDefaultController | ReadableByteStreamController;

/** A stream that passes everything on; `undefined` when the stream is taken already. */
export function followReadableStream(
  stream: ReadableStream<unknown>,
  call: OpenCall,
  summary: (chunks: Chunks) => unknown = (chunks) => chunks.value,
  chunks: Chunks = new Chunks(call.capture?.maxChunks ?? 0, call.capture?.aggregate !== undefined),
): ReadableStream<unknown> | undefined {
  if (stream.locked) return undefined;
  const type = isByteStream(stream) ? ('bytes' as const) : undefined;
  const reader = stream.getReader();
  const source = {
    async pull(controller: Controller) {
      try {
        const { done, value } = await withContext(call.frame, () => reader.read());
        if (!done) {
          chunks.push(value);
          controller.enqueue(value as never);
          return;
        }
        call.finishStream(summary(chunks), false);
        close(controller);
      } catch (error) {
        call.fail(error, summary(chunks));
        controller.error(error);
      }
    },
    cancel(reason: unknown) {
      call.finishStream(summary(chunks), true);
      return withContext(call.frame, () => reader.cancel(reason));
    },
  };
  // The two kinds of source differ in their types alone.
  const followed = new ReadableStream({ ...source, type } as never, { highWaterMark: 0 });
  keepOpen(followed, call, () => summary(chunks));
  return followed;
}

/** Whether readers may bring their own buffers; the followed stream then lets them as well. */
function isByteStream(stream: ReadableStream<unknown>): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

function close(controller: Controller): void {
  controller.close();
  // A reader that brought a buffer waits for it to come back, empty (Streams Standard, "respond").
  if ('byobRequest' in controller) controller.byobRequest?.respond(0);
}
