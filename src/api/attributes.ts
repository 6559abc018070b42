/**
 * Attribute values as snapshots. Strings, numbers and booleans are immutable; everything else is copied when it
 * is set, so that a change afterwards changes nothing, and whatever a getter or `toJSON` does, it does here.
 * Common specification, "AnyValue" and "Attribute Limits".
 */
import { type AttributeValue, Int64, KeyValues } from '../engine/attribute-value.ts';

/**
 * A value goes as deep as a receiver decodes, and a deeper array or map becomes an empty value, as with the
 * specification's AttributeValueDepthLimit of 64. Protobuf decoders refuse a whole request over 100 nested messages
 * unless told otherwise (protoc 3.21 does); six stand above an event's AnyValue, an array level is two (ArrayValue,
 * AnyValue), a map level three (KeyValueList, KeyValue, AnyValue): 47 levels of arrays, 31 of maps.
 */
const MAX_MESSAGES = 94;
const ARRAY_MESSAGES = 2;
const MAP_MESSAGES = 3;
/** Elements and members of one value; the rest is left out. */
const NODE_BUDGET = 10_000;

/** Returned for `undefined`: there is nothing to set. */
export const NOTHING = Symbol('nothing');

let budget = 0;
let path: object[] = [];

/**
 * Copies a value of any kind. Never throws: what cannot be read becomes a string that says why.
 *
 * @param lengthLimit - longest string and byte array inside, in code points or bytes; Infinity for none.
 */
export function snapshot(value: unknown, lengthLimit: number): AttributeValue | typeof NOTHING {
  if (value === undefined) return NOTHING;
  const outerBudget = budget;
  const outerPath = path;
  // A getter may itself trace and set attributes: each value counts for itself.
  budget = NODE_BUDGET;
  path = [];
  try {
    return copy(value, lengthLimit, 0);
  } finally {
    budget = outerBudget;
    path = outerPath;
  }
}

/** Cuts to at most `limit` code points; half of a surrogate pair is never kept. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let units = 0;
  for (let points = 0; points < limit && units < text.length; points += 1) {
    const code = text.charCodeAt(units);
    const isPair = code >= 0xd800 && code <= 0xdbff && (text.charCodeAt(units + 1) & 0xfc00) === 0xdc00;
    units += isPair ? 2 : 1;
  }
  return text.slice(0, units);
}

const LONE_SURROGATES = /\p{Surrogate}/gu;

/** The text as UTF-8 has it, a lone surrogate being U+FFFD: two keys that differ in nothing else are one key. */
export function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATES, '\ufffd');
}

function copy(value: unknown, limit: number, depth: number): AttributeValue {
  switch (typeof value) {
    case 'string':
      return truncate(value, limit);
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? new Int64(value) : truncate(String(value), limit);
    case 'object':
      if (value === null) return null;
      break;
    case 'undefined':
      return null;
    default:
      return truncate(describe(value), limit);
  }
  if (path.includes(value)) return '[Circular]';
  path.push(value);
  try {
    return copyObject(value, limit, depth);
  } catch (error) {
    return truncate(`[Unreadable: ${describe(error)}]`, limit);
  } finally {
    path.pop();
  }
}

function copyObject(value: object, limit: number, depth: number): AttributeValue {
  if (Array.isArray(value) || value instanceof Set) {
    return depth + ARRAY_MESSAGES > MAX_MESSAGES ? null : copyList(value, limit, depth);
  }
  if (ArrayBuffer.isView(value)) return copyBytes(value.buffer, value.byteOffset, value.byteLength, limit);
  if (value instanceof ArrayBuffer) return copyBytes(value, 0, value.byteLength, limit);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return truncate(describe(value), limit);
  if (depth + MAP_MESSAGES > MAX_MESSAGES) return null;
  if (value instanceof Map) return copyEntries(value, limit, depth);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return copy(toJSON.call(value, ''), limit, depth + MAP_MESSAGES);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) {
    return copy(value.valueOf(), limit, depth);
  }
  const members = copyMembers(value as Record<string, unknown>, limit, depth);
  // A pattern, a promise, an instance that keeps its state to itself: nothing to see but its string form.
  return members.keys.length === 0 && !isPlain(value) ? truncate(describe(value), limit) : members;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function copyBytes(buffer: ArrayBufferLike, offset: number, length: number, limit: number): Uint8Array {
  return new Uint8Array(buffer, offset, Math.min(length, limit)).slice();
}

function copyList(values: Iterable<unknown>, limit: number, depth: number): AttributeValue[] {
  const list: AttributeValue[] = [];
  for (const value of values) {
    if (budget === 0) break;
    budget -= 1;
    list.push(copy(value, limit, depth + ARRAY_MESSAGES));
  }
  return list;
}

function copyEntries(map: Map<unknown, unknown>, limit: number, depth: number): KeyValues {
  const entries = new KeyValues();
  for (const [key, value] of map) {
    if (budget === 0) break;
    budget -= 1;
    entries.keys.push(typeof key === 'string' ? key : describe(key));
    entries.values.push(copy(value, limit, depth + MAP_MESSAGES));
  }
  return entries;
}

function copyMembers(object: Record<string, unknown>, limit: number, depth: number): KeyValues {
  const entries = new KeyValues();
  for (const key of Object.keys(object)) {
    if (budget === 0) break;
    // Before the member is read: what is inside it may use up the rest, and the budget must not pass below 0.
    budget -= 1;
    const member = copyMember(object, key, limit, depth);
    if (member === NOTHING) continue;
    entries.keys.push(key);
    entries.values.push(member);
  }
  return entries;
}

/** One member; a getter that throws costs this member only. */
function copyMember(object: Record<string, unknown>, key: string, limit: number, depth: number) {
  let member: unknown;
  try {
    member = object[key];
  } catch (error) {
    return truncate(`[Unreadable: ${describe(error)}]`, limit);
  }
  return member === undefined ? NOTHING : copy(member, limit, depth + MAP_MESSAGES);
}

/** The string form of anything, or a word for what has none. */
export function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `[${typeof value}]`;
  }
}

/** What an error says, or the string form of whatever was thrown instead. Never throws. */
export function messageOf(error: unknown): string {
  return hasMessage(error) ? error.message : describe(error);
}

/** A number where one is exact: JSON, to which processors write attributes, has no bigint. */
function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return BigInt(number) === value ? number : value;
}

/** A snapshot as the plain value that a user may read. */
export function toPlain(value: AttributeValue): unknown {
  if (value instanceof Int64) return plainInteger(value.toBigInt());
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof KeyValues) {
    const plain: Record<string, unknown> = {};
    for (let index = 0; index < value.keys.length; index += 1)
      define(plain, value.keys[index], toPlain(value.values[index]));
    return plain;
  }
  if (Array.isArray(value)) return value.map(toPlain);
  return value;
}

/** Sets a member as data whatever its name: assigning `__proto__` would change the object's prototype. */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether a thrown value says what happened, as errors do, whatever realm or library made it. */
export function hasMessage(error: unknown): error is { message: string } {
  try {
    const { message } = error as { message?: unknown };
    return typeof message === 'string';
  } catch {
    return false;
  }
}
