/**
 * The encoder: one pass over the cells of a span, last to first, writing OTLP protobuf from high addresses to
 * low. Nothing is measured beforehand and nothing is moved afterwards.
 */
import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  BOOL,
  BYTES_AT,
  CELL_FIRST,
  CELL_KEY,
  CELL_SECOND,
  DOUBLE,
  FIELD,
  FIELD_AT,
  FIELD_BYTES8,
  FIELD_FIXED32,
  FIELD_FIXED64,
  FIELD_VARINT,
  INT,
  INT64,
  KEY,
  KEY_AT,
  KEY_INLINE,
  KEY_NONE,
  LAST_STAGED,
  MAP_CLOSE,
  MAP_OPEN,
  MEMO,
  MESSAGE_CLOSE,
  MESSAGE_OPEN,
  NAME_MEMO,
  NULL,
  RAW8,
  STRING,
  STRING_AT,
  STRING_REMEMBER,
} from './cells.ts';
import {
  CELL_BYTES,
  ENTRY_CONTENT,
  HEAD_END,
  HEAD_FLAGS,
  HEAD_KIND,
  HEAD_PARENT_SPAN_ID,
  HEAD_SPAN_ID,
  HEAD_START,
  HEAD_TRACE_ID,
  KEY_STRIDE,
  KEY_TABLE,
  MEMO_BYTES,
  MEMO_HITS,
  MEMO_MISSES,
  MEMO_STRIDE,
  MEMO_TABLE,
  STACK,
  STACK_DEPTH,
} from './layout.ts';
import { copy8, get32, multiply, put32, set8, set32 } from './mem.ts';
import { copyBackwards, enclose, fixed32, fixed64, tag, varint, varint64 } from './proto.ts';
import { MALFORMED } from './reasons.ts';
import {
  ANY_ARRAY,
  ANY_BOOL,
  ANY_BYTES,
  ANY_DOUBLE,
  ANY_INT,
  ANY_MAP,
  ANY_STRING,
  ELEMENT,
  KEY_VALUE_KEY,
  KEY_VALUE_VALUE,
  SPAN_ATTRIBUTES,
  SPAN_END,
  SPAN_FLAGS,
  SPAN_KIND,
  SPAN_NAME,
  SPAN_PARENT_SPAN_ID,
  SPAN_SPAN_ID,
  SPAN_START,
  SPAN_TRACE_ID,
} from './wire.ts';

/** Copies the content of an entry of the key table or the memo. */
function copyEntry(position: i32, entry: i32): i32 {
  const length: i32 = get32(entry);
  return copyBackwards(position, entry + ENTRY_CONTENT + length, length);
}

/** Keeps the bytes of [position, end) in memo entry `index`; too many leave the entry empty. */
function remember(index: i32, position: i32, end: i32): void {
  const entry: i32 = MEMO_TABLE + multiply(index, MEMO_STRIDE);
  const length: i32 = end - position;
  const fits: i32 = length <= MEMO_BYTES ? length : 0;
  // Backwards, so that nothing is read beyond a block that ends where the memory ends; the overrun below hits the
  // length, which is written after it.
  copyBackwards(entry + ENTRY_CONTENT + fits, end, fits);
  set32(entry, fits);
}

/** The content of an AnyValue other than a container, staged text at `text`. */
function scalar(position: i32, cell: i32, type: i32, text: i32): i32 {
  const first: i32 = get32(cell + CELL_FIRST);
  const second: i32 = get32(cell + CELL_SECOND);
  if (type <= STRING_REMEMBER) {
    const start: i32 = copyBackwards(position, text + first, first);
    return tag(varint(start, first), ANY_STRING);
  }
  if (type === INT) return tag(varint64(position, first, first >> 31), ANY_INT);
  if (type === DOUBLE) return fixed64(position, ANY_DOUBLE, cell + CELL_FIRST);
  if (type === STRING_AT || type === BYTES_AT) {
    const start: i32 = copyBackwards(position, first + second, second);
    return tag(varint(start, second), type === STRING_AT ? ANY_STRING : ANY_BYTES);
  }
  if (type === BOOL) return tag(varint(position, first), ANY_BOOL);
  if (type === INT64) return tag(varint64(position, first, second), ANY_INT);
  return position;
}

/**
 * Encloses the AnyValue that lies in [position, end): as an element of an array, as a KeyValue under a key of
 * the table, or, under an inline key, only as the KeyValue's value: its KEY cell comes next.
 */
function closeValue(position: i32, end: i32, key: i32, attributeTag: i32): i32 {
  if (key === KEY_NONE) return enclose(position, end, ELEMENT);
  const value: i32 = enclose(position, end, KEY_VALUE_VALUE);
  if (key === KEY_INLINE) return value;
  return enclose(copyEntry(value, KEY_TABLE + multiply(key, KEY_STRIDE)), end, attributeTag);
}

