/**
 * Trace and span ids as signed 32-bit lanes: the bytes of an id in memory order. Lanes are small integers, so a
 * live span holds its ids without a string, an array or a heap number; hex is made when someone asks.
 * W3C Trace Context, §3.2.2.3 and §3.2.2.4.
 */

/** Creates ids: lowercase hex, 32 digits for a trace and 16 for a span. */
export interface IdGenerator {
  generateTraceId(): string;
  generateSpanId(): string;
}

const POOL_WORDS = 2048;
const pool = new Int32Array(POOL_WORDS);
let next = POOL_WORDS;

function refill(): void {
  globalThis.crypto.getRandomValues(pool);
  next = 0;
}

/** One random lane out of a pool that is filled 8 KiB at a time. */
export function randomLane(): number {
  if (next === POOL_WORDS) refill();
  const lane = pool[next];
  next += 1;
  return lane;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The eight hex digits of a lane. */
export function laneToHex(lane: number): string {
  return HEX[lane & 255] + HEX[(lane >>> 8) & 255] + HEX[(lane >>> 16) & 255] + HEX[lane >>> 24];
}

/** The lane that `laneToHex` writes as the eight hex digits from `start`. */
export function hexToLane(hex: string, start: number): number {
  const value = Number.parseInt(hex.slice(start, start + 8), 16);
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** Random ids from the host's cryptographic generator; never all zero. */
export class RandomIdGenerator implements IdGenerator {
  generateTraceId = (): string => {
    const last = randomLane() || 1;
    return laneToHex(randomLane()) + laneToHex(randomLane()) + laneToHex(randomLane()) + laneToHex(last);
  };

  generateSpanId = (): string => laneToHex(randomLane()) + laneToHex(randomLane() || 1);
}
