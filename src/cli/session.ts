/** The experiments that files run: told what the command line says, and kept for the reports. */
import type { evaluate as Evaluate, RunningExperiment } from '../experiments/evaluate.ts';
import type { EvaluateOptions } from '../experiments/options.ts';
import type { ExperimentResult } from '../experiments/result.ts';
import type { EvalOptions } from './parse-eval.ts';

export interface Finished {
  readonly result: ExperimentResult;
  /** As it was given to `evaluate`. */
  readonly baseline: EvaluateOptions['baseline'];
  readonly directory: EvaluateOptions['directory'];
}

export class Session {
  readonly finished: Finished[] = [];
  /** What experiments failed with. */
  readonly faults: unknown[] = [];
  /** Names that `--filter` left out. */
  readonly leftOut: string[] = [];
  /** Files that rows were read from. */
  readonly dataFiles = new Set<string>();
  /** How often a file asked for an experiment, left out or not. */
  asked = 0;
  readonly #options: EvalOptions;
  readonly #evaluate: typeof Evaluate;
  readonly #running = new Set<Promise<void>>();

  constructor(options: EvalOptions, evaluate: typeof Evaluate) {
    this.#options = options;
    this.#evaluate = evaluate;
  }

  /** Takes the place of `evaluate` in the files. */
  evaluate(given: EvaluateOptions<never>): RunningExperiment {
    this.asked += 1;
    const name = String(given?.name ?? (given?.task?.name || 'experiment'));
    const { filter, concurrency, resume, failOn } = this.#options;
    if (filter !== undefined && !name.toLowerCase().includes(filter.toLowerCase())) {
      this.leftOut.push(name);
      return nothing(name);
    }
    if (typeof given?.data === 'string') this.dataFiles.add(given.data);
    const told = {
      ...given,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(resume === undefined ? {} : { resume }),
      ...(failOn === undefined ? {} : { failOn: { ...given?.failOn, ...failOn } }),
    };
    const running = this.#evaluate(told);
    const kept = running.then(
      (result) => {
        this.finished.push({ result, baseline: told.baseline, directory: told.directory });
      },
      (fault) => {
        this.faults.push(fault);
      },
    );
    this.#running.add(kept);
    return running;
  }

  /** When all experiments have ended, those included that were begun meanwhile. */
  async settled(): Promise<void> {
    for (let known = 0; known !== this.#running.size; ) {
      known = this.#running.size;
      await Promise.all(this.#running);
    }
  }
}

/** An experiment that was left out: no rows and no numbers. */
function nothing(name: string): RunningExperiment {
  async function* none() {}
  const result: ExperimentResult = {
    name,
    runId: '',
    startTime: new Date().toISOString(),
    durationMs: 0,
    counts: { total: 0, ok: 0, error: 0, timeout: 0, aborted: 0, cached: 0 },
    metrics: [],
    runScores: [],
    file: null,
    items: none,
  };
  return Object.assign(Promise.resolve(result), { [Symbol.asyncIterator]: none });
}