/** Longest string whose AnyValue and KeyValue.value lengths are one byte each. */
const SHORT_STRING: i32 = 119;
/** KeyValue.value and AnyValue.string_value, each to be followed by its length: bytes 12 .. 0a .. */
const SHORT_STRING_TAGS: i32 = 0x000a0012;

/**
 * A whole KeyValue for the case that matters most, a short string under a key of the table: both tags and both
 * lengths before the text are one 32-bit store. 8 ns against 18 by way of `scalar` and `closeValue`.
 */
function shortString(position: i32, text: i32, length: i32, key: i32, attributeTag: i32): i32 {
  const start: i32 = copyBackwards(position, text + length, length) - 4;
  put32(start, SHORT_STRING_TAGS | ((length + 2) << 8) | (length << 24));
  return enclose(copyEntry(start, KEY_TABLE + multiply(key, KEY_STRIDE)), position, attributeTag);
}

/** A whole KeyValue for a number or boolean under a key of the table: tags and length by one store, as above. */
function keyedNumber(position: i32, cell: i32, type: i32, key: i32, attributeTag: i32): i32 {
  const first: i32 = get32(cell + CELL_FIRST);
  let start: i32 = position;
  let valueTag: i32 = ANY_INT;
  if (type === DOUBLE) {
    start = position - 8;
    copy8(start, cell + CELL_FIRST);
    valueTag = ANY_DOUBLE;
  } else if (type === BOOL) {
    start = varint(position, first);
    valueTag = ANY_BOOL;
  } else {
    start = varint64(position, first, type === INT ? first >> 31 : get32(cell + CELL_SECOND));
  }
  // The lowest of the four bytes is free: the key overwrites it.
  put32(start - 4, (KEY_VALUE_VALUE << 8) | ((position - start + 1) << 16) | (valueTag << 24));
  return enclose(copyEntry(start - 3, KEY_TABLE + multiply(key, KEY_STRIDE)), position, attributeTag);
}

/** As `closeValue` for a key of the table, and keeps the KeyValue in the key's memo. */
function closeRemembered(position: i32, end: i32, key: i32, attributeTag: i32): i32 {
  const value: i32 = enclose(position, end, KEY_VALUE_VALUE);
  const body: i32 = copyEntry(value, KEY_TABLE + multiply(key, KEY_STRIDE));
  remember(key, body, end);
  return enclose(body, end, attributeTag);
}

/** 8 bytes out of the cell; before them tag and length, unless more of the field is to come. */
function idField(position: i32, cell: i32, type: i32, tagValue: i32): i32 {
  copy8(position - 8, cell + CELL_FIRST);
  if (type === RAW8) return position - 8;
  set8(position - 9, type === FIELD_BYTES8 ? 8 : 16);
  return tag(position - 9, tagValue);
}

/** A field of a message that is not an attribute; `tagValue` is never 0. */
function field(position: i32, cell: i32, type: i32, text: i32): i32 {
  const tagValue: i32 = get32(cell + CELL_KEY);
  const first: i32 = get32(cell + CELL_FIRST);
  if (type === FIELD) return enclose(copyBackwards(position, text + first, first), position, tagValue);
  if (type === FIELD_FIXED64) return fixed64(position, tagValue, cell + CELL_FIRST);
  if (type === FIELD_VARINT) return tag(varint(position, first), tagValue);
  if (type === FIELD_FIXED32) return fixed32(position, tagValue, first);
  if (type >= FIELD_BYTES8) return idField(position, cell, type, tagValue);
  if (type === FIELD_AT) {
    const second: i32 = get32(cell + CELL_SECOND);
    return enclose(copyBackwards(position, first + second, second), position, tagValue);
  }
  const entry: i32 = get32(cell + CELL_SECOND);
  if (type === NAME_MEMO) return copyEntry(position, MEMO_TABLE + multiply(entry, MEMO_STRIDE));
  const start: i32 = enclose(copyBackwards(position, text + first, first), position, SPAN_NAME);
  remember(entry, start, position);
  return start;
}

/** The inline key of the KeyValue whose value ends at `end`. */
function inlineKey(position: i32, end: i32, cell: i32, type: i32, text: i32, attributeTag: i32): i32 {
  const first: i32 = get32(cell + CELL_FIRST);
  const length: i32 = type === KEY ? first : get32(cell + CELL_SECOND);
  const source: i32 = type === KEY ? text : first;
  const start: i32 = copyBackwards(position, source + length, length);
  return enclose(enclose(start, position, KEY_VALUE_KEY), end, attributeTag);
}

function isContainerEnd(type: i32): i32 {
  return type === ARRAY_CLOSE || type === MAP_CLOSE || type === MESSAGE_CLOSE ? 1 : 0;
}

function isContainerStart(type: i32): i32 {
  return type === ARRAY_OPEN || type === MAP_OPEN || type === MESSAGE_OPEN ? 1 : 0;
}

