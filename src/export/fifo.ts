/** @module A queue whose items leave from the front in constant time, however many wait. */

/** Taken items that are kept in front before the rest moves up. */
const MOST_TAKEN = 1024;

export class Fifo<Item> {
  #items: Item[] = [];
  /** Items in front that were taken. */
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the oldest items, at most `count`. */
  take(count: number): Item[] {
    const end = Math.min(this.#items.length, this.#taken + count);
    const items = this.#items.slice(this.#taken, end);
    // What was taken must not be kept alive by its place.
    this.#items.fill(undefined as Item, this.#taken, end);
    this.#taken = end;
    if (this.#taken === this.#items.length) {
      this.#items = [];
      this.#taken = 0;
    } else if (this.#taken >= MOST_TAKEN && this.#taken * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return items;
  }
}
