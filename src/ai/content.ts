/** Inputs and outputs as attribute text: a string as it is, everything else as JSON that never throws. */
import { describe } from '../api/attributes.ts';

/** Deeper members are left out of captured JSON. */
const MAX_DEPTH = 64;

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

/** Replaces what JSON has no form for: bigints, functions, symbols, cycles, byte arrays and depth without end. */
function jsonReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  const path: unknown[] = [];
  return function (this: unknown, _key: string, value: unknown): unknown {
    while (path.length > 0 && path[path.length - 1] !== this) path.pop();
    switch (typeof value) {
      case 'bigint':
      case 'function':
      case 'symbol':
        return describe(value);
      case 'object':
        break;
      default:
        return value;
    }
    if (value === null) return null;
    if (path.includes(value)) return '[Circular]';
    if (path.length >= MAX_DEPTH) return '[Too deep]';
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    const readable = value instanceof Map ? [...value] : value instanceof Set ? [...value] : value;
    path.push(readable);
    return readable instanceof Error ? describe(readable) : readable;
  };
}
