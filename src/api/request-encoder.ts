/** Span objects of any SDK as one `ExportTraceServiceRequest`, for exporters and serialisers that get objects. */
import { resolveEngineOptions } from '../config/engine.ts';
import { openArena } from '../engine/select.ts';
import type { ExportRequest } from '../export/exporter.ts';
import type { SpanCursor } from '../export/span-cursor.ts';
import { type DropReason, Ledger } from './ledger.ts';
import { ObjectEncoder } from './object-encoder.ts';
import type { ReadableSpan } from './types.ts';

/** A request whose bytes are its own. */
export interface EncodedRequest extends ExportRequest {
  /** Spans that are not in it, by reason; empty when all are. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/**
 * Encodes `spans` in the arena of this thread and copies the bytes out; what waits there stays as it is. When the
 * arena has no room for all of them at once, they go through it in turns.
 *
 * @throws Error when a forced engine cannot start.
 */
export function encodeRequest(spans: readonly ReadableSpan[]): EncodedRequest {
  const ledger = new Ledger();
  const encoder = new ObjectEncoder(openArena(resolveEngineOptions({})), ledger);
  // Whoever gives span objects to an exporter has waited for their resource, or does not mean to.
  encoder.releaseHeld();
  encoder.queue.isPassing = true;
  const cursor = encoder.queue.attach();
  const chunks: Uint8Array[] = [];
  let spanCount = 0;
  for (const span of spans) {
    let refused = encoder.encode(span);
    if (refused === 'arena_full' || refused === 'arena_fragmented' || refused === 'piece_table_full') {
      copyOut(cursor, chunks);
      refused = encoder.encode(span);
    }
    if (refused === undefined) spanCount += 1;
    else ledger.drop(refused);
  }
  copyOut(cursor, chunks);
  encoder.close();
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return { chunks, byteLength, spanCount, dropped: ledger.dropped };
}

/** Requests one after the other are one request: repeated fields of concatenated messages add up. */
function copyOut(cursor: SpanCursor, chunks: Uint8Array[]): void {
  for (;;) {
    const request = cursor.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    if (request === undefined) return;
    for (const chunk of request.chunks) chunks.push(chunk.slice());
    cursor.release(request);
  }
}

/** The request in one piece. */
export function bytesOf({ chunks, byteLength }: ExportRequest): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
