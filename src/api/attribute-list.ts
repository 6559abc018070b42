/**
 * Attributes being recorded: key indexes and values side by side. A key set again keeps its place and gets the
 * new value, so it is on the wire once; at the limit a new key is refused and an overwrite is not.
 */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeValue } from '../engine/attribute-value.ts';
import { type KeyTable, NO_KEY } from '../engine/key-table.ts';
import { define, NOTHING, snapshot, toPlain, truncate, wellFormed } from './attributes.ts';
import { type CapturedText, originalLengthKey } from './captured-text.ts';
import { SHORTEST_CONTENT, shortenContent } from './shorten-content.ts';

/** From this many attributes on, a key is found by a map and no longer by a scan. */
const SCAN_LIMIT = 64;
/** Stands for no limit: no string and no list gets there, and it is a small integer. */
const UNLIMITED = 2 ** 30;

/** The index of keys that the key table does not have. */
const NO_INDEX = -1;

const EMPTY = {};

export class AttributeList {
  /** Indexes of the key table; -1 for a key that travels inline. */
  readonly keys: number[] = [-1, -1, -1, -1, -1, -1, -1, -1];
  readonly values: unknown[] = [null, null, null, null, null, null, null, null];
  /** The inline keys, at the place of their values. */
  names: (string | undefined)[] | null = null;
  count = 0;
  /** Attributes refused at the limit, or for their key. */
  dropped = 0;
  /** What of the values is captured content, `null` for none; such a value may be shed, one of the user's never. */
  content: (CapturedText & { slot: number })[] | null = null;
  /** The key set last, by which the next one is guessed. */
  private last = NO_KEY;
  /** One bit a key index modulo 32: a clear bit proves that the key is new. */
  private seen = 0;
  /** Slots of the attributes with places of their own; `null` while there are none. */
  private core: Set<number> | null = null;
  /** Slot by key, of the first `slots.size` attributes; made when a scan would be long. */
  private slots: Map<number | string, number> | null = null;

  /**
   * Counts the spans that had this list. A getter or `toJSON` of a value being set may end the span, and the next
   * one may have the list by the time the value is there: it must not get it.
   */
  private generation = 0;

  private readonly table: KeyTable;
  private readonly countLimit: number;
  private readonly lengthLimit: number;

  /**
   * @param countLimit - most attributes; Infinity for no limit.
   * @param lengthLimit - longest string, in code points, and byte array; Infinity for no limit.
   */
  constructor(table: KeyTable, countLimit: number, lengthLimit: number) {
    this.table = table;
    this.countLimit = Math.min(countLimit, UNLIMITED);
    this.lengthLimit = Math.min(lengthLimit, UNLIMITED);
  }

  /**
   * Sets an attribute given by a user: finds the key's index, takes a snapshot, cuts to the length limit. A key
   * that is empty or no string is refused and counted; `undefined` sets nothing.
   */
  set(key: unknown, value: unknown): void {
    const index = this.table.find(key, this.last);
    const type = typeof value;
    const isPlain =
      type === 'string'
        ? (value as string).length <= this.lengthLimit
        : type === 'number' || type === 'boolean';
    if (index < 0 || !isPlain) {
      this.setSlowly(key, value);
      return;
    }
    const { count, seen } = this;
    const bit = 1 << index;
    this.last = index;
    if ((seen & bit) !== 0 || count >= this.countLimit) {
      this.place(index, undefined, value);
      return;
    }
    this.seen = seen | bit;
    this.keys[count] = index;
    this.values[count] = value;
    this.count = count + 1;
  }

  /** Sets every own member of `attributes`; a member that cannot be read is refused and counted. */
  setAll(attributes: Attributes): void {
    if (!isPlainObject(attributes)) {
      this.setMembers(attributes, ownKeys(attributes));
      return;
    }
    const { generation } = this;
    let reading = '';
    try {
      // `for … in` takes the keys of a plain object from V8's enum cache: 15 ns an attribute, all of it; asking
      // `hasOwnProperty` for each, or making an array of keys first, costs 21.
      for (const key in attributes) {
        reading = key;
        const value = attributes[key];
        if (generation !== this.generation) return;
        this.set(key, value);
      }
    } catch {
      // A getter threw: it costs its own attribute.
      if (generation !== this.generation) return;
      this.dropped += 1;
      const keys = ownKeys(attributes);
      this.setMembers(attributes, keys?.slice(keys.indexOf(reading) + 1));
    }
  }

