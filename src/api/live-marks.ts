/**
 * Which spans of plug-in mode were collected without `end()`. A live span holds a mark, which no one else does: a mark that is
 * collected tells of a span that was never ended. Marks go from an ended span to the next one, so that a span costs a
 * pop and a push, and not a registration with the collector.
 */

/** Marks kept for the next spans: 16 KiB of them. */
const POOL_SIZE = 1024;

/** Nothing but an identity. Kept with a span it marks as live. */
export interface LiveMark {
  readonly mark: true;
}

export class LiveMarks {
  private readonly free: LiveMark[] = [];
  private readonly collected: FinalizationRegistry<undefined>;

  /** @param onAbandoned - called for each span that was collected without `end()`, some time after it was. */
  constructor(onAbandoned: () => void) {
    this.collected = new FinalizationRegistry(onAbandoned);
  }

  /** The mark of a span that begins. */
  acquire(): LiveMark {
    return this.free.pop() ?? this.create();
  }

  /** Takes the mark of a span that ended. */
  release(mark: LiveMark): void {
    if (this.free.length < POOL_SIZE) this.free.push(mark);
    else this.collected.unregister(mark);
  }

  private create(): LiveMark {
    const mark: LiveMark = { mark: true };
    this.collected.register(mark, undefined, mark);
    return mark;
  }
}
