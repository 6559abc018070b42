/**
 * Lays the span being ended out as cells and staged text (assembly/cells.ts draws them). One span at a time;
 * nothing here calls code that a user can supply.
 *
 * Short strings are concatenated and encoded at once, by one `encodeInto`: 8 to 21 ns a string against 18 to
 * 152 for the best and worst way to encode each alone. Values over 1 KiB get a call of their own.
 */
import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  BOOL,
  BYTES_AT,
  DOUBLE,
  FIELD,
  FIELD_AT,
  FIELD_BYTES8,
  FIELD_BYTES16,
  FIELD_FIXED32,
  FIELD_FIXED64,
  FIELD_VARINT,
  INT,
  INT64,
  KEY,
  KEY_AT,
  KEY_INLINE,
  KEY_NONE,
  MAP_CLOSE,
  MAP_OPEN,
  MEMO,
  MESSAGE_CLOSE,
  MESSAGE_OPEN,
  NAME_MEMO,
  NAME_REMEMBER,
  NULL,
  RAW8,
  STRING,
  STRING_AT,
  STRING_REMEMBER,
} from '../../assembly/cells.ts';
import { CELLS, MAX_CELLS, STRING_BYTES, STRINGS } from '../../assembly/layout.ts';
import { SPAN_NAME } from '../../assembly/wire.ts';
import { type AttributeValue, Int64, KeyValues } from './attribute-value.ts';
import type { Engine } from './engine.ts';
import type { KeyTable } from './key-table.ts';
import { encodeStagedText } from './staged-text.ts';
import { encodeInto } from './strings.ts';

/** Strings up to this many UTF-16 units are concatenated; longer ones are encoded alone. */
const SHORT_STRING = 1024;
const FIRST_CELL = CELLS >> 2;
/** Fewer than all cells: containers already open need their close cells, and the status its own. */
const CELL_LIMIT = FIRST_CELL + ((MAX_CELLS - 256) << 2);
/** 2^32, to split 64-bit integers. */
const WORD = 4294967296;

export class CellWriter {
  /** Index of the next cell's first word. */
  private cell = FIRST_CELL;
  /** Strings of this span that were cut because string staging was full. */
  cuts = 0;
  private text = '';
  /** Address after the last long string; the short text is put there. */
  private longEnd = STRINGS;
  /** Long strings may fill seven eighths of string staging, short text, at three bytes a unit, the rest. */
  private readonly longLimit: number;
  private readonly shortLimit: number;

  /** The second of the last time written, and its nanoseconds as two halves. */
  private second = 0;
  private secondLow = 0;
  private secondHigh = 0;

  private readonly engine: Engine;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly keyTable: KeyTable;
  private readonly staging: Uint8Array;

  constructor(engine: Engine, keyTable: KeyTable) {
    const size = engine.words[STRING_BYTES >> 2];
    this.engine = engine;
    this.keyTable = keyTable;
    this.words = engine.words;
    this.doubles = engine.doubles;
    this.staging = engine.bytes.subarray(STRINGS, STRINGS + size);
    this.longLimit = STRINGS + size - (size >> 3);
    this.shortLimit = Math.floor((size >> 3) / 3);
  }

  /** Begins a span or message: forgets what was staged. */
  begin(): void {
    this.cell = FIRST_CELL;
    this.cuts = 0;
    this.text = '';
    this.longEnd = STRINGS;
    if (this.keyTable.hasAdded) this.keyTable.internAdded();
    if (this.keyTable.hasPending) this.keyTable.discardPending();
  }

  get cellCount(): number {
    return (this.cell - FIRST_CELL) >> 2;
  }

  /** Encodes the short text. Returns the address after it. */
  finishText(): number {
    const { text, longEnd } = this;
    if (text === '') return longEnd;
    // A fresh view costs as much as encoding a short text.
    const target = longEnd === STRINGS ? this.staging : this.staging.subarray(longEnd - STRINGS);
    this.text = '';
    return encodeStagedText(this.engine, text, target, this.cellCount);
  }

  /** The span name, out of the memo when it is there. */
  name(name: string): void {
    if (name === '') return;
    const words = this.words;
    const entry = this.keyTable.nameEntry(name);
    const cell = this.cell;
    if (this.keyTable.memo[entry] === name) {
      this.keyTable.used[entry] = 1;
      words[cell] = NAME_MEMO;
    } else if (this.keyTable.shouldRemember(entry, name)) {
      words[cell] = NAME_REMEMBER;
      words[cell + 2] = name.length;
      this.text += name;
    } else {
      this.textField(SPAN_NAME, name);
      return;
    }
    words[cell + 3] = entry;
    this.cell = cell + 4;
  }

