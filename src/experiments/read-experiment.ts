/** A run that was kept, as its result. */
import { resolve } from 'node:path';
import { findJournal, readJournal } from './journal.ts';
import { Metrics } from './metrics.ts';
import type { ExperimentResult, ItemResult } from './result.ts';

/**
 * Reads a run by its run id or the path of its file. Scores of the run, comparison and gate are not kept, and not there.
 *
 * @throws when there is no such file, or it is damaged, with its name and the line.
 */
export async function readExperiment(
  named: string,
  directory = '.spandrel/experiments',
): Promise<ExperimentResult> {
  const path = findJournal(resolve(directory), named, '');
  if (path === undefined)
    throw new Error(
      `expected a run id or the path of a run's file, found no ${named} in ${resolve(directory)}.`,
    );
  const metrics = new Metrics();
  for await (const item of itemsIn(path)) metrics.add(item);
  let [name, runId, startTime, durationMs] = ['', '', '', 0];
  let metadata: Record<string, unknown> | undefined;
  let interrupted = true;
  for await (const { line } of readJournal(path)) {
    if (line.kind === 'run') ({ name, runId, startTime, metadata } = line);
    interrupted = line.kind !== 'end';
    if (line.kind === 'end') durationMs = line.durationMs;
  }
  const result = { name, runId, startTime, durationMs, counts: metrics.counts, metrics: metrics.summaries() };
  return { ...result, runScores: [], metadata, file: path, interrupted, items: () => itemsIn(path) };
}

/** Rows of a file; those that were stopped and done later count once, as they were done last. */
async function* itemsIn(path: string): AsyncGenerator<ItemResult, void> {
  let resumed = 0;
  for await (const { line, end } of readJournal(path)) if (line.kind === 'resume') resumed = end;
  for await (const { line, end } of readJournal(path))
    if (line.kind === 'item' && (end > resumed || line.item.status !== 'aborted')) yield line.item;
}
