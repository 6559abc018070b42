/** @module Figures of a row: of us, and of opentelemetry-js in the same run, which is made only to write them. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Figures, Measurement } from './row.ts';
import { type FaultResult, type RunOptions, runFault } from './run-fault.ts';

/** With time for a run of opentelemetry-js, whose flush alone takes up to 30 s. */
export const TIME = { timeout: WRITES_FIGURES ? 300_000 : 60_000 };

/** Runs with this SDK; with `SPANDREL_FIGURES=write` with upstream too, and keeps what `read` takes from both. */
export async function measure(
  id: string,
  file: string,
  options: RunOptions,
  read: (result: FaultResult) => Figures,
): Promise<FaultResult> {
  const ours = await runFault(options);
  if (WRITES_FIGURES) {
    // At once: what a row notes beside its run is that of the last one.
    const figures = read(ours);
    const theirs = await runFault({ ...options, sdk: 'upstream', deadlineMillis: 200_000 });
    keepFigures(id, command(file), figures, read(theirs));
  }
  return ours;
}

/** What a reader runs to get the figures of a test file again. */
export const command = (file: string): string => `SPANDREL_FIGURES=write npx vitest run test/faults/${file}`;

/** What most rows say. */
export const delivery = ({ sent, received, duplicates }: FaultResult): Figures => ({
  'spans sent': sent,
  'spans lost': sent - received,
  ...(duplicates > 0 && { duplicates }),
});

/** Keeps the figures of one side beside those that the other has: long runs are made one by one. */
export function keepSide(id: string, named: string, sdk: 'spandrel' | 'upstream', figures: Figures): void {
  const file = fileURLToPath(new URL(`figures/${id}.json`, import.meta.url));
  const kept: Partial<Measurement> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const { spandrel = {}, upstream }: Partial<Measurement> = { ...kept, [sdk]: figures };
  keepFigures(id, named, spandrel, upstream);
}
