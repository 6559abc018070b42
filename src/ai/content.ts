/** Inputs and outputs as attribute text: a string as it is, everything else as JSON that never throws. */
import { describe } from '../api/attributes.ts';
import { mediaOfObject, mediaOfString, withoutDataUrls } from './media.ts';
import { isPlainValue } from './plain-value.ts';

/** Deeper members are left out of captured JSON. */
const MAX_DEPTH = 64;
/** Elements and members of one value; the rest is left out. A few shared objects can make more than memory holds. */
const MAX_NODES = 100_000;
/** Levels of an object with a member that cannot be read. */
const MOST_COPIED = 8;

/**
 * The text of a captured value; `undefined` when there is nothing to capture. Bytes, files and base64 that is said to be
 * some medium are summarised: `[image/png, 12345 bytes]`.
 */
export function contentText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return withoutDataUrls(value);
  try {
    if (typeof value !== 'object' || value === null) return primitiveText(value);
    const media = mediaOfObject(value, undefined);
    return media === undefined ? withoutDataUrls(objectText(value)) : JSON.stringify(media);
  } catch (error) {
    return readableText(value) ?? `[Unreadable: ${describe(error)}]`;
  }
}

function primitiveText(value: unknown): string {
  return isJson(value) ? (JSON.stringify(value) ?? describe(value)) : JSON.stringify(describe(value));
}

function objectText(value: object): string {
  if (isPlainValue(value)) {
    // Cycles are found out here: they go beyond the depth that a plain value may have.
    return JSON.stringify(value);
  }
  return JSON.stringify(value, jsonReplacer()) ?? describe(value);
}

/** Replaces what JSON has no form for: bigints, functions, symbols, cycles, bytes, media and size without end. */
function jsonReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  /** The objects being written, outermost first: what was given, and what is written in its place. */
  const sources: unknown[] = [];
  const written: unknown[] = [];
  let left = MAX_NODES;
  return function (this: unknown, key: string, value: unknown): unknown {
    if (left === 0) return undefined;
    left -= 1;
    if (typeof value === 'string') {
      return mediaOfString(value, key, this) ?? withoutDataUrls(value);
    }
    if (typeof value !== 'object' || value === null) return isJson(value) ? value : describe(value);
    while (written.length > 0 && written[written.length - 1] !== this) {
      written.pop();
      sources.pop();
    }
    // JSON.stringify has replaced a Buffer by the list of its bytes already.
    const given = (this as Record<string, unknown>)[key] as object;
    const media = mediaOfObject(given, this);
    if (media !== undefined) return media;
    if (sources.includes(value)) return '[Circular]';
    if (sources.length >= MAX_DEPTH) return '[Too deep]';
    if (value instanceof Error) return describe(value);
    const list = value instanceof Map || value instanceof Set ? [...value] : value;
    const readable = Array.isArray(list) && list.length > left ? list.slice(0, left) : list;
    sources.push(value);
    written.push(readable);
    return readable;
  };
}

function readableText(value: unknown): string | undefined {
  const readable = readableCopy(value);
  if (readable === undefined) return undefined;
  try {
    return withoutDataUrls(objectText(readable));
  } catch {
    return undefined;
  }
}

/**
 * An object with a member that cannot be read, down to a few levels: the member says so, the others are as they are.
 * `undefined` where the object itself cannot be read.
 */
function readableCopy(value: unknown, depth = 0): object | undefined {
  if (typeof value !== 'object' || value === null || depth === MOST_COPIED) return undefined;
  try {
    const copy: Record<string, unknown> = Array.isArray(value) ? (Array(value.length) as never) : {};
    for (const key of Object.keys(value).slice(0, MAX_NODES)) {
      const member = readMember(value, key);
      copy[key] = isWritable(member) ? member : (readableCopy(member, depth + 1) ?? '[Unreadable]');
    }
    return copy;
  } catch {
    return undefined;
  }
}

function readMember(holder: object, key: string): unknown {
  try {
    return (holder as Record<string, unknown>)[key];
  } catch (error) {
    return `[Unreadable: ${describe(error)}]`;
  }
}

function isWritable(value: unknown): boolean {
  try {
    if (typeof value === 'object' && value !== null) objectText(value);
    return true;
  } catch {
    return false;
  }
}

function isJson(value: unknown): boolean {
  return typeof value !== 'bigint' && typeof value !== 'function' && typeof value !== 'symbol';
}
