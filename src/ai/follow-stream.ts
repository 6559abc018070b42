/** Web streams: a new stream that pulls from the one that was returned, only when someone pulls from it. */
import { withContext } from '../api/context.ts';
import type { ChunkSink } from './chunks.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';

type Stream = ReadableStream<unknown>;
type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;
type Controller = ReadableStreamDefaultController | ReadableByteStreamController;

/** A stream that passes everything on; `undefined` when the stream is taken already. */
export function followReadableStream(
  stream: Stream,
  call: OpenCall,
  chunks: ChunkSink | null = call.newChunks(),
): Stream | undefined {
  if (stream.locked) return undefined;
  const isBytes = isByteStream(stream);
  // The two kinds of source differ in their types alone.
  const source = new FollowedSource(stream, isBytes ? 'bytes' : undefined, call, chunks) as never;
  const followed: Stream = new ReadableStream(source, { highWaterMark: 0 });
  copyMembers(stream, followed);
  keepOpen(followed, call, chunks);
  return followed;
}

/** What a program has put on a stream, such as an iterator of its own. Node keeps its state under symbols. */
function copyMembers(from: object, to: object): void {
  for (const key of [...Object.getOwnPropertyNames(from), Symbol.asyncIterator]) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (descriptor !== undefined) Object.defineProperty(to, key, descriptor);
  }
}

/** Whether readers may bring their own buffers; the followed stream then lets them as well. */
function isByteStream(stream: Stream): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

class FollowedSource {
  readonly type: 'bytes' | undefined;
  private readonly stream: Stream;
  private readonly call: OpenCall;
  private readonly chunks: ChunkSink | null;
  private reader: ReadableStreamDefaultReader<unknown> | ReadableStreamBYOBReader;
  private bringsBuffers = false;

  constructor(stream: Stream, type: 'bytes' | undefined, call: OpenCall, chunks: ChunkSink | null) {
    this.stream = stream;
    this.type = type;
    this.call = call;
    this.chunks = chunks;
    // Locked from the beginning, as if the program had handed it on.
    this.reader = stream.getReader();
  }

  async pull(controller: Controller): Promise<void> {
    const { call, chunks } = this;
    try {
      const view = 'byobRequest' in controller ? controller.byobRequest?.view : undefined;
      const { done, value } = await withContext(call.frame, () => this.read(view));
      if (done) {
        call.finishStream(chunks?.value, false);
        close(controller, value);
      } else {
        // What is handed on leaves nothing behind for an `aggregate`: the buffer is transferred.
        chunks?.push(this.type && chunks.keepsList ? (value as Uint8Array).slice() : value);
        if (view)
          (controller as ReadableByteStreamController).byobRequest?.respondWithNewView(value as never);
        else controller.enqueue(value as never);
      }
    } catch (error) {
      call.fail(error, chunks);
      controller.error(error);
    }
  }

  cancel(reason: unknown): Promise<void> {
    this.call.finishStream(this.chunks?.value, true);
    return withContext(this.call.frame, () => this.reader.cancel(reason));
  }

  /** Into the buffer of the consumer, where it has brought one: a source may have no other. */
  private read(view: ArrayBufferView | null | undefined): Promise<{ done: boolean; value?: unknown }> {
    const brings = Boolean(view);
    if (brings !== this.bringsBuffers) {
      this.reader.releaseLock();
      this.bringsBuffers = brings;
      this.reader = brings
        ? (this.stream as ByteStream).getReader({ mode: 'byob' })
        : this.stream.getReader();
    }
    if (!view) return (this.reader as ReadableStreamDefaultReader<unknown>).read();
    const { buffer, byteOffset, byteLength } = view;
    return (this.reader as ReadableStreamBYOBReader).read(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

/** A reader that brought a buffer waits for it to come back, empty (Streams Standard, "respond"). */
function close(controller: Controller, value: unknown): void {
  controller.close();
  if (!('byobRequest' in controller) || !controller.byobRequest) return;
  if (ArrayBuffer.isView(value)) controller.byobRequest.respondWithNewView(value as never);
  else controller.byobRequest.respond(0);
}
