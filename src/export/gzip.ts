/** @module gzip (RFC 1952) of a request's chunks, on the runtime's thread pool. */

/** The part of `node:zlib` used here. */
export interface GzipModule {
  createGzip(options?: { chunkSize?: number }): GzipStream;
}

interface GzipStream {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(): unknown;
  destroy(): unknown;
  on(event: 'data', listener: (output: Uint8Array) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Bytes handed to zlib at once, in bytes: bounds how long a cancelled request holds its memory (about 2 ms). */
const PIECE_BYTES = 262_144;
const OUTPUT_CHUNK_BYTES = 65_536;

/**
 * Compresses `chunks` into buffers of its own. zlib reads the chunks where they lie, from another thread, so the
 * promise settles only when no call into zlib is pending: after it, the chunks' memory may be reused.
 *
 * @param isCancelled - asked between pieces; when it says yes, the rest is not read.
 * @returns the compressed body, or `undefined` when cancelled.
 * @throws what zlib reported, e.g. that it found no memory.
 */
export async function gzip(
  zlib: GzipModule,
  chunks: readonly Uint8Array[],
  isCancelled: () => boolean,
): Promise<Uint8Array[] | undefined> {
  const stream = zlib.createGzip({ chunkSize: OUTPUT_CHUNK_BYTES });
  const output: Uint8Array[] = [];
  let failure: Error | undefined;
  stream.on('data', (piece) => output.push(piece));
  stream.on('error', (error) => {
    failure = error;
  });
  const ended = new Promise<void>((resolve) => {
    stream.on('end', resolve);
    stream.on('close', resolve);
  });
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length && failure === undefined; start += PIECE_BYTES) {
      if (isCancelled()) {
        stream.destroy();
        return undefined;
      }
      await written(stream, chunk.subarray(start, start + PIECE_BYTES));
    }
  }
  if (failure === undefined) {
    stream.end();
    await ended;
  }
  stream.destroy();
  if (failure !== undefined) throw failure;
  return isCancelled() ? undefined : output;
}

/** Settles with zlib's own callback, the moment it stops reading `piece`; the error arrives as an event too. */
function written(stream: GzipStream, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(piece, () => resolve());
  });
}
