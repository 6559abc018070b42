/** What `evaluate` can be told. */
import type { Span } from '@opentelemetry/api';
import type { DataSource } from './data.ts';
import type { Evaluators } from './evaluator-types.ts';
import type { FailOn } from './gate.ts';
import type { DataRow, ExperimentResult, ProgressEvent } from './result.ts';

/** What a task gets for a value of the data set. */
export type RowOf<Given> = Given extends { inputs: infer Inputs }
  ? Omit<DataRow, 'inputs' | 'id'> & Omit<Given, 'inputs'> & { inputs: Inputs; id: string; index: number }
  : Omit<DataRow, 'inputs' | 'id'> & { inputs: InputsOf<Given>; id: string; index: number };

/** Of an object without `inputs`, what is not lifted out of it. */
type InputsOf<Given> = Given extends readonly unknown[]
  ? Given
  : Given extends object
    ? Omit<Given, 'id' | 'expected' | 'metadata'>
    : Given;

/** What a call of the task may use. */
export interface TaskContext {
  /** Aborted when the time is up or the run is stopped; hand it to the model client. */
  readonly signal: AbortSignal;
  /** The span of this call. It records nothing where nothing is traced. */
  readonly span: Span;
  /** 1 for the first call, one more for each that followed an error. */
  readonly attempt: number;
  readonly repetition: number;
}

export type Task<Given = unknown, Output = unknown> = (
  row: RowOf<Given>,
  context: TaskContext,
) => Output | PromiseLike<Output>;

/** Judges the whole run when its rows are done. */
export type RunEvaluator = (run: RunEvaluatorArguments) => unknown;

export interface RunEvaluatorArguments {
  /** The numbers so far, `runScores` apart. */
  readonly result: ExperimentResult;
  /** The rows, in order of completion, read from the file. */
  items(): ReturnType<ExperimentResult['items']>;
}

/** `auto` shows a bar on a terminal and lines elsewhere; a function gets the numbers and shows nothing. */
export type Progress = 'auto' | 'bar' | 'line' | 'none' | ((event: ProgressEvent) => void);

export interface EvaluateOptions<Given = unknown, Output = unknown> {
  /** What is evaluated: called once for each row and repetition. */
  task: Task<Given, Output>;
  /** Rows. A row without `inputs` is the input itself, but for its `id`, `expected` and `metadata`. */
  data: DataSource<Given>;
  /** Judge each output, all at once. A record gives them names. Default: none. */
  evaluators?: Evaluators<Output>;
  /** Judge the run. Default: none. */
  runEvaluators?: readonly RunEvaluator[] | Readonly<Record<string, RunEvaluator>>;
  /** Default: the name of the task, else `experiment`. */
  name?: string;
  /**
   * Items under way at once: a number from 1, or `auto`, which grows while answers stay quick and without errors, and
   * halves when the model says that there are too many requests. Default 10.
   */
  concurrency?: number | 'auto';
  /**
   * Longest time of one call of the task, and of one evaluator, in milliseconds. The signal is aborted then; a task that
   * goes on all the same is no longer waited for. Default: none.
   */
  timeoutMs?: number;
  /**
   * Times a call is made again after an error that may pass: HTTP status 408, 409, 425, 429 or 5xx, or a connection
   * that failed. Waits 1 s at most, doubling, with full jitter; as long as `Retry-After` says for all items. Status 429
   * does not count, up to ten in a row. Default 2.
   */
  retries?: number;
  /** Whether an error may pass. Default: as under `retries`. */
  retryable?: (error: unknown) => boolean;
  /** Times each row is done. Default 1. */
  repetitions?: number;
  /** Stops the run; what is done is kept. So does SIGINT, once; a second one ends the program. */
  signal?: AbortSignal;
  /**
   * Goes on with a run that was stopped, killed or lost: `true` for the last one of this name, unless it is complete, its run id, or the path
   * of its file. Rows that it holds are not done again. Default: a new run.
   */
  resume?: boolean | string;
  /**
   * Keeps each output under its inputs, `version` and `config`; where all are unchanged, the task is not called. The
   * evaluators are. Default `false`.
   */
  cache?: boolean;
  /** Version of the task, for the cache. Default: its source text, which does not change with what it calls. */
  version?: string;
  /** What the task depends on beside its inputs, such as a prompt or the name of a model; for the cache. */
  config?: unknown;
  /** Another run to compare with, over the rows that both have: a result, its run id or the path of its file. */
  baseline?: ExperimentResult | string;
  /** Metrics of which less is better, for wins, losses and regressions. Those of time, tokens and cost are known. */
  lowerIsBetter?: readonly string[];
  /** What has to hold, or `process.exitCode` becomes 1. Default: nothing. */
  failOn?: FailOn;
  /** Seed of the intervals. Default 0: the same rows give the same numbers. */
  seed?: number;
  /** Default `auto`. */
  progress?: Progress;
  /** Whether the table is printed at the end. Default `true`, unless `progress` is `none`. */
  print?: boolean;
  /** Kept with the run. */
  metadata?: Record<string, unknown>;
  /** Where runs are kept; `null` keeps rows in memory alone. Default `.spandrel/experiments`. */
  directory?: string | null;
}
