/**
 * Memory primitives over linear memory: the WebAssembly half of the pair described in `mem.ts`.
 */

// @ts-expect-error: decorator
@inline
export function get32(address: i32): i32 {
  return load<i32>(address);
}

// @ts-expect-error: decorator
@inline
export function set32(address: i32, value: i32): void {
  store<i32>(address, value);
}

// @ts-expect-error: decorator
@inline
export function get8(address: i32): i32 {
  return load<u8>(address);
}

// @ts-expect-error: decorator
@inline
export function set8(address: i32, value: i32): void {
  store<u8>(address, value);
}

// @ts-expect-error: decorator
@inline
export function put32(address: i32, value: i32): void {
  store<i32>(address, value);
}

// @ts-expect-error: decorator
@inline
export function copy8(target: i32, source: i32): void {
  store<i64>(target, load<i64>(source));
}

// @ts-expect-error: decorator
@inline
export function copyBytes(target: i32, source: i32, length: i32): void {
  memory.copy(target, source, length);
}

// @ts-expect-error: decorator
@inline
export function shiftRight(value: i32, count: i32): i32 {
  return value >>> count;
}

// @ts-expect-error: decorator
@inline
export function multiply(left: i32, right: i32): i32 {
  return left * right;
}

// @ts-expect-error: decorator
@inline
export function countLeadingZeros(value: i32): i32 {
  return clz<i32>(value);
}

// @ts-expect-error: decorator
@inline
export function countTrailingZeros(value: i32): i32 {
  return ctz<i32>(value);
}