  /** Sets captured content. Over the length limit it is shortened as JSON or text, and not cut off. */
  setContent(key: string, text: string): void {
    const { lengthLimit } = this;
    const isLong = text.length > lengthLimit && lengthLimit >= SHORTEST_CONTENT;
    const captured = isLong ? shortenContent(text, lengthLimit) : text;
    this.setCore(key, captured);
    if (isLong) this.setOriginalLength(key, text.length);
    this.markContent(key, captured, text.length);
  }

  /** Marks the value of `key` as captured content, if it is this text. @param units - length of it all. */
  markContent(key: string, text: string, units: number): void {
    const slot = this.slotOf(key);
    if (slot < 0 || this.values[slot] !== text) return;
    this.content ??= [];
    this.content.push({ slot, text, units });
  }

  /** Shortens captured content to `limit` UTF-16 units a value. Returns how many values that were. */
  shortenContent(limit: number): number {
    let count = 0;
    for (const captured of this.content ?? []) {
      const { slot, text, units } = captured;
      if (text.length <= limit) continue;
      captured.text = shortenContent(text, limit);
      this.values[slot] = captured.text;
      this.setOriginalLength(this.keyAt(slot), units);
      count += 1;
    }
    return count;
  }

  /**
   * Leaves captured content out; what says how long it was takes its place. Values of up to 64 units stay, as they are no
   * longer than that. Returns how many values that were.
   */
  omitContent(): number {
    let count = 0;
    // A copy: what is left out is no content any more, and those after it move up.
    for (const captured of [...(this.content ?? [])]) {
      const { slot, text, units } = captured;
      if (text.length <= SHORTEST_CONTENT) continue;
      const key = this.keyAt(slot);
      this.remove(slot);
      this.setOriginalLength(key, units);
      count += 1;
    }
    return count;
  }

  /** Says how long captured text was. At the limit nothing says it but the marker in the text. */
  setOriginalLength(key: string, units: number): void {
    const name = originalLengthKey(key);
    if (this.count < this.countLimit || this.slotOf(name) >= 0) this.set(name, units);
  }

  private setMembers(attributes: Attributes, keys: readonly string[] | undefined): void {
    if (keys === undefined) {
      // A Proxy that refuses to name its keys: one attribute is lost, as far as anyone can know.
      this.dropped += 1;
      return;
    }
    const { generation } = this;
    for (const key of keys) {
      try {
        const value = attributes[key];
        if (generation !== this.generation) return;
        this.set(key, value);
      } catch {
        if (generation !== this.generation) return;
        this.dropped += 1;
      }
    }
  }

  /**
   * As `set`, for an attribute with a place of its own: at the limit it takes that of the last one which has none, and
   * that one is counted as dropped. Where all places are taken so, it is refused.
   */
  setCore(key: string, value: unknown): void {
    if (value === undefined) return;
    if (this.count >= this.countLimit && this.slotOf(key) < 0 && !this.evict()) {
      this.dropped += 1;
      return;
    }
    const { generation } = this;
    this.set(key, value);
    if (generation !== this.generation) return;
    const slot = this.slotOf(key);
    if (slot < 0) return;
    this.core ??= new Set();
    this.core.add(slot);
  }

  private slotOf(key: string): number {
    const index = this.table.indexes.get(key);
    return index === undefined ? this.find(NO_INDEX, key) : this.find(index, undefined);
  }

  /** Takes out the last attribute without a place of its own, and counts it. */
  private evict(): boolean {
    let slot = this.count - 1;
    while (slot >= 0 && this.core?.has(slot)) slot -= 1;
    if (slot < 0) return false;
    this.remove(slot);
    this.dropped += 1;
    return true;
  }

  /** Takes out an attribute; those after it move up. */
  remove(slot: number): void {
    const { keys, values, names, core } = this;
    keys.copyWithin(slot, slot + 1, this.count);
    values.copyWithin(slot, slot + 1, this.count);
    names?.copyWithin(slot, slot + 1, this.count);
    if (core !== null) {
      core.delete(slot);
      this.core = new Set([...core].map((one) => (one > slot ? one - 1 : one)));
    }
    this.content = withoutSlot(this.content, slot);
    this.slots = null;
    this.count -= 1;
    values[this.count] = null;
  }

