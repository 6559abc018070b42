/** The size of span objects, as far as a queue needs to know it. */
import type { ReadableSpan } from './types.ts';

/** What an object holds beside its text. */
const OBJECT_BYTES = 512;

/** About what a span holds: its strings, two bytes a unit. */
export function estimateBytes(span: ReadableSpan): number {
  let units = 0;
  try {
    const { attributes } = span;
    for (const key in attributes) {
      const value = attributes[key];
      units += key.length + (typeof value === 'string' ? value.length : 8);
    }
  } catch {
    // Reading it for the wire will say what is wrong.
  }
  return OBJECT_BYTES + 2 * units;
}
