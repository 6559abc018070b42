/** @module Spans put into an engine the way the API layer does it, without the API layer. */

import {
  HEAD_END,
  HEAD_FLAGS,
  HEAD_KIND,
  HEAD_PARENT_SPAN_ID,
  HEAD_SPAN_ID,
  HEAD_START,
  HEAD_TRACE_ID,
} from '../../assembly/layout.ts';
import {
  EVENT_ATTRIBUTES,
  EVENT_NAME,
  EVENT_TIME,
  LINK_ATTRIBUTES,
  LINK_SPAN_ID,
  LINK_TRACE_ID,
  SPAN_EVENTS,
  SPAN_LINKS,
  SPAN_STATUS,
  STATUS_CODE,
  STATUS_MESSAGE,
} from '../../assembly/wire.ts';
import { type AttributeValue, Int64, KeyValues } from '../../src/engine/attribute-value.ts';
import { CellWriter } from '../../src/engine/cell-writer.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { KeyTable, NO_KEY } from '../../src/engine/key-table.ts';
import type { AnyValue } from '../../src/export/otlp-message.ts';

export type Entry = readonly [key: string, value: AttributeValue];

export interface SpanInput {
  /** The last lane of both ids; also the start in nanoseconds. */
  readonly id?: number;
  readonly parent?: number;
  readonly name?: string;
  readonly kind?: number;
  readonly attributes?: readonly Entry[];
  readonly events?: readonly { readonly name: string; readonly attributes: readonly Entry[] }[];
  /** How many links to add, as far as there is room; each carries the ids of the span itself. */
  readonly links?: number;
  readonly status?: { readonly code: number; readonly message: string };
}

export class EngineDriver {
  readonly engine: Engine;
  readonly keyTable: KeyTable;
  readonly writer: CellWriter;

  constructor(engine: Engine) {
    this.engine = engine;
    this.keyTable = new KeyTable(engine);
    this.writer = new CellWriter(engine, this.keyTable);
  }

  /** Encodes a span into the open piece of `stream`. Returns what the engine returned. */
  commit(stream: number, input: SpanInput = {}): number {
    const { writer, engine } = this;
    const events = (input.events ?? []).map(({ name, attributes }) => ({
      name,
      list: this.resolve(attributes),
    }));
    const attributes = this.resolve(input.attributes ?? []);
    writer.begin();
    this.head(input);
    writer.name(input.name ?? '');
    this.write(attributes, true);
    for (const { name, list } of events) {
      writer.openMessage(SPAN_EVENTS);
      writer.timeField(EVENT_TIME, 1, 0);
      writer.textField(EVENT_NAME, name);
      this.write(list, false);
      writer.closeMessage(EVENT_ATTRIBUTES);
    }
    for (let link = 0; link < (input.links ?? 0) && writer.hasRoom(8); link += 1) {
      writer.openMessage(SPAN_LINKS);
      writer.traceIdField(LINK_TRACE_ID, 0x01010101, 0, 0, input.id ?? 1);
      writer.spanIdField(LINK_SPAN_ID, 0x02020202, input.id ?? 1);
      writer.closeMessage(LINK_ATTRIBUTES);
    }
    if (input.status !== undefined) {
      writer.openMessage(SPAN_STATUS);
      writer.textField(STATUS_MESSAGE, input.status.message);
      writer.varintField(STATUS_CODE, input.status.code);
      writer.closeMessage(0);
    }
    const { cellCount } = writer;
    const piece = engine.core.commitSpan(stream, cellCount, writer.finishText());
    if (piece >= 0 && this.keyTable.hasPending) this.keyTable.remembered();
    return piece;
  }

  private head(input: SpanInput): void {
    const { words } = this.engine;
    const id = input.id ?? 1;
    words.set([0x01010101, 0, 0, id], HEAD_TRACE_ID >> 2);
    words.set([0x02020202, id], HEAD_SPAN_ID >> 2);
    words.set(input.parent === undefined ? [0, 0] : [0x02020202, input.parent], HEAD_PARENT_SPAN_ID >> 2);
    words.set([id, 0], HEAD_START >> 2);
    words.set([id, 1], HEAD_END >> 2);
    words[HEAD_FLAGS >> 2] = 0x101;
    words[HEAD_KIND >> 2] = input.kind ?? 1;
  }

  private resolve(entries: readonly Entry[]) {
    let last = NO_KEY;
    const keys = entries.map(([key]) => {
      const known = this.keyTable.find(key, last);
      const index = known < 0 ? this.keyTable.add(key) : known;
      if (index >= 0) last = index;
      return index;
    });
    return { keys, values: entries.map(([, value]) => value), names: entries.map(([key]) => key) };
  }

  private write({ keys, values, names }: ReturnType<EngineDriver['resolve']>, mayRemember: boolean): void {
    this.writer.attributes(keys, values, names, keys.length, mayRemember);
  }
}

/** What a receiver must read for a value that was set. */
export function expectedValue(value: AttributeValue): AnyValue {
  if (value === null) return { type: 'empty' };
  if (typeof value === 'string') return { type: 'string', value: wellFormed(value) };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') {
    const isInt64 = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
    return isInt64 ? { type: 'int', value: BigInt(value) } : { type: 'double', value };
  }
  if (value instanceof Int64) return { type: 'int', value: value.toBigInt() };
  if (value instanceof Uint8Array) return { type: 'bytes', value };
  if (value instanceof KeyValues) {
    const entries = value.keys.map((key, index) => [key, value.values[index]] as const);
    return { type: 'kvlist', value: entries.map(expectedEntry) };
  }
  return { type: 'array', value: (value as readonly AttributeValue[]).map(expectedValue) };
}

export function expectedEntry([key, value]: Entry) {
  return { key: wellFormed(key), value: expectedValue(value) };
}

/** What UTF-8 keeps of a text: each lone surrogate becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

export function mapOf(...entries: Entry[]): KeyValues {
  const map = new KeyValues();
  for (const [key, value] of entries) {
    map.keys.push(key);
    map.values.push(value);
  }
  return map;
}