  /** Puts a masked value in the place of one: what is captured content stays that, and is what the mask left of it. */
  replace(slot: number, value: AttributeValue): void {
    this.values[slot] = value;
    const captured = this.content?.find((one) => one.slot === slot);
    if (captured !== undefined && typeof value === 'string') captured.text = value;
  }

  keyAt(slot: number): string {
    return this.keys[slot] < 0 ? (this.names?.[slot] ?? '') : this.table.keys[this.keys[slot]];
  }

  private setSlowly(given: unknown, value: unknown): void {
    if (typeof given !== 'string' || given === '') {
      this.dropped += 1;
      return;
    }
    const key = wellFormed(given);
    const { generation } = this;
    // The snapshot may run a getter that sets an attribute of this very span: everything else comes after it.
    const copy =
      typeof value === 'string' ? truncate(value, this.lengthLimit) : snapshot(value, this.lengthLimit);
    if (copy === NOTHING || generation !== this.generation) return;
    const known = this.table.find(key, this.last);
    const index = known < 0 ? this.table.add(key) : known;
    if (index >= 0) this.last = index;
    this.place(index, index < 0 ? key : undefined, copy);
  }

  /** Overwrites or appends a value that is a snapshot already. */
  private place(index: number, name: string | undefined, value: unknown): void {
    const { count } = this;
    const slot = this.find(index, name);
    if (slot >= 0) {
      this.values[slot] = value;
      // The program's own value now.
      if (this.content !== null) this.content = this.content.filter((captured) => captured.slot !== slot);
      return;
    }
    if (count >= this.countLimit) {
      this.dropped += 1;
      return;
    }
    if (index < 0) {
      this.names ??= [];
      this.names[count] = name;
    } else {
      this.seen |= 1 << index;
    }
    this.keys[count] = index;
    this.values[count] = value;
    this.count = count + 1;
  }

  private find(index: number, name: string | undefined): number {
    if (this.count > SCAN_LIMIT) return this.indexed().get(name ?? index) ?? -1;
    if (index >= 0) return this.count === 0 ? -1 : this.keys.lastIndexOf(index, this.count - 1);
    return this.names === null ? -1 : this.names.indexOf(name);
  }

  private indexed(): Map<number | string, number> {
    this.slots ??= new Map();
    const { slots } = this;
    for (let slot = slots.size; slot < this.count; slot += 1) {
      slots.set(this.names?.[slot] ?? this.keys[slot], slot);
    }
    return slots;
  }

  /** A value, for reading; `undefined` where there is none. */
  get(key: string): unknown {
    const slot = this.slotOf(key);
    return slot < 0 ? undefined : toPlain(this.values[slot] as AttributeValue);
  }

  /** The attributes as a plain object, for reading. */
  toObject(): Attributes {
    const object: Record<string, unknown> = {};
    for (let slot = 0; slot < this.count; slot += 1) {
      define(object, this.keyAt(slot), toPlain(this.values[slot] as AttributeValue));
    }
    return object as Attributes;
  }

  clear(): void {
    this.generation += 1;
    const { values, count } = this;
    for (let slot = 0; slot < count; slot += 1) values[slot] = null;
    this.names = null;
    this.slots = null;
    this.core = null;
    this.count = 0;
    this.last = NO_KEY;
    this.dropped = 0;
    this.content = null;
    this.seen = 0;
  }
}

/** An object whose enumerable members are all its own: its prototype has none, unless someone gave it one. */
function isPlainObject(value: unknown): boolean {
  try {
    if (typeof value !== 'object' || value === null) return false;
    if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  } catch {
    return false;
  }
  for (const _ in EMPTY) return false;
  return true;
}

/** The own enumerable string keys; none of what is no object, `undefined` when it refuses. */
export function ownKeys(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null) return [];
  try {
    return Object.keys(value);
  } catch {
    return undefined;
  }
}

/** Captured content after an attribute was taken out. */
function withoutSlot(content: AttributeList['content'], slot: number): AttributeList['content'] {
  if (content === null) return null;
  const left = content.filter((captured) => captured.slot !== slot);
  for (const captured of left) if (captured.slot > slot) captured.slot -= 1;
  return left.length === 0 ? null : left;
}
