/** Staged text: where one string ends and the next begins. */
import { CELL_FIRST, LAST_STAGED } from './cells.ts';
import { CELL_BYTES } from './layout.ts';
import { get8, get32, set32 } from './mem.ts';

/**
 * Replaces UTF-16 lengths by byte lengths in the staged cells of [cell, cellsEnd), counting over the UTF-8 that
 * starts at `text`: a sequence of 4 bytes is two units, every shorter one is one unit. A lone surrogate was
 * encoded as U+FFFD, three bytes, and is one unit in both.
 */
export function recoverText(cell: i32, cellsEnd: i32, text: i32): void {
  let at: i32 = text;
  for (let next: i32 = cell; next < cellsEnd; next += CELL_BYTES) {
    if (get32(next) > LAST_STAGED) continue;
    const first: i32 = at;
    let units: i32 = get32(next + CELL_FIRST);
    while (units > 0) {
      const lead: i32 = get8(at);
      if (lead < 0x80) {
        at += 1;
        units -= 1;
      } else if (lead < 0xe0) {
        at += 2;
        units -= 1;
      } else if (lead < 0xf0) {
        at += 3;
        units -= 1;
      } else {
        at += 4;
        units -= 2;
      }
    }
    set32(next + CELL_FIRST, at - first);
  }
}