/** Tag of attributes directly inside the container that `cell` closes. */
function innerTag(cell: i32, type: i32): i32 {
  return type === MESSAGE_CLOSE ? get32(cell + CELL_KEY) : ELEMENT;
}

/** Encloses the container that lies in [position, end). */
function closeContainer(position: i32, end: i32, cell: i32, type: i32, attributeTag: i32): i32 {
  const key: i32 = get32(cell + CELL_KEY);
  if (type === MESSAGE_OPEN) return enclose(position, end, key);
  const value: i32 = enclose(position, end, type === ARRAY_OPEN ? ANY_ARRAY : ANY_MAP);
  return closeValue(value, end, key, attributeTag);
}

/**
 * Writes the cells of [firstCell, cellsEnd) before `position`. Staged text ends at `textEnd`. Returns the new
 * position or MALFORMED.
 */
export function encodeCells(start: i32, firstCell: i32, cellsEnd: i32, textEnd: i32): i32 {
  let position: i32 = start;
  let text: i32 = textEnd;
  let attributeTag: i32 = SPAN_ATTRIBUTES;
  // End of the KeyValue whose inline key comes next.
  let valueEnd: i32 = 0;
  let depth: i32 = 0;
  let hits: i32 = 0;
  let misses: i32 = 0;
  for (let cell: i32 = cellsEnd - CELL_BYTES; cell >= firstCell; cell -= CELL_BYTES) {
    const type: i32 = get32(cell);
    const end: i32 = position;
    const key: i32 = get32(cell + CELL_KEY);
    const first: i32 = get32(cell + CELL_FIRST);
    if (type <= LAST_STAGED) text -= first;
    if (type === STRING && key >= 0 && first <= SHORT_STRING) {
      position = shortString(position, text, first, key, attributeTag);
      misses += 1;
    } else if (type === MEMO) {
      const body: i32 = copyEntry(position, MEMO_TABLE + multiply(key, MEMO_STRIDE));
      position = enclose(body, end, attributeTag);
      hits += 1;
    } else if (type >= BOOL && type <= DOUBLE && key >= 0) {
      position = keyedNumber(position, cell, type, key, attributeTag);
    } else if (type === STRING_REMEMBER) {
      position = closeRemembered(scalar(position, cell, type, text), end, key, attributeTag);
      misses += 1;
    } else if (type === STRING || (type >= STRING_AT && type <= NULL)) {
      position = closeValue(scalar(position, cell, type, text), end, key, attributeTag);
      valueEnd = end;
      if (type === STRING) misses += 1;
    } else if (type === KEY || type === KEY_AT) {
      position = inlineKey(position, valueEnd, cell, type, text, attributeTag);
    } else if (isContainerEnd(type) !== 0) {
      if (depth === STACK_DEPTH) return MALFORMED;
      set32(STACK + (depth << 3), position);
      set32(STACK + (depth << 3) + 4, attributeTag);
      attributeTag = innerTag(cell, type);
      depth += 1;
    } else if (isContainerStart(type) !== 0) {
      if (depth === 0) return MALFORMED;
      depth -= 1;
      valueEnd = get32(STACK + (depth << 3));
      attributeTag = get32(STACK + (depth << 3) + 4);
      position = closeContainer(position, valueEnd, cell, type, attributeTag);
    } else {
      position = field(position, cell, type, text);
    }
  }
  set32(MEMO_HITS, (get32(MEMO_HITS) + hits) | 0);
  set32(MEMO_MISSES, (get32(MEMO_MISSES) + misses) | 0);
  return depth === 0 ? position : MALFORMED;
}

/** Identity, times, kind and flags out of the span head. Proto3 leaves zero values out. */
export function encodeHead(start: i32): i32 {
  let position: i32 = fixed32(start, SPAN_FLAGS, get32(HEAD_FLAGS));
  position = fixed64(position, SPAN_END, HEAD_END);
  position = fixed64(position, SPAN_START, HEAD_START);
  set8(position - 1, get32(HEAD_KIND));
  set8(position - 2, SPAN_KIND);
  position -= 2;
  if ((get32(HEAD_PARENT_SPAN_ID) | get32(HEAD_PARENT_SPAN_ID + 4)) !== 0) {
    copy8(position - 8, HEAD_PARENT_SPAN_ID);
    set8(position - 9, 8);
    set8(position - 10, SPAN_PARENT_SPAN_ID);
    position -= 10;
  }
  copy8(position - 8, HEAD_SPAN_ID);
  set8(position - 9, 8);
  set8(position - 10, SPAN_SPAN_ID);
  copy8(position - 18, HEAD_TRACE_ID + 8);
  copy8(position - 26, HEAD_TRACE_ID);
  set8(position - 27, 16);
  set8(position - 28, SPAN_TRACE_ID);
  return position - 28;
}
