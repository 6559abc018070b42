/**
 * The finished spans of one provider, as pieces of the arena in the order they were opened, and one cursor a
 * destination. A span is encoded once however many destinations there are; a piece is freed when all have
 * released it.
 */
import { PIECE_END, PIECE_SHIFT, PIECE_SPANS, PIECE_START, PIECE_TABLE } from '../../assembly/layout.ts';
import { warn } from '../diagnostics.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExportRequest, RequestSource } from './exporter.ts';
import { layRequest } from './request.ts';

/** One pipe × one scope, as the engine and the request headers know it. */
export interface Stream {
  readonly id: number;
  /** The `ResourceSpans.resource` and `schema_url` fields, made when a request is laid out; one function a resource. */
  readonly resourceFields: () => Uint8Array;
  /** The `ScopeSpans.scope` and `schema_url` fields. */
  readonly scopeFields: Uint8Array;
  /** The piece that the engine adds spans to, -1 for none, and what the queue knows of it. */
  openPiece: number;
  current: Piece | undefined;
}

/** A piece and how many destinations have not released it. */
export interface Piece {
  readonly id: number;
  readonly stream: Stream;
  holds: number;
}

/** Most bytes of a tag and a length. */
const HEADER_BYTES = 6;

/** What a destination that is behind loses at once, so that the engine is not asked again for every span. */
const EVICTED_BYTES = 1_048_576;

/** Spans of one piece that lie side by side: all of them, or what a cut left. */
export interface Part {
  readonly piece: Piece;
  /** Addresses of the first byte and after the last. */
  readonly start: number;
  readonly end: number;
  readonly spans: number;
}

/** What a taken request holds, by which its bytes are given back. */
interface TakenRequest extends ExportRequest {
  readonly parts: readonly Part[];
}

export class SpanQueue {
  /** Spans and bytes committed, ever. */
  committed = 0;
  committedBytes = 0;
  /** Spans in pieces that were not freed. */
  waiting = 0;
  /** A piece is ended at this many spans, so that no request need hold more. */
  maxPieceSpans = Number.POSITIVE_INFINITY;

  /** Nothing may leave yet: attributes of the resource are still on the way. */
  isHeld = false;

  readonly engine: Engine;
  private readonly pieces: Piece[] = [];
  /** Number of pieces that were removed from the front. */
  private removed = 0;
  /** Destinations ever attached, and those that still take spans. */
  private attached = 0;
  private readonly cursors = new Set<SpanCursor>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** A new destination; it sees the spans committed from now on. */
  attach(): SpanCursor {
    this.attached += 1;
    const cursor = new SpanCursor(this, this.removed + this.pieces.length);
    this.cursors.add(cursor);
    return cursor;
  }

  /** A destination takes nothing any more. */
  detach(cursor: SpanCursor): void {
    this.cursors.delete(cursor);
  }

  /**
   * Gives up the oldest spans that only destinations still wait for which are behind: a dead exporter costs a live one
   * no span. Returns how many spans that were, 0 when there are none.
   */
  makeRoom(): number {
    let spans = 0;
    let bytes = 0;
    while (bytes < EVICTED_BYTES) {
      const oldest = Math.min(...[...this.cursors].map(({ next }) => next));
      const behind = [...this.cursors].filter(({ next }) => next === oldest);
      const piece = this.pieceAt(oldest);
      if (piece === undefined || behind.length === this.cursors.size || piece.holds !== behind.length) break;
      this.close(piece);
      const part = this.partOf(piece);
      for (const cursor of behind) cursor.evict(part);
      spans += part.spans;
      bytes += part.end - part.start;
    }
    if (spans > 0) {
      const consequence =
        'given up for an exporter that is behind, so that the others lose none; see lastError';
      warn('evicted', `${spans} spans were ${consequence}.`);
    }
    return spans;
  }

  /** Why a span that finishes now has nowhere to go; `undefined` when it has. */
  get closedBecause(): 'no_processor' | 'shutdown' | undefined {
    if (this.cursors.size > 0) return undefined;
    return this.attached === 0 ? 'no_processor' : 'shutdown';
  }

  /** Called when the engine opened a piece for a stream. */
  opened(stream: Stream, id: number): void {
    const piece = { id, stream, holds: this.cursors.size };
    stream.openPiece = id;
    stream.current = piece;
    this.pieces.push(piece);
  }

  /** Ends the stream's open piece when it holds as many spans as it may. */
  closeFull(stream: Stream): void {
    if (this.maxPieceSpans === Number.POSITIVE_INFINITY) return;
    const piece = stream.current;
    if (piece !== undefined && this.spansOf(piece) >= this.maxPieceSpans) this.close(piece);
  }

  /** Ends a piece: the stream's next span opens another. */
  close(piece: Piece): void {
    this.engine.core.closePiece(piece.id);
    if (piece.stream.current !== piece) return;
    piece.stream.openPiece = -1;
    piece.stream.current = undefined;
  }

  /** The piece at an absolute position, counted from the first one ever opened. */
  pieceAt(position: number): Piece | undefined {
    return this.pieces[position - this.removed];
  }

  spansOf(piece: Piece): number {
    return this.word(piece, PIECE_SPANS);
  }

  bytesOf(piece: Piece): number {
    return this.word(piece, PIECE_END) - this.word(piece, PIECE_START);
  }

