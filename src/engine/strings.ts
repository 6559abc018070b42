/** Text between JS and the arena. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes as much of `text` as fits into `target`, never half a code point. */
export function encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
  return encoder.encodeInto(text, target) as { read: number; written: number };
}

/**
 * A flat, internalised copy. A slice of a long prompt, kept in a table, would keep the whole prompt alive:
 * 64 such slices held 62 MB. Internalised, because comparing two internalised strings is comparing pointers.
 */
export function internString(text: string): string {
  const copy = decoder.decode(encoder.encode(text));
  return Object.keys({ [copy]: 0 })[0];
}

/** Whether text[start, end) starts or ends with half of a surrogate pair, which a neighbour could complete. */
export function hasSurrogateEdge(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start);
  const last = text.charCodeAt(end - 1);
  return (first >= 0xdc00 && first <= 0xdfff) || (last >= 0xd800 && last <= 0xdbff);
}
