/** One destination's place in a queue of finished spans: what it took, released and lost. */
import { warn } from '../diagnostics.ts';
import { MOST_PIECES } from './arena-pieces.ts';
import type { ExportRequest, RequestSource } from './exporter.ts';
import { layRequest } from './request.ts';
import type { Part, Piece, SpanQueue, Stream } from './span-queue.ts';

/** Most bytes of a tag and a length. */
const HEADER_BYTES = 6;

/** What a taken request holds, by which its bytes are given back. */
interface TakenRequest extends ExportRequest {
  readonly parts: readonly Part[];
}

export class SpanCursor implements RequestSource {
  private readonly queue: SpanQueue;
  /** Position of the first piece not taken yet. */
  next: number;
  /** How many parts of each taken piece were not released. */
  private readonly taken = new Map<Piece, number>();
  /** `queue.openings` when the oldest request without an answer was taken, or at an answer since; Infinity for none. */
  waitsSince = Number.POSITIVE_INFINITY;
  /** The latest opening of a piece that was answered for. */
  answeredUpTo = 0;
  /** What was committed before this destination was attached, and what it has released since. */
  private pastSpans: number;
  private pastBytes: number;
  /** What had been committed when this destination was closed: later spans are not for it. */
  private lastSpans: number | undefined;
  private lastBytes: number | undefined;

  /** How messages call the destination. */
  name = 'an exporter';
  /** Finished spans that may wait for it. Beyond them its oldest are given up, where others have room. */
  maxSpans = Number.POSITIVE_INFINITY;
  /** Spans given up for other destinations, and those of them that were not said yet. */
  evictedSpans = 0;
  private unsaidSpans = 0;

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

  /**
   * What a request holds cannot be given up, so one has a quarter of the arena at most, and the requests of all
   * destinations together no more.
   */
  get maxRequestBytes(): number {
    return Math.floor(this.queue.budget / (4 * this.queue.sharers));
  }

  /** A quarter of the piece records there can be waits here: spans of thousands of scopes, a piece each. */
  get isCrowded(): boolean {
    return (this.queue.end - this.next) * 4 > MOST_PIECES;
  }

  /** Spans that finished after it was closed. */
  get missedSpans(): number {
    return this.lastSpans === undefined ? 0 : this.queue.committed - this.lastSpans;
  }

  /** Whether it has not released the piece at this position. */
  has(piece: Piece, position: number): boolean {
    return position >= this.next || this.taken.has(piece);
  }

  take(maxBytes: number, mostSpans: number): ExportRequest | undefined {
    const { queue } = this;
    // Who closed gives up what there is, whatever it waited for.
    if (queue.isHeld && this.lastSpans === undefined) return undefined;
    // Half of its queue, so that the other half can be given up where it has a bound and others have room.
    const maxSpans =
      queue.destinations > 1 ? Math.min(mostSpans, Math.max(1, Math.floor(this.maxSpans / 2))) : mostSpans;
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
      if (this.taken.size === 0) this.waitsSince = queue.openings;
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
      this.answeredUpTo = Math.max(this.answeredUpTo, piece.opening);
      if (outstanding > 1) {
        this.taken.set(piece, outstanding - 1);
        continue;
      }
      this.taken.delete(piece);
      this.queue.release(piece, this);
    }
    this.waitsSince = this.taken.size > 0 ? this.queue.openings : Number.POSITIVE_INFINITY;
  }

  /** Gives up the piece it would take next. */
  evict({ piece, start, end, spans }: Part): void {
    this.next += 1;
    this.evictedSpans += spans;
    this.pastSpans += spans;
    this.pastBytes += end - start;
    this.queue.release(piece, this);
    // Not here: a logger may trace, and the span that needs the room is half encoded.
    if (this.unsaidSpans === 0) queueMicrotask(() => this.sayEvicted());
    this.unsaidSpans += spans;
  }

  private sayEvicted(): void {
    const spans = this.unsaidSpans;
    this.unsaidSpans = 0;
    warn(
      `evicted:${this.name}`,
      `${this.name} is behind: ${spans} of its oldest spans were given up, so that others lose none; ` +
        'stats().destinations has its last error.',
    );
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
