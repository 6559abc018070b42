/** Inputs and outputs as attribute text: a string as it is, everything else as JSON that never throws. */
import { describe } from '../api/attributes.ts';

/** Deeper members are left out of captured JSON. */
const MAX_DEPTH = 64;
/** Elements and members of one value; the rest is left out. A few shared objects can make more than memory holds. */
const MAX_NODES = 100_000;

/** The text of a captured value; `undefined` when there is nothing to capture. */
export function contentText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, jsonReplacer()) ?? describe(value);
  } catch (error) {
    return `[Unreadable: ${describe(error)}]`;
  }
}

/** Replaces what JSON has no form for: bigints, functions, symbols, cycles, byte arrays and size without end. */
function jsonReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  /** The objects being written, outermost first: what was given, and what is written in its place. */
  const sources: unknown[] = [];
  const written: unknown[] = [];
  let left = MAX_NODES;
  return function (this: unknown, key: string, value: unknown): unknown {
    if (left === 0) return undefined;
    left -= 1;
    if (typeof value !== 'object' || value === null) return isJson(value) ? value : describe(value);
    while (written.length > 0 && written[written.length - 1] !== this) {
      written.pop();
      sources.pop();
    }
    if (sources.includes(value)) return '[Circular]';
    if (sources.length >= MAX_DEPTH) return '[Too deep]';
    const bytes = bytesOf(this, key, value);
    if (bytes !== undefined) return `[${bytes.byteLength} bytes]`;
    if (value instanceof Error) return describe(value);
    const list = value instanceof Map || value instanceof Set ? [...value] : value;
    const readable = Array.isArray(list) && list.length > left ? list.slice(0, left) : list;
    sources.push(value);
    written.push(readable);
    return readable;
  };
}

function isJson(value: unknown): boolean {
  return typeof value !== 'bigint' && typeof value !== 'function' && typeof value !== 'symbol';
}

/** The byte array at `key`; JSON.stringify has replaced a Buffer by the list of its bytes already. */
function bytesOf(holder: unknown, key: string, value: object): ArrayBufferView | undefined {
  if (ArrayBuffer.isView(value)) return value;
  if ((value as { type?: unknown }).type !== 'Buffer') return undefined;
  const given = (holder as Record<string, unknown>)[key];
  return ArrayBuffer.isView(given) ? given : undefined;
}
