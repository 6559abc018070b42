/** The queues that share an arena: none keeps another from its share of it. */
import type { Engine } from '../engine/engine.ts';
import { blockCount, blockOf, MOST_PIECES, runOf } from './arena-pieces.ts';
import type { SpanQueue } from './span-queue.ts';

const known = new WeakMap<Engine, QueueNeighbours>();

/** What a queue has of the arena: blocks, a run of several counting each, and piece records. */
interface Holding {
  readonly blocks: number;
  readonly pieces: number;
}

export class QueueNeighbours {
  /** Those of the engine's arena. */
  static of(engine: Engine): QueueNeighbours {
    const neighbours = known.get(engine) ?? new QueueNeighbours(engine);
    known.set(engine, neighbours);
    return neighbours;
  }

  /** Pieces opened so far. */
  openings = 0;
  /** Destinations of the queues that hold pieces, and of those that held some when the last one was added. */
  destinations = 0;
  private readonly engine: Engine;
  /** Queues that hold pieces, and those that held some when the last one was added. */
  private readonly queues = new Set<SpanQueue>();

  private constructor(engine: Engine) {
    this.engine = engine;
  }

  /** A queue holds pieces again. Those that hold none are forgotten: providers come and go. */
  add(queue: SpanQueue): void {
    for (const other of this.queues) if (!other.isInUse) this.queues.delete(other);
    this.queues.add(queue);
    this.destinations = sumOf(this.queues);
  }

  /** How many queues hold pieces, this one counted. */
  sharing(queue: SpanQueue): number {
    return this.othersThan(queue).length + 1;
  }

  /**
   * Room for a queue that got none: first out of what only destinations wait for which are behind, then, as long as the
   * queue holds less than its share, out of the queue that is furthest above its own. Returns whether there is more.
   */
  makeRoomFor(queue: SpanQueue): boolean {
    const others = this.othersThan(queue);
    for (const keptBytes of [keptBeside(queue, others), -1]) {
      if (others.some((other) => other.giveUpBehind(queue, keptBytes))) return true;
    }
    const share = { blocks: blockCount(this.engine), pieces: MOST_PIECES };
    const over = (holding: Holding): number =>
      Math.max(holding.blocks / share.blocks, holding.pieces / share.pieces) * (others.length + 1);
    if (over(this.holdingOf(queue)) >= 1) return false;
    const above = others
      .map((other) => ({ other, times: over(this.holdingOf(other)) }))
      .filter(({ times }) => times > 1)
      .sort((one, two) => two.times - one.times);
    return above.some(({ other }) => other.giveUp(false));
  }

  /** Room for captured content of a queue: only out of what destinations that are behind hold beyond what they keep. */
  makeRoomForContentOf(queue: SpanQueue): boolean {
    const others = this.othersThan(queue);
    const keptBytes = keptBeside(queue, others);
    return [queue, ...others].some((one) => one.giveUpBehind(queue, keptBytes));
  }

  /** Whether `makeRoomForContentOf` would find any. */
  hasRoomForContentOf(queue: SpanQueue): boolean {
    const others = this.othersThan(queue);
    const keptBytes = keptBeside(queue, others);
    return [queue, ...others].some((one) => one.couldGiveUpBehind(queue, keptBytes));
  }

  private othersThan(queue: SpanQueue): SpanQueue[] {
    return [...this.queues].filter((other) => other !== queue && other.isInUse);
  }

  private holdingOf(queue: SpanQueue): Holding {
    const pieces = queue.heldPieces;
    const blocks = new Set(pieces.map(({ id }) => blockOf(this.engine, id)));
    let sum = 0;
    for (const block of blocks) sum += runOf(this.engine, block);
    return { blocks: sum, pieces: pieces.length };
  }
}

/** What a destination that is behind keeps as long as that is enough: half of the arena if all are dead. */
function keptBeside(queue: SpanQueue, others: readonly SpanQueue[]): number {
  return queue.budget / (2 * Math.max(1, sumOf([queue, ...others])));
}

/** Their destinations. */
function sumOf(queues: Iterable<SpanQueue>): number {
  let sum = 0;
  for (const { destinations } of queues) sum += destinations;
  return sum;
}