  /**
   * Attributes of the message that is open. `keys` are indexes of the key table, or -1 with the key in `names`.
   * Returns how many found no room.
   *
   * Only the span's own attributes may be remembered: there a key stands once. The encoder goes from the last cell
   * to the first, so a memo written for an event would answer for the same key of the span itself.
   */
  attributes(
    keys: readonly number[],
    values: readonly unknown[],
    names: readonly (string | undefined)[] | null,
    count: number,
    mayRemember: boolean,
  ): number {
    const { words, doubles, shortLimit, keyTable } = this;
    const { memo, used, wait } = keyTable;
    // Locals, written back before anything else needs them: a store to a field a cell costs as much as the cell.
    let { cell, text } = this;
    let dropped = 0;
    for (let index = 0; index < count; index += 1) {
      const key = keys[index];
      const value = values[index] as AttributeValue;
      if (key >= 0 && cell < CELL_LIMIT) {
        words[cell + 1] = key;
        if (typeof value === 'string') {
          const remembered = memo[key];
          if (remembered === value) {
            used[key] = 1;
            words[cell] = MEMO;
            cell += 4;
            continue;
          }
          if (value.length <= SHORT_STRING && text.length + value.length <= shortLimit) {
            words[cell] = STRING;
            if (mayRemember) {
              if (remembered === undefined && wait[key] > 0) wait[key] -= 1;
              else if (keyTable.shouldRemember(key, value)) words[cell] = STRING_REMEMBER;
            }
            words[cell + 2] = value.length;
            text += value;
            cell += 4;
            continue;
          }
        } else if (typeof value === 'number') {
          if ((value | 0) === value) {
            words[cell] = INT;
            words[cell + 2] = value;
            cell += 4;
            continue;
          }
          if (!Number.isInteger(value)) {
            words[cell] = DOUBLE;
            doubles[(cell >> 1) + 1] = value;
            cell += 4;
            continue;
          }
        }
      }
      this.cell = cell;
      this.text = text;
      if (!this.attribute(key, names === null ? undefined : names[index], value)) dropped += 1;
      cell = this.cell;
      text = this.text;
    }
    this.cell = cell;
    this.text = text;
    return dropped;
  }

  /** One attribute under an index of the key table, or under `name`. False when it found no room. */
  attribute(key: number, name: string | undefined, value: AttributeValue): boolean {
    const { cell, text, longEnd } = this;
    if (cell >= CELL_LIMIT) return false;
    if (key < 0 && !this.inlineKey(name as string)) return false;
    if (this.value(key < 0 ? KEY_INLINE : key, value)) return true;
    this.cell = cell;
    this.text = text;
    this.longEnd = longEnd;
    return false;
  }

  /** Opens a message field: an event, a link, a status. */
  openMessage(tag: number): void {
    this.put(MESSAGE_OPEN, tag, 0, 0);
  }

  /** Closes it; `attributeTag` is the tag of attributes inside it, or 0. */
  closeMessage(attributeTag: number): void {
    this.put(MESSAGE_CLOSE, attributeTag, 0, 0);
  }

  /** Whether another message of about `cells` cells may be begun. */
  hasRoom(cells: number): boolean {
    return this.cell + cells * 4 < CELL_LIMIT;
  }

  textField(tag: number, text: string): void {
    if (text === '') return;
    if (text.length <= SHORT_STRING && this.text.length + text.length <= this.shortLimit) {
      this.put(FIELD, tag, text.length, 0);
      this.text += text;
      return;
    }
    const start = this.longEnd;
    this.encodeLong(text);
    this.put(FIELD_AT, tag, start, this.longEnd - start);
  }

  /** The 8 bytes of a span id, given as two words. */
  spanIdField(tag: number, first: number, second: number): void {
    this.put(FIELD_BYTES8, tag, first, second);
  }

  /** The 16 bytes of a trace id, given as four words. */
  traceIdField(tag: number, first: number, second: number, third: number, fourth: number): void {
    this.put(FIELD_BYTES16, tag, first, second);
    this.put(RAW8, 0, third, fourth);
  }

  /** Left out when 0, as proto3 does. */
  varintField(tag: number, value: number): void {
    if (value !== 0) this.put(FIELD_VARINT, tag, value, 0);
  }

  fixed32Field(tag: number, value: number): void {
    this.put(FIELD_FIXED32, tag, value, 0);
  }

  /** Nanoseconds since the epoch. */
  timeField(tag: number, seconds: number, nanos: number): void {
    this.put(FIELD_FIXED64, tag, 0, 0);
    this.writeTime(this.cell - 2, seconds, nanos);
  }

