/** The attribute lists of a provider, used again and again; those that get lost tell of spans that were never ended. */
import type { AttributeList } from './attribute-list.ts';

/** Lists kept for the next span, and the largest that is kept. */
const POOL_SIZE = 256;
const POOLED_CAPACITY = 128;

/**
 * Empty lists of one provider, kept for its next spans. A list is either here, and not collected, or with a span, or let go
 * of: one that is collected all the same tells of a span that was never ended. A registry of the spans themselves
 * would cost each of them a registration, this one costs a span nothing.
 */
export class AttributeListPool {
  private readonly lists: AttributeList[] = [];
  private readonly make: () => AttributeList;
  private readonly collected: FinalizationRegistry<undefined>;

  /** @param onAbandoned - called for each span that was collected without `end()`, some time after it was. */
  constructor(make: () => AttributeList, onAbandoned: () => void = () => {}) {
    this.make = make;
    this.collected = new FinalizationRegistry(onAbandoned);
  }

  acquire(): AttributeList {
    return this.lists.pop() ?? this.create();
  }

  /** Empties a list, so that it retains nothing of its span, and keeps it unless it is large or many are kept. */
  release(list: AttributeList): void {
    list.clear();
    if (this.lists.length < POOL_SIZE && list.keys.length <= POOLED_CAPACITY) this.lists.push(list);
    else this.collected.unregister(list);
  }

  private create(): AttributeList {
    const list = this.make();
    this.collected.register(list, undefined, list);
    return list;
  }
}
