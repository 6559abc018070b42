/**
 * Protobuf written from high addresses to low: each function takes the address after the last free byte and
 * returns the address of the first byte it wrote. A length is known when its turn comes, so every varint is
 * minimal and nothing moves.
 */
import { copy8, copyBytes, countLeadingZeros, put32, set8, shiftRight } from './mem.ts';

/** From this length on one bulk copy beats 8-byte words: `memory.copy` costs 5 to 15 ns a call in V8. */
const BULK_BYTES: i32 = 192;

/** Unsigned 32-bit varint. */
export function varint(position: i32, value: i32): i32 {
  if ((value & -128) === 0) {
    set8(position - 1, value);
    return position - 1;
  }
  const bits: i32 = 32 - countLeadingZeros(value);
  // ceil(bits / 7) for 1 to 32 bits, without a division.
  const first: i32 = position - (((bits << 3) + bits + 64) >> 6);
  let rest: i32 = value;
  let at: i32 = first;
  while ((rest & -128) !== 0) {
    set8(at, (rest & 127) | 128);
    rest = shiftRight(rest, 7);
    at += 1;
  }
  set8(at, rest);
  return first;
}

/** 64-bit varint from two halves. */
export function varint64(position: i32, low: i32, high: i32): i32 {
  if (high === 0) return varint(position, low);
  const bits: i32 = 64 - countLeadingZeros(high);
  // ceil(bits / 7) for 33 to 64 bits.
  const first: i32 = position - (((bits << 3) + bits + 64) >> 6);
  let restLow: i32 = low;
  let restHigh: i32 = high;
  let at: i32 = first;
  while (at < position - 1) {
    set8(at, (restLow & 127) | 128);
    restLow = shiftRight(restLow, 7) | (restHigh << 25);
    restHigh = shiftRight(restHigh, 7);
    at += 1;
  }
  set8(at, restLow);
  return first;
}

/** Tag of one or, little-endian, two bytes. */
export function tag(position: i32, value: i32): i32 {
  if (value < 256) {
    set8(position - 1, value);
    return position - 1;
  }
  set8(position - 1, value >> 8);
  set8(position - 2, value & 255);
  return position - 2;
}

/** Length and tag before the content that lies in [position, end). */
export function enclose(position: i32, end: i32, tagValue: i32): i32 {
  return tag(varint(position, end - position), tagValue);
}

/** Tag and 4 bytes. */
export function fixed32(position: i32, tagValue: i32, value: i32): i32 {
  put32(position - 4, value);
  return tag(position - 4, tagValue);
}

/** Tag and the 8 bytes that lie at `source`. */
export function fixed64(position: i32, tagValue: i32, source: i32): i32 {
  copy8(position - 8, source);
  return tag(position - 8, tagValue);
}

/** The `length` bytes that lie before `sourceEnd`. May overrun up to 7 bytes below the result. */
export function copyBackwards(position: i32, sourceEnd: i32, length: i32): i32 {
  const first: i32 = position - length;
  if (length >= BULK_BYTES) {
    copyBytes(first, sourceEnd - length, length);
    return first;
  }
  let target: i32 = position;
  let source: i32 = sourceEnd;
  while (target > first) {
    target -= 8;
    source -= 8;
    copy8(target, source);
  }
  return first;
}
