/** @module gzip (RFC 1952) on hosts without `node:zlib`, by their `CompressionStream` (Compression Streams Standard). */

/** Compresses a copy of `chunks`, whose memory may be reused at once. */
export async function gzipByStream(chunks: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const stream = new Blob(chunks as Uint8Array<ArrayBuffer>[])
    .stream()
    .pipeThrough(new CompressionStream('gzip'));
  return [new Uint8Array(await new Response(stream).arrayBuffer())];
}
