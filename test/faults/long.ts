/** @module What the long rows have in common: they run on demand, one side after the other, and fail nobody else. */

import { keepSide } from './both-sides.ts';
import type { Figures } from './row.ts';

export const SDKS = ['spandrel', 'upstream'] as const;

export type SdkName = (typeof SDKS)[number];

export const MEBIBYTE = 1_048_576;

/** The default of `arenaBytes`, in bytes. */
export const CAP = 64 * MEBIBYTE;

/** Whether they run: `SPANDREL_LONG=1`. */
export const LONG = process.env.SPANDREL_LONG === '1';
if (!LONG) console.warn('skipped: rows that take minutes; npm run test:long runs them');

/** How the tests begin whose row is named otherwise. */
const TITLES: Readonly<Record<string, string>> = { 'long-outage': 'outage', 'black-hole': 'black hole' };

/** Keeps what one side did under the command that repeats it, and prints it. */
export function report(id: string, sdk: SdkName, figures: Figures): void {
  const title = TITLES[id] ?? id;
  console.log(`${id}, ${sdk}:`, figures);
  keepSide(id, `SPANDREL_FIGURES=write npm run test:long -- -t '${title}'`, sdk, figures);
}
