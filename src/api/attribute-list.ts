/**
 * Attributes being recorded: key indexes and values side by side. A key set again keeps its place and gets the
 * new value, so it is on the wire once; at the limit a new key is refused and an overwrite is not.
 */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeValue } from '../engine/attribute-value.ts';
import { type KeyTable, NO_KEY } from '../engine/key-table.ts';
import { define, NOTHING, snapshot, toPlain, truncate } from './attributes.ts';

/** From this many attributes on, a key is found by a map and no longer by a scan. */
const SCAN_LIMIT = 64;
/** Lists kept for the next span, and the largest that is kept. */
const POOL_SIZE = 256;
const POOLED_CAPACITY = 128;

export class AttributeList {
  /** Indexes of the key table; -1 for a key that travels inline. */
  readonly keys: number[] = [-1, -1, -1, -1, -1, -1, -1, -1];
  readonly values: unknown[] = [null, null, null, null, null, null, null, null];
  /** The inline keys, at the place of their values. */
  names: (string | undefined)[] | null = null;
  count = 0;
  /** The key set last, by which the next one is guessed. */
  last = NO_KEY;
  /** Attributes refused at the limit, or for their key. */
  dropped = 0;
  /** One bit a key index modulo 32: a clear bit proves that the key is new. */
  private seen = 0;
  /** Slot by key, of the first `slots.size` attributes; made when a scan would be long. */
  private slots: Map<number | string, number> | null = null;

  /**
   * Sets the value, already a snapshot, of the key with this index; `name` when the index is -1. False at the
   * limit.
   */
  set(index: number, name: string | undefined, value: unknown, limit: number): boolean {
    const { count, seen } = this;
    const bit = 1 << index;
    if (index >= 0 && (seen & bit) === 0 && count < limit) {
      this.seen = seen | bit;
      this.last = index;
      this.keys[count] = index;
      this.values[count] = value;
      this.count = count + 1;
      return true;
    }
    return this.setSlowly(index, name, value, limit);
  }

  private setSlowly(index: number, name: string | undefined, value: unknown, limit: number): boolean {
    const { count } = this;
    if (index >= 0) this.last = index;
    const slot = this.find(index, name);
    if (slot >= 0) {
      this.values[slot] = value;
      return true;
    }
    if (count >= limit) {
      this.dropped += 1;
      return false;
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
    return true;
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

  /** The attributes as a plain object, for reading. */
  toObject(table: KeyTable): Attributes {
    const object: Record<string, unknown> = {};
    for (let slot = 0; slot < this.count; slot += 1) {
      const key = this.keys[slot] < 0 ? (this.names?.[slot] ?? '') : table.keys[this.keys[slot]];
      define(object, key, toPlain(this.values[slot] as AttributeValue));
    }
    return object as Attributes;
  }

  clear(): void {
    const { values, count } = this;
    for (let slot = 0; slot < count; slot += 1) values[slot] = null;
    this.names = null;
    this.slots = null;
    this.count = 0;
    this.last = NO_KEY;
    this.dropped = 0;
    this.seen = 0;
  }
}

const pool: AttributeList[] = [];

/** An empty list, from the pool when it has one. */
export function acquireList(): AttributeList {
  return pool.pop() ?? new AttributeList();
}

/** Empties a list, so that it retains nothing of its span, and keeps it for the next one. */
export function releaseList(list: AttributeList): void {
  list.clear();
  if (pool.length < POOL_SIZE && list.keys.length <= POOLED_CAPACITY) pool.push(list);
}

/**
 * Sets an attribute given by a user: takes a snapshot, cuts to the length limit, finds the key's index. A key
 * that is empty or no string is refused and counted; `undefined` sets nothing.
 */
export function setUserAttribute(
  list: AttributeList,
  table: KeyTable,
  key: unknown,
  value: unknown,
  countLimit: number,
  lengthLimit: number,
): void {
  if (typeof key !== 'string' || key === '') {
    list.dropped += 1;
    return;
  }
  const copy = typeof value === 'string' ? truncate(value, lengthLimit) : snapshot(value, lengthLimit);
  if (copy === NOTHING) return;
  const known = table.find(key, list.last);
  const index = known < 0 ? table.add(key) : known;
  list.set(index, index < 0 ? key : undefined, copy, countLimit);
}

/** Sets every own member of `attributes`; a member that cannot be read is refused and counted. */
export function setUserAttributes(
  list: AttributeList,
  table: KeyTable,
  attributes: Attributes,
  countLimit: number,
  lengthLimit: number,
): void {
  for (const key of ownKeys(attributes)) {
    let value: unknown;
    try {
      value = attributes[key];
    } catch {
      list.dropped += 1;
      continue;
    }
    setUserAttribute(list, table, key, value, countLimit, lengthLimit);
  }
}

/** The own enumerable keys, none of what is no object or throws. */
function ownKeys(attributes: unknown): string[] {
  if (typeof attributes !== 'object' || attributes === null) return [];
  try {
    return Object.keys(attributes);
  } catch {
    return [];
  }
}
