/**
 * The finished spans of one provider, as pieces of the arena in the order they were opened, and one cursor a
 * destination. A span is encoded once however many destinations there are; a piece is freed when all have
 * released it.
 */
import type { Engine } from '../engine/engine.ts';
import {
  budgetBytes,
  endOf,
  isHalfFull,
  MOST_PIECES,
  spansOf,
  startOf,
  usedShare,
  waitingBytes,
} from './arena-pieces.ts';
import { QueueNeighbours } from './queue-neighbours.ts';
import { SpanCursor } from './span-cursor.ts';

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
  /** How many pieces had been opened in the arena when this one was, itself included. */
  readonly opening: number;
  holds: number;
  /** A destination at work is done with it: it is here only for others, which are behind. */
  isBehind: boolean;
}

/** Spans of one piece that lie side by side: all of them, or what a cut left. */
export interface Part {
  readonly piece: Piece;
  /** Addresses of the first byte and after the last. */
  readonly start: number;
  readonly end: number;
  readonly spans: number;
}

/** Most of what is given up at once when the arena is full, so that the engine is not asked again for every span. */
const EVICTED_BYTES = 1_048_576;
/** And the same as a share of the budget: a small arena must not lose half of it at once. */
const EVICTED_SHARE = 16;

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
  /** Its spans are copied out in the call that encodes them: nobody may make it give them up. */
  isPassing = false;

  readonly engine: Engine;
  /** Bytes that the arena has for spans. */
  readonly budget: number;
  private readonly neighbours: QueueNeighbours;
  private readonly pieces: Piece[] = [];
  /** Pieces that a destination at work is done with and another is not. */
  private behindPieces = 0;
  /** Number of pieces that were removed from the front. */
  private removed = 0;
  /** Destinations ever attached, and those that still take spans. */
  private attached = 0;
  private readonly cursors = new Set<SpanCursor>();

  constructor(engine: Engine) {
    this.engine = engine;
    this.budget = budgetBytes(engine);
    this.neighbours = QueueNeighbours.of(engine);
  }

  /** A new destination; it sees the spans committed from now on. */
  attach(): SpanCursor {
    this.attached += 1;
    const cursor = new SpanCursor(this, this.end);
    this.cursors.add(cursor);
    return cursor;
  }

  /** A destination takes nothing any more. Where it was ahead, nobody at work is now. */
  detach(cursor: SpanCursor): void {
    this.cursors.delete(cursor);
    this.behindPieces = 0;
    this.pieces.forEach((piece, index) => {
      const isDone = (other: SpanCursor): boolean => !other.has(piece, this.removed + index);
      piece.isBehind = piece.holds > 0 && [...this.cursors].some(isDone);
      if (piece.isBehind) this.behindPieces += 1;
    });
  }

  /** Destinations at work. */
  get destinations(): number {
    return this.cursors.size;
  }

  /** Whether it holds any piece. */
  get isInUse(): boolean {
    return this.pieces.length > 0;
  }

  /** Pieces that were not freed, oldest first. */
  get heldPieces(): readonly Piece[] {
    return this.pieces.filter(({ holds }) => holds > 0);
  }

  /** Position after its newest piece. */
  get end(): number {
    return this.removed + this.pieces.length;
  }

  /** Pieces opened in the arena so far, whoever opened them: the time by which destinations of several queues compare. */
  get openings(): number {
    return this.neighbours.openings;
  }

  /** Destinations of all queues that hold something, as far as is known: it may be more. */
  get sharers(): number {
    return Math.max(1, this.neighbours.destinations);
  }

  /** Up to which opening the destination that got furthest has had answers. */
  get answeredUpTo(): number {
    return Math.max(0, ...[...this.cursors].map(({ answeredUpTo }) => answeredUpTo));
  }

  /** Whether each of its destinations that wait has, since its last answer, seen one of `ahead` get a later piece through. */
  private isBehind(ahead: SpanQueue): boolean {
    const { answeredUpTo } = ahead;
    const waiting = [...this.cursors].filter(({ waitingSpans }) => waitingSpans > 0);
    return waiting.length > 0 && waiting.every(({ waitsSince }) => waitsSince < answeredUpTo);
  }

  /** Whether every destination has as many spans as its queue may hold. */
  get isFull(): boolean {
    for (const cursor of this.cursors) if (cursor.waitingSpans < cursor.maxSpans) return false;
    return true;
  }

  /** Makes destinations whose queue holds too many spans give up their own oldest. */
  holdToBounds(): void {
    for (const cursor of this.cursors) {
      while (cursor.waitingSpans > cursor.maxSpans && this.evictFrom([cursor], cursor.next) > 0);
    }
  }

  /**
   * Gives up the oldest spans that only destinations still wait for which are behind; where there are none, those of
   * another provider that holds more than its share. Returns whether there is more room now.
   */
  makeRoom(): boolean {
    if (this.giveUp(true, this.keptBytes) || this.giveUp(true)) return true;
    // What it holds itself is copied out first.
    if (this.isPassing && this.pieces.length > 0) return false;
    return this.neighbours.makeRoomFor(this);
  }

  /**
   * Room for captured content: what only destinations wait for which are behind those of this queue is given up, down to
   * what each of them keeps. Returns whether there is more.
   */
  makeRoomForContent(): boolean {
    return this.neighbours.makeRoomForContentOf(this);
  }

  /** Whether `makeRoomForContent` would find any. */
  get hasRoomForContent(): boolean {
    return this.neighbours.hasRoomForContentOf(this);
  }

  /**
   * What it takes of its share of the arena, 1 for all of it: of the blocks in use as much as of the bytes that wait.
   * What a destination has had answered is here only for others.
   */
  get ownShare(): number {
    const own = Math.min(...[...this.cursors].map((cursor) => cursor.waitingBytes));
    const { engine, neighbours } = this;
    return (own / waitingBytes(engine)) * usedShare(engine) * neighbours.sharing(this);
  }

  /** As `giveUp`, of what only destinations wait for which are behind others of this queue, or behind those of `ahead`. */
  giveUpBehind(ahead: SpanQueue, keptBytes: number): boolean {
    if (this.behindPieces > 0 && this.giveUp(true, keptBytes)) return true;
    return this.isBehind(ahead) && this.giveUp(false, keptBytes);
  }

  /** Whether `giveUpBehind` would find anything. */
  couldGiveUpBehind(ahead: SpanQueue, keptBytes: number): boolean {
    if (this.behindPieces > 0 && this.evictable(true, keptBytes).length > 0) return true;
    return this.isBehind(ahead) && this.evictable(false, keptBytes).length > 0;
  }

  /**
   * Gives up the oldest spans, so many as are worth asking the engine again. Returns whether there were any.
   *
   * @param isOnlyBehind - those that a destination at work is done with, and no others.
   * @param keptBytes - what every destination keeps.
   */
  giveUp(isOnlyBehind: boolean, keptBytes: number = -1): boolean {
    const wanted = Math.min(EVICTED_BYTES, this.budget / EVICTED_SHARE);
    let given = 0;
    while (given < wanted) {
      const bytes = this.evictOldest(isOnlyBehind, keptBytes);
      if (bytes === 0) break;
      given += bytes;
    }
    return given > 0;
  }

  /** Why a span that finishes now has nowhere to go; `undefined` when it has. */
  get closedBecause(): 'no_processor' | 'shutdown' | undefined {
    if (this.cursors.size > 0) return undefined;
    return this.attached === 0 ? 'no_processor' : 'shutdown';
  }

  /** Called when the engine opened a piece for a stream. */
  opened(stream: Stream, id: number): void {
    if (this.pieces.length === 0 && !this.isPassing) this.neighbours.add(this);
    this.neighbours.openings += 1;
    const opening = this.neighbours.openings;
    const piece = { id, stream, opening, holds: this.cursors.size, isBehind: false };
    stream.openPiece = id;
    stream.current = piece;
    this.pieces.push(piece);
    while (this.behindPieces > 0 && this.isOverQuota() && this.evictOldest(true, this.keptBytes) > 0);
  }

  /**
   * What only destinations wait for which are behind may fill the arena to a half and no further, nor take more than half
   * of the piece records. Pieces open seldom; asked there, it costs a span nothing.
   */
  private isOverQuota(): boolean {
    return isHalfFull(this.engine) || this.behindPieces * 2 > MOST_PIECES;
  }

  /**
   * What a destination may hold however full the arena is: one that sends in batches is always behind one that sends each
   * span by itself. Twice the largest request, and half of the budget if all are dead.
   */
  private get keptBytes(): number {
    return this.budget / (2 * this.cursors.size);
  }

  /** Gives up the oldest piece that a destination has not taken. Returns its bytes, 0 when there is none. */
  private evictOldest(isOnlyBehind: boolean, keptBytes: number): number {
    const cursors = this.evictable(isOnlyBehind, keptBytes);
    return cursors.length === 0 ? 0 : this.evictFrom(cursors, cursors[0].next);
  }

  /** Of the destinations that hold more than they keep, those that would take the oldest piece next, if it can be given up. */
  private evictable(isOnlyBehind: boolean, keptBytes: number): SpanCursor[] {
    const cursors = [...this.cursors].filter(({ waitingBytes }) => waitingBytes > keptBytes);
    const oldest = Math.min(...cursors.map(({ next }) => next));
    const piece = this.pieceAt(oldest);
    if (piece === undefined || (isOnlyBehind && !piece.isBehind)) return [];
    return cursors.filter(({ next }) => next === oldest);
  }

  private evictFrom(cursors: readonly SpanCursor[], position: number): number {
    const piece = this.pieceAt(position);
    if (piece === undefined) return 0;
    this.close(piece);
    const part = this.partOf(piece);
    for (const cursor of cursors) cursor.evict(part);
    return part.end - part.start;
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
    return spansOf(this.engine, piece.id);
  }

  bytesOf(piece: Piece): number {
    return endOf(this.engine, piece.id) - startOf(this.engine, piece.id);
  }

  /** The whole of a piece that is closed. */
  partOf(piece: Piece): Part {
    const start = startOf(this.engine, piece.id);
    return { piece, start, end: endOf(this.engine, piece.id), spans: this.spansOf(piece) };
  }

  /** A destination is done with a piece; the last one frees it. */
  release(piece: Piece, cursor: SpanCursor): void {
    piece.holds -= 1;
    if (piece.holds > 0) {
      if (piece.isBehind || !this.cursors.has(cursor)) return;
      piece.isBehind = true;
      this.behindPieces += 1;
      return;
    }
    if (piece.isBehind) this.behindPieces -= 1;
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
}
