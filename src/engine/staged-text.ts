/**
 * The short strings of a span, encoded at once. Their cells hold lengths in UTF-16 units; what the encoder needs is
 * bytes.
 */
import { LAST_STAGED } from '../../assembly/cells.ts';
import { CELLS } from '../../assembly/layout.ts';
import type { Engine } from './engine.ts';
import { encodeInto, hasSurrogateEdge } from './strings.ts';

const FIRST_CELL = CELLS >> 2;

/**
 * Encodes `text`, the concatenated strings of the first `cellCount` cells, to `target`, a view of string staging that
 * is large enough, and puts byte lengths into their cells. Returns the address after it.
 */
export function encodeStagedText(
  engine: Engine,
  text: string,
  target: Uint8Array,
  cellCount: number,
): number {
  const address = target.byteOffset;
  const { written } = encodeInto(text, target);
  // Every UTF-16 unit makes at least one byte: equal counts mean that all of it was ASCII.
  if (written === text.length) return address + written;
  if (hasDangerousEdge(engine.words, text, cellCount))
    return encodeOneByOne(engine, text, address, cellCount);
  engine.core.recoverText(cellCount, address);
  return address + written;
}

/** A lone high surrogate at the end of one string and a low one at the start of the next became one character. */
function hasDangerousEdge(words: Int32Array, text: string, cellCount: number): boolean {
  let start = 0;
  for (let cell = FIRST_CELL; cell < FIRST_CELL + cellCount * 4; cell += 4) {
    if (words[cell] > LAST_STAGED) continue;
    const end = start + words[cell + 2];
    if (end > start && hasSurrogateEdge(text, start, end)) return true;
    start = end;
  }
  return false;
}

/** Encoded alone, each half of a surrogate pair becomes U+FFFD. */
function encodeOneByOne(engine: Engine, text: string, address: number, cellCount: number): number {
  const { words } = engine;
  let start = 0;
  let next = address;
  for (let cell = FIRST_CELL; cell < FIRST_CELL + cellCount * 4; cell += 4) {
    if (words[cell] > LAST_STAGED) continue;
    const end = start + words[cell + 2];
    const { written } = encodeInto(text.slice(start, end), engine.bytes.subarray(next));
    words[cell + 2] = written;
    next += written;
    start = end;
  }
  return next;
}
