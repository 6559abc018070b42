/** Writes what a row measured, when asked: a test run changes no file by itself. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Figures, Measurement } from './row.ts';

const FOLDER = fileURLToPath(new URL('figures/', import.meta.url));

/** Kept before a test fakes it. */
const RealDate = Date;

/** Whether figures are written, and upstream is measured for them: `SPANDREL_FIGURES=write`. */
export const WRITES_FIGURES = process.env.SPANDREL_FIGURES === 'write';

/**
 * Keeps the figures of a row, or, without `SPANDREL_FIGURES=write`, nothing.
 *
 * @param command - what a reader runs to get them again.
 */
export function keepFigures(id: string, command: string, spandrel: Figures, upstream?: Figures): void {
  if (!WRITES_FIGURES) return;
  const measurement: Measurement = {
    date: `${new RealDate().toISOString().slice(0, 16)}Z`,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.versions.node,
    load: Number(loadavg()[0].toFixed(1)),
    command,
    spandrel,
    ...(upstream !== undefined && { upstream }),
  };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}${id}.json`, `${JSON.stringify(measurement, null, 2)}\n`);
}
