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
  }

  /**
   * Room for a queue that got none: first out of what only destinations wait for which are behind, then, as long as the
   * queue holds less than its share, out of the queue that is furthest above its own. Returns whether there is more.
   */
  makeRoomFor(queue: SpanQueue): boolean {
    const others = [...this.queues].filter((other) => other !== queue && other.isInUse);
    if (others.some((other) => other.hasBehind && other.giveUp(true))) return true;
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

  private holdingOf(queue: SpanQueue): Holding {
    const pieces = queue.heldPieces;
    const blocks = new Set(pieces.map(({ id }) => blockOf(this.engine, id)));
    let sum = 0;
    for (const block of blocks) sum += runOf(this.engine, block);
    return { blocks: sum, pieces: pieces.length };
  }
}