  /** The whole of a piece that is closed. */
  partOf(piece: Piece): Part {
    const start = this.word(piece, PIECE_START);
    return { piece, start, end: this.word(piece, PIECE_END), spans: this.spansOf(piece) };
  }

  /** One destination is done with a piece; the last one frees it. */
  release(piece: Piece): void {
    piece.holds -= 1;
    if (piece.holds > 0) return;
    this.waiting -= this.spansOf(piece);
    this.close(piece);
    this.engine.core.freePiece(piece.id);
    this.trim();
  }

  private trim(): void {
    let done = 0;
    while (done < this.pieces.length && this.pieces[done].holds === 0) done += 1;
    this.pieces.splice(0, done);
    this.removed += done;
  }

  private word(piece: Piece, offset: number): number {
    return this.engine.words[(PIECE_TABLE + (piece.id << PIECE_SHIFT) + offset) >> 2];
  }
}

/** One destination's place in the queue. */
export class SpanCursor implements RequestSource {
  private readonly queue: SpanQueue;
  /** Position of the first piece not taken yet. */
  next: number;
  /** How many parts of each taken piece were not released. */
  private readonly taken = new Map<Piece, number>();
  /** What was committed before this destination was attached, and what it has released since. */
  private pastSpans: number;
  private pastBytes: number;
  /** What had been committed when this destination was closed: later spans are not for it. */
  private lastSpans: number | undefined;
  private lastBytes: number | undefined;

  /** Spans given up for other destinations. */
  evictedSpans = 0;

  constructor(queue: SpanQueue, next: number) {
    this.queue = queue;
    this.next = next;
    this.pastSpans = queue.committed;
    this.pastBytes = queue.committedBytes;
  }

  get waitingSpans(): number {
    return (this.lastSpans ?? this.queue.committed) - this.pastSpans;
  }

  get waitingBytes(): number {
    return (this.lastBytes ?? this.queue.committedBytes) - this.pastBytes;
  }

  take(maxBytes: number, maxSpans: number): ExportRequest | undefined {
    const { queue } = this;
    if (queue.isHeld) return undefined;
    const parts: Part[] = [];
    const resources = new Set<() => Uint8Array>();
    const streams = new Set<Stream>();
    let bytes = 0;
    let spans = 0;
    for (let piece = queue.pieceAt(this.next); piece !== undefined; piece = queue.pieceAt(this.next)) {
      bytes += queue.bytesOf(piece);
      spans += queue.spansOf(piece);
      const { stream } = piece;
      if (!resources.has(stream.resourceFields)) bytes += stream.resourceFields().length + HEADER_BYTES;
      if (!streams.has(stream)) bytes += stream.scopeFields.length + HEADER_BYTES;
      resources.add(stream.resourceFields);
      streams.add(stream);
      if (parts.length > 0 && (bytes > maxBytes || spans > maxSpans)) break;
      queue.close(piece);
      parts.push(queue.partOf(piece));
      this.taken.set(piece, 1);
      this.next += 1;
    }
    return parts.length === 0 ? undefined : this.request(parts);
  }

  split(request: ExportRequest): readonly [ExportRequest, ExportRequest] | undefined {
    if (request.spanCount < 2) return undefined;
    const first: Part[] = [];
    const second: Part[] = [];
    let wanted = request.spanCount >> 1;
    for (const part of (request as TakenRequest).parts) {
      if (wanted <= 0) second.push(part);
      else if (part.spans <= wanted) first.push(part);
      else this.cut(part, wanted, first, second);
      wanted -= part.spans;
    }
    return [this.request(first), this.request(second)];
  }

  /** Puts the first `spans` spans of a part into one list and the rest into the other. */
  private cut(part: Part, spans: number, first: Part[], second: Part[]): void {
    const { piece, start, end } = part;
    const middle = skipSpans(this.queue.engine.bytes, start, spans);
    first.push({ piece, start, end: middle, spans });
    second.push({ piece, start: middle, end, spans: part.spans - spans });
    this.taken.set(piece, (this.taken.get(piece) ?? 0) + 1);
  }

  private request(parts: readonly Part[]): TakenRequest {
    return { ...layRequest(this.queue, parts), parts };
  }

  release(request: ExportRequest): void {
    for (const { piece, start, end, spans } of (request as TakenRequest).parts) {
      const outstanding = this.taken.get(piece);
      if (outstanding === undefined) continue;
      this.pastSpans += spans;
      this.pastBytes += end - start;
      if (outstanding > 1) {
        this.taken.set(piece, outstanding - 1);
        continue;
      }
      this.taken.delete(piece);
      this.queue.release(piece);
    }
  }

  /** Gives up the piece it would take next. */
  evict({ piece, start, end, spans }: Part): void {
    this.next += 1;
    this.evictedSpans += spans;
    this.pastSpans += spans;
    this.pastBytes += end - start;
    this.queue.release(piece);
  }

  close(): void {
    this.lastSpans = this.queue.committed;
    this.lastBytes = this.queue.committedBytes;
    this.queue.detach(this);
  }
}

/** The address after `count` of the Span fields that begin at `address`: a one-byte tag, a length, the span. */
function skipSpans(bytes: Uint8Array, address: number, count: number): number {
  let at = address;
  for (let span = 0; span < count; span += 1) {
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (bytes[at] & 127) << shift;
      shift += 7;
    } while (bytes[at] > 127);
    at += 1 + length;
  }
  return at;
}
