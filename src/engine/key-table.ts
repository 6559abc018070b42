/**
 * The JS side of the key table and the value memo: which attribute key has which index, and which value the
 * engine holds encoded for it. Bounded: 1,024 keys, one value each, and 64 span names.
 */
import { MAX_KEY_BYTES, MAX_KEYS, MAX_MEMOS, STRINGS } from '../../assembly/layout.ts';
import type { Engine } from './engine.ts';
import { encodeInto, internString } from './strings.ts';

/**
 * Longer values, and values of longer or non-ASCII keys, are not remembered: a memo entry holds 200 bytes of
 * key, value at three bytes a unit, tags and lengths.
 */
const MEMO_VALUE_LENGTH = 48;
const MEMO_KEY_LENGTH = 40;
const MEMO_NAME_LENGTH = 60;
/** Most misses in a row that a key whose values do not repeat goes without a new memo. */
const MAX_PATIENCE = 4096;
const NAME_ENTRIES = MAX_MEMOS - MAX_KEYS;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is what is asked for.
const ASCII = /^[\x00-\x7f]*$/;

/** Stands before the first key of a span. */
export const NO_KEY = MAX_KEYS;

export class KeyTable {
  /** Index of each known key. */
  readonly indexes = new Map<string, number>();
  /** Key of each index. */
  readonly keys: string[] = [];
  /**
   * The key that followed each key last time; the entry behind the last one is for the first key of a span. A
   * program sets the same keys in the same order, and comparing two internalised strings beats hashing one.
   */
  readonly successors = new Int32Array(MAX_KEYS + 1);
  /** The value, or name, that the memo entry of each index holds; an own copy. */
  readonly memo: (string | undefined)[] = new Array(MAX_MEMOS).fill(undefined);

  /** Misses still to let pass before the next memo, how many the last one cost, and whether it was of use. */
  readonly wait = new Int32Array(MAX_MEMOS);
  private readonly patience = new Int32Array(MAX_MEMOS).fill(1);
  readonly used = new Uint8Array(MAX_MEMOS);

  /** Keys short enough for the memo. */
  private readonly memorable = new Uint8Array(MAX_KEYS);
  private readonly pending: { readonly index: number; readonly value: string }[] = [];
  private interned = 0;
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The index of a known key, -1 for any other. `previous` is the index of the key set before it. */
  find(key: unknown, previous: number): number {
    const guess = this.successors[previous];
    const guessed = this.keys[guess];
    if (guessed === key && guessed !== undefined) return guess;
    const index = this.indexes.get(key as string);
    if (index === undefined) return -1;
    this.successors[previous] = index;
    return index;
  }

  /**
   * The index of a key, or -1 when it must travel inline: longer than 127 bytes, or the table is full. A new
   * key reaches the engine when the next span ends; recording never calls the engine.
   */
  add(key: string): number {
    const index = this.keys.length;
    const isAscii = ASCII.test(key);
    if (index === MAX_KEYS || key.length * (isAscii ? 1 : 3) > MAX_KEY_BYTES) return -1;
    const copy = internString(key);
    // A lone surrogate became U+FFFD: such a key travels inline.
    if (copy !== key) return -1;
    this.memorable[index] = isAscii && key.length <= MEMO_KEY_LENGTH ? 1 : 0;
    // In this order: where a full stack cuts in between, no second key gets the index.
    this.keys.push(copy);
    this.indexes.set(copy, index);
    return index;
  }

  /** Tells the engine the keys added since the last call. Uses string staging. */
  internAdded(): void {
    while (this.interned < this.keys.length) {
      const target = this.engine.bytes.subarray(STRINGS, STRINGS + MAX_KEY_BYTES);
      const { written } = encodeInto(this.keys[this.interned], target);
      this.engine.core.internKey(written);
      this.interned += 1;
    }
  }

  /** Whether keys were added that the engine does not know. */
  get hasAdded(): boolean {
    return this.interned !== this.keys.length;
  }

  /**
   * Asked after a miss: should the engine remember this value, in place of the one it holds? It then does so when
   * it encodes the span; until `remembered` says that it did, the entry is empty.
   */
  shouldRemember(index: number, value: string): boolean {
    if (this.wait[index] > 0) {
      this.wait[index] -= 1;
      // Comparing with a value that does not come back costs more than comparing with nothing.
      if (this.used[index] === 0) this.memo[index] = undefined;
      return false;
    }
    const isName = index >= MAX_KEYS;
    if (value.length > (isName ? MEMO_NAME_LENGTH : MEMO_VALUE_LENGTH)) return false;
    if (!isName && !this.memorable[index]) return false;
    // A memo that was never used teaches to wait twice as long; one that was, to try again at once.
    const patience = this.used[index] ? 1 : Math.min(this.patience[index] * 2, MAX_PATIENCE);
    this.patience[index] = patience;
    this.wait[index] = patience - 1;
    this.used[index] = 0;
    this.memo[index] = undefined;
    this.pending.push({ index, value });
    return true;
  }

  /** The engine encoded the span: it holds the values that it was to remember. */
  remembered(): void {
    for (const { index, value } of this.pending) this.memo[index] = internString(value);
    this.pending.length = 0;
  }

  /** Forgets what was to be remembered with a span that the engine refused. */
  discardPending(): void {
    this.pending.length = 0;
  }

  get hasPending(): boolean {
    return this.pending.length !== 0;
  }

  /** The memo entry in which a span name is kept, if it is kept. */
  nameEntry(name: string): number {
    return MAX_KEYS + ((name.length * 7 + name.charCodeAt(0)) & (NAME_ENTRIES - 1));
  }
}
