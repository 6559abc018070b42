/** Runs an experiment: a task over a data set, judged, with its numbers. */
import type { EvaluateOptions } from './options.ts';
import type { ExperimentResult, ItemResult } from './result.ts';
import { Run } from './run.ts';
import { settingsOf } from './settings.ts';
import type { Storage } from './storage.ts';

/** A run under way: a promise of its result, and its rows as they finish, those of a resumed run first. */
export type RunningExperiment = Promise<ExperimentResult> & AsyncIterable<ItemResult>;

/**
 * Runs `task` over `data`, as many rows at once as `concurrency` says: each free slot takes the next row. Every row that
 * is done is written to a file at once, so that a run that is stopped or killed goes on with `resume`. A task or an
 * evaluator that fails is a part of its row, and ends nothing. Each item is a trace where `init` has run; the spans are
 * flushed once, at the end.
 *
 * Iterating reads rows from the file, at the speed of the reader: a slow reader slows nothing down.
 *
 * @throws TypeError, by the promise, when an option is not usable; an error when the data set or the file of the run to
 * resume cannot be read. Rows that were done by then are kept.
 */
export function evaluate<Given, Output>(options: EvaluateOptions<Given, Output>): RunningExperiment {
  let opened: (storage: Storage) => void = () => {};
  const storage = new Promise<Storage>((resolve) => {
    opened = resolve;
  });
  let current: Storage | undefined;
  const start = async (): Promise<ExperimentResult> => {
    const run = new Run(options as EvaluateOptions<never>, settingsOf(options as EvaluateOptions<never>));
    return run.complete((made) => {
      current = made;
      opened(made);
    });
  };
  const result = start();
  const closing = result.then(
    () => current?.log.close(),
    (fault) => current?.log.close(fault),
  );
  async function* rows(): AsyncGenerator<ItemResult, void> {
    // A run that fails before there is a log has no rows: its error is the iterator's.
    const made = await Promise.race([storage, closing.then(() => current)]);
    if (made === undefined) await result;
    else yield* made.log.follow();
  }
  return Object.assign(result, {
    [Symbol.asyncIterator]: () => {
      // Whoever iterates gets the error there; without a handler it would end the program as well.
      result.catch(() => {});
      return rows();
    },
  });
}
