/** @module Text from data in one line of a terminal, no wider than the place it has. */
import stringWidth from 'string-width';
import { toPrintable } from '../../diagnostics.ts';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Longest text that is looked at for one line, in UTF-16 units. */
const MAXIMUM_UNITS = 4_000;

/** Columns of a terminal that a text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text that may hold anything, without what a terminal would obey, cut to `width` columns; `…` stands for the rest. */
export function oneLine(text: string, width: number): string {
  const printable = toPrintable(text.slice(0, MAXIMUM_UNITS)).trim();
  return fitted(printable, width);
}

/** A printable text cut to `width` columns. */
export function fitted(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const columns = stringWidth(segment);
    if (used + columns > width - 1) break;
    cut += segment;
    used += columns;
  }
  return width < 1 ? '' : `${cut}…`;
}