  /** Seconds and nanoseconds as 64-bit nanoseconds in the two words from `index`. */
  writeTime(index: number, seconds: number, nanos: number): void {
    if (seconds !== this.second) this.enterSecond(seconds);
    const low = (this.secondLow + nanos) | 0;
    this.words[index] = low;
    this.words[index + 1] = this.secondHigh + (low >>> 0 < nanos ? 1 : 0);
  }

  /** Keeps the halves of a second's nanoseconds: the next times most likely lie in it too. */
  private enterSecond(seconds: number): void {
    const low = Math.imul(seconds, 1_000_000_000);
    this.second = seconds;
    this.secondLow = low;
    // Exact although the product is not: its rounding error is far below one high unit.
    this.secondHigh = Math.round((seconds * 1_000_000_000 - (low >>> 0)) / WORD);
  }

  private put(type: number, key: number, first: number, second: number): void {
    const { words, cell } = this;
    words[cell] = type;
    words[cell + 1] = key;
    words[cell + 2] = first;
    words[cell + 3] = second;
    this.cell = cell + 4;
  }

  /** A value of any kind. False when there is no room for its beginning; a long string is cut to what fits. */
  private value(key: number, value: AttributeValue): boolean {
    if (this.cell >= CELL_LIMIT) return false;
    if (typeof value === 'string') return this.stringValue(key, value);
    if (typeof value === 'number') this.numberValue(key, value);
    else if (typeof value === 'boolean') this.put(BOOL, key, value ? 1 : 0, 0);
    else if (value === null) this.put(NULL, key, 0, 0);
    else if (value instanceof Int64) this.put(INT64, key, value.low, value.high);
    else if (value instanceof Uint8Array) return this.bytesValue(key, value);
    else if (value instanceof KeyValues) return this.mapValue(key, value);
    else return this.arrayValue(key, value);
    return true;
  }

  private numberValue(key: number, value: number): void {
    if ((value | 0) === value) {
      this.put(INT, key, value, 0);
    } else if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      const high = Math.floor(value / WORD);
      this.put(INT64, key, (value - high * WORD) | 0, high);
    } else {
      this.put(DOUBLE, key, 0, 0);
      this.doubles[(this.cell - 2) >> 1] = value;
    }
  }

  private stringValue(key: number, value: string): boolean {
    if (value.length <= SHORT_STRING && this.text.length + value.length <= this.shortLimit) {
      this.put(STRING, key, value.length, 0);
      this.text += value;
      return true;
    }
    const start = this.longEnd;
    if (this.encodeLong(value) === 0) return false;
    this.put(STRING_AT, key, start, this.longEnd - start);
    return true;
  }

  private bytesValue(key: number, value: Uint8Array): boolean {
    const start = this.longEnd;
    if (start + value.length > this.longLimit) return false;
    this.staging.set(value, start - STRINGS);
    this.longEnd = start + value.length;
    this.put(BYTES_AT, key, start, value.length);
    return true;
  }

  private arrayValue(key: number, values: readonly AttributeValue[]): boolean {
    this.put(ARRAY_OPEN, key, 0, 0);
    let complete = true;
    for (let index = 0; complete && index < values.length; index += 1) {
      complete = this.value(KEY_NONE, values[index]);
    }
    this.put(ARRAY_CLOSE, 0, 0, 0);
    return complete;
  }

  private mapValue(key: number, map: KeyValues): boolean {
    this.put(MAP_OPEN, key, 0, 0);
    let complete = true;
    for (let index = 0; complete && index < map.keys.length; index += 1) {
      complete = this.attribute(KEY_INLINE, map.keys[index], map.values[index]);
    }
    this.put(MAP_CLOSE, 0, 0, 0);
    return complete;
  }

  private inlineKey(key: string): boolean {
    if (key.length <= SHORT_STRING && this.text.length + key.length <= this.shortLimit) {
      this.put(KEY, 0, key.length, 0);
      this.text += key;
      return true;
    }
    const start = this.longEnd;
    if (this.encodeLong(key) !== key.length) return false;
    this.put(KEY_AT, 0, start, this.longEnd - start);
    return true;
  }

  /** Encodes a long string right away. Returns how many of its units fitted. */
  private encodeLong(text: string): number {
    const target = this.staging.subarray(this.longEnd - STRINGS, this.longLimit - STRINGS);
    const { read, written } = encodeInto(text, target);
    this.longEnd += written;
    if (read < text.length) this.cuts += 1;
    return read;
  }
}
