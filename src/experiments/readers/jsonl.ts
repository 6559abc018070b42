/** Rows of a JSON Lines file: one value a line; empty lines are passed over. */
import { linesOf } from '../file-lines.ts';
import { BadRow } from '../items.ts';

/** A line that is no JSON is a bad row, with its number; the rest go on. */
export async function* readJsonLines(path: string | URL, name: string): AsyncGenerator<unknown, void> {
  let line = 0;
  for await (const { text } of linesOf(path)) {
    line += 1;
    const trimmed = (line === 1 ? text.replace(/^\uFEFF/, '') : text).trim();
    if (trimmed !== '') yield parseRow(trimmed, `${name}, line ${line}`);
  }
}

function parseRow(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new BadRow(`${place}: expected one JSON value, got ${(error as Error).message}`);
  }
}
