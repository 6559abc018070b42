/** The stream of a model of the AI SDK, of which the SDK says nothing when its consumer stops reading. */
import { Chunks } from '../chunks.ts';
import { followReadableStream } from '../follow-stream.ts';
import { isReadableStream } from '../platform-objects.ts';
import { given, text } from './given.ts';
import type { LibraryCall } from './library-call.ts';

/** Keeps the text that came, for a call that does not come to its end. */
class TextOfParts extends Chunks {
  override push(part: unknown): void {
    const { type, delta } = given(part);
    if (type === 'text-delta' && text(delta) !== undefined) super.push(delta);
  }
}

/** The same result with a stream that ends `call` when it is cancelled, fails, or is let go of. */
export function followModelStream<Result>(result: Result, call: LibraryCall): Result {
  const { stream } = given(result);
  if (!isReadableStream(stream)) return result;
  const chunks = new TextOfParts(call.capture?.maxChunks ?? 0, false);
  call.partial = chunks;
  const followed = followReadableStream(stream, call, chunks);
  return followed === undefined ? result : { ...result, stream: followed };
}
