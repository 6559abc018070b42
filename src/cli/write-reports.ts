/** The files that the command line asks for, from the experiments that have run. */
import { parse } from 'node:path';
import { writeJUnit } from '../experiments/views/write-junit.ts';
import { type ExperimentRows, writeReport } from '../experiments/views/write-report.ts';
import { writeStepSummary } from '../experiments/views/write-step-summary.ts';
import { ownExperiments } from './own-entries.ts';
import type { EvalOptions } from './parse-eval.ts';
import type { Finished } from './session.ts';

/** Calls `said` with each file that was written. @throws Error that names the file that could not be written. */
export async function writeReports(
  finished: readonly Finished[],
  { report, junit }: EvalOptions,
  said: (path: string) => void,
): Promise<void> {
  const names = finished.map(({ result }) => result.name);
  for (const [place, one] of finished.entries()) {
    const { result } = one;
    if (report !== undefined) {
      const path = pathFor(report, names, place);
      await writeReport(result, path, { baseline: await baselineOf(one) });
      said(path);
    }
    if (junit !== undefined) {
      const path = pathFor(junit, names, place);
      await writeJUnit(result, path);
      said(path);
    }
    await writeStepSummary(result);
  }
}

/** The path itself for a single experiment; for one of several, with its name before the extension. */
export function pathFor(path: string, names: readonly string[], place: number): string {
  if (names.length === 1) return path;
  const words = names.map((name) =>
    name
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60),
  );
  const isAlone = words.filter((word) => word === words[place]).length === 1;
  const word =
    isAlone && words[place] !== '' ? words[place] : `${words[place]}-${place + 1}`.replace(/^-/, '');
  const { dir, name, ext } = parse(path);
  return `${dir === '' ? '' : `${dir}/`}${name}-${word}${ext}`;
}

async function baselineOf({ baseline, directory }: Finished): Promise<ExperimentRows | undefined> {
  if (typeof baseline !== 'string') return baseline;
  return ownExperiments().readExperiment(baseline, directory ?? undefined);
}
