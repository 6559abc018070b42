/**
 * Trace and span ids as signed 32-bit lanes: the bytes of an id in memory order. Lanes are small integers, so a
 * live span holds its ids without a string, an array or a heap number; hex is made when someone asks.
 * W3C Trace Context, §3.2.2.3 and §3.2.2.4.
 */
import { warnOnce } from '../diagnostics.ts';

/** Creates ids: lowercase hex, 32 digits for a trace and 16 for a span. */
export interface IdGenerator {
  /**
   * Whether the last 56 bits of every trace id are random (W3C Trace Context Level 2, "Random Trace ID Flag"): root spans
   * then carry the flag. Default false.
   */
  readonly hasRandomTraceIds?: boolean;
  generateTraceId(): string;
  generateSpanId(): string;
}

const POOL_WORDS = 2048;
const pool = new Int32Array(POOL_WORDS);
let next = POOL_WORDS;

/** The part of Node's process that is asked here; other hosts have none of it. */
interface SnapshotHost {
  readonly execArgv?: readonly string[];
  getBuiltinModule?(name: 'node:v8'): { startupSnapshot?: { isBuildingSnapshot(): unknown } } | undefined;
}

/**
 * Fills the pool: each thread has a module, and so a pool, of its own. While a start-up snapshot is built it gives a
 * single lane: the module's memory is written to the snapshot, and every process that starts from it would go on with
 * the same lanes.
 */
function refill(): void {
  try {
    globalThis.crypto.getRandomValues(pool);
  } catch {
    warnOnce(
      'no-crypto',
      'the host has no crypto.getRandomValues; ids come from Math.random, which is weaker. Do not turn it off.',
    );
    for (let word = 0; word < POOL_WORDS; word += 1) pool[word] = Math.random() * 2 ** 32;
  }
  next = isBuildingSnapshot() ? POOL_WORDS - 1 : 0;
}

/** `--build-snapshot`, `--experimental-sea-config`, `--build-sea`: no snapshot is built without one of them. */
const BUILDS_SNAPSHOT = /^--(?:.*-)?(?:snapshot|sea)\b/;

function isBuildingSnapshot(): boolean {
  const host = (globalThis as { process?: SnapshotHost }).process;
  // First: loading node:v8 takes 1.7 ms and 1 MiB of a start.
  if (!host?.execArgv?.some((flag) => BUILDS_SNAPSHOT.test(flag))) return false;
  // Node answers 1, not `true`.
  return Boolean(host.getBuiltinModule?.('node:v8')?.startupSnapshot?.isBuildingSnapshot());
}

/** One random lane out of a pool that is filled 8 KiB at a time. */
export function randomLane(): number {
  if (next === POOL_WORDS) refill();
  const lane = pool[next];
  next += 1;
  return lane;
}

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** The code of the digit for four bits of a lane. */
function digit(lane: number, shift: number): number {
  return DIGITS[(lane >>> shift) & 15];
}

/**
 * The 16 digits of a span id out of its lanes. Both ids are made by one call that names every digit: joined of parts
 * they cost 60 ns more, and are trees of strings, which whoever reads them first flattens for another 110.
 */
export function spanIdOf(a: number, b: number): string {
  // biome-ignore format: a lane a line
  return String.fromCharCode(
    digit(a, 4), digit(a, 0), digit(a, 12), digit(a, 8), digit(a, 20), digit(a, 16), digit(a, 28), digit(a, 24),
    digit(b, 4), digit(b, 0), digit(b, 12), digit(b, 8), digit(b, 20), digit(b, 16), digit(b, 28), digit(b, 24),
  );
}

/** The 32 digits of a trace id out of its lanes. */
export function traceIdOf(a: number, b: number, c: number, d: number): string {
  // biome-ignore format: a lane a line
  return String.fromCharCode(
    digit(a, 4), digit(a, 0), digit(a, 12), digit(a, 8), digit(a, 20), digit(a, 16), digit(a, 28), digit(a, 24),
    digit(b, 4), digit(b, 0), digit(b, 12), digit(b, 8), digit(b, 20), digit(b, 16), digit(b, 28), digit(b, 24),
    digit(c, 4), digit(c, 0), digit(c, 12), digit(c, 8), digit(c, 20), digit(c, 16), digit(c, 28), digit(c, 24),
    digit(d, 4), digit(d, 0), digit(d, 12), digit(d, 8), digit(d, 20), digit(d, 16), digit(d, 28), digit(d, 24),
  );
}

/** What a hex digit of either case counts, by its code. */
const COUNTS = new Uint8Array(128);
for (const [value, lower] of [...'0123456789abcdef'].entries()) {
  COUNTS[lower.charCodeAt(0)] = value;
  COUNTS[lower.toUpperCase().charCodeAt(0)] = value;
}

function bitsAt(hex: string, index: number): number {
  return COUNTS[hex.charCodeAt(index) & 127];
}

/** The lane of the eight hex digits from `start`; the reverse of the above. */
export function hexToLane(hex: string, start: number): number {
  return (
    (bitsAt(hex, start) << 4) |
    bitsAt(hex, start + 1) |
    (bitsAt(hex, start + 2) << 12) |
    (bitsAt(hex, start + 3) << 8) |
    (bitsAt(hex, start + 4) << 20) |
    (bitsAt(hex, start + 5) << 16) |
    (bitsAt(hex, start + 6) << 28) |
    (bitsAt(hex, start + 7) << 24)
  );
}

/** Random ids from the host's cryptographic generator, or from `Math.random` with a warning where it has none; never all zero. */
export class RandomIdGenerator implements IdGenerator {
  generateTraceId = (): string => traceIdOf(randomLane(), randomLane(), randomLane(), randomLane() || 1);

  generateSpanId = (): string => spanIdOf(randomLane(), randomLane() || 1);
}
