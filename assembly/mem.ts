/**
 * Memory primitives over an ArrayBuffer: the TypeScript half of the pair. `mem.wasm.ts` holds the same
 * functions over linear memory and takes this file's place when asc compiles the core.
 *
 * The bundler wraps the whole core in a factory over one `buffer`, so every engine has views of its own.
 */
declare const buffer: ArrayBuffer;

const bytes = new Uint8Array(buffer);
const words = new Int32Array(buffer);
const view = new DataView(buffer);

/** Aligned 32-bit load. */
export function get32(address: i32): i32 {
  return words[address >> 2];
}

/** Aligned 32-bit store. */
export function set32(address: i32, value: i32): void {
  words[address >> 2] = value;
}

export function get8(address: i32): i32 {
  return bytes[address];
}

export function set8(address: i32, value: i32): void {
  bytes[address] = value;
}

/** Unaligned little-endian 32-bit store. */
export function put32(address: i32, value: i32): void {
  view.setInt32(address, value, true);
}

/** Unaligned copy of 8 bytes; both words are read before the first is written. */
export function copy8(target: i32, source: i32): void {
  const low = view.getInt32(source, true);
  const high = view.getInt32(source + 4, true);
  view.setInt32(target, low, true);
  view.setInt32(target + 4, high, true);
}

/** Copy of any length; the ranges may overlap. */
export function copyBytes(target: i32, source: i32, length: i32): void {
  bytes.copyWithin(target, source, source + length);
}

/** Logical shift right: a plain `>>>` is unsigned in TypeScript and signed in AssemblyScript. */
export function shiftRight(value: i32, count: i32): i32 {
  return (value >>> count) | 0;
}

export function multiply(left: i32, right: i32): i32 {
  return Math.imul(left, right);
}

export function countLeadingZeros(value: i32): i32 {
  return Math.clz32(value);
}

/** Index of the lowest set bit; `value` is not 0. */
export function countTrailingZeros(value: i32): i32 {
  return 31 - Math.clz32(value & -value);
}
