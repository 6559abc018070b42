/**
 * What an experiment gives: its rows, its numbers, and what a view is told while it runs. Rows are JSON as they lie in
 * the experiment's file, so a value that JSON has no form for reads back as its text.
 */

/** Any value that JSON can carry. Given values of other kinds are written as text. */
export type JsonValue = unknown;

/** One row of the data set. */
export interface DataRow {
  /** Names the item in every report and pairs it with a baseline. Unique in a data set. Default: its place, from 0. */
  id?: string | number;
  /** What the task works on. A row that is no such object is taken as `inputs` itself. */
  inputs: unknown;
  /** What evaluators compare with. */
  expected?: unknown;
  metadata?: Record<string, unknown>;
}

/**
 * How an item ended. `error`: the task threw at its last attempt. `timeout`: an attempt took longer than `timeoutMs`.
 * `aborted`: the run was stopped while the item was under way; a resumed run does it again.
 */
export type ItemStatus = 'ok' | 'error' | 'timeout' | 'aborted';

/** What was thrown, as text. */
export interface ItemError {
  name: string;
  message: string;
  stack?: string;
}

/** One judgement of an evaluator. */
export interface Score {
  /** The name of the evaluator; `evaluator.part` where one gives several. */
  name: string;
  /** `null`: the evaluator failed, and `error` says how, or it had no number to give. */
  value: number | boolean | string | null;
  label?: string;
  explanation?: string;
  /** Whether the value is good enough, where the evaluator says so. */
  passed?: boolean;
  error?: ItemError;
  /** Time of the evaluator, in milliseconds. */
  durationMs: number;
  /** 16 hex digits; `null` when nothing was traced. */
  spanId: string | null;
  metadata?: Record<string, unknown>;
  /** How much the score counts in a mean over metrics, where the evaluator says so. */
  weight?: number;
}

/** One span of an item's trace, for a waterfall. */
export interface ItemSpan {
  spanId: string;
  parentSpanId: string | null;
  name: string;
  /** Milliseconds since the start of the item. */
  startMs: number;
  durationMs: number;
  error: boolean;
  attributes?: Record<string, unknown>;
}

/** One item of the run: a row, done once. */
export interface ItemResult {
  /** The id of the row, as text. */
  id: string;
  /** The place of the row in the data set, from 0. */
  index: number;
  /** Which of the repetitions of the row, from 0. */
  repetition: number;
  row: DataRow;
  status: ItemStatus;
  output?: unknown;
  error?: ItemError;
  scores: Score[];
  /** Time of the last attempt of the task, in milliseconds; evaluators and waiting are not in it. */
  durationMs: number;
  /** Calls of the task, the first included. 0: never called. */
  attempts: number;
  /** 32 hex digits; `null` when nothing was traced. */
  traceId: string | null;
  spanId: string | null;
  /** Taken from the cache, or from the run that was resumed. */
  cached: boolean;
  /** ISO 8601, in UTC. */
  startTime: string;
  /** What the task, and the calls traced inside it, reported by `usage` or an instrumented client; `cost` in US dollars. */
  usage?: { inputTokens: number; outputTokens: number; cost: number };
  /** The item's trace, where there is one: spans of this package that had ended with it, at most 1,000. */
  spans?: ItemSpan[];
}

/** One metric over all items that have it. */
export interface MetricSummary {
  name: string;
  /** Items with a number for it; `true` counts as 1 and `false` as 0. */
  count: number;
  /** Items whose evaluator failed. They are in no other number here. */
  errors: number;
  mean: number;
  /** Of the sample: n - 1 in the divisor. 0 for a single value. */
  standardDeviation: number;
  min: number;
  max: number;
  /** Percentiles by linear interpolation between closest ranks (Hyndman and Fan 1996, definition 7). */
  p50: number;
  p90: number;
  p95: number;
  p99: number;
}

/** One item whose value differs from the baseline's. */
export interface MovedItem {
  id: string;
  repetition: number;
  baseline: number;
  value: number;
  difference: number;
}

/** One metric against the same metric of a baseline, over the items that both have. */
export interface MetricComparison {
  name: string;
  /** Items that both have, by id and repetition. */
  pairs: number;
  baselineMean: number;
  mean: number;
  /** `mean - baselineMean`. */
  difference: number;
  /** Of the difference: a percentile bootstrap over the pairs (Efron and Tibshirani 1993, chapter 13). */
  interval: { low: number; high: number; confidence: number };
  /** Pairs that are higher than the baseline, equal, and lower; for a metric where less is better, wins are the lower. */
  wins: number;
  ties: number;
  losses: number;
  /** The pairs that moved most, farthest first; at most ten. */
  moved: MovedItem[];
}

/** One rule of `failOn` that does not hold. */
export interface GateFailure {
  metric: string;
  /** E.g. `min 0.8`. */
  rule: string;
  /** What was expected and what came, in one line. */
  message: string;
}

/** What a run gave. */
export interface ExperimentResult {
  name: string;
  /** Names the run in `resume` and `baseline`. */
  runId: string;
  /** ISO 8601, in UTC. */
  startTime: string;
  durationMs: number;
  counts: { total: number; ok: number; error: number; timeout: number; aborted: number; cached: number };
  /** Each evaluator's scores, then `duration_ms`, then tokens and cost where they were reported. */
  metrics: MetricSummary[];
  /** Of `runEvaluators`. */
  runScores: Score[];
  baseline?: { name: string; runId: string; metrics: MetricComparison[] };
  /** There when `failOn` was given. */
  gate?: { passed: boolean; failures: GateFailure[] };
  metadata?: Record<string, unknown>;
  /** The append-only file of the rows; `null` where there is none. */
  file: string | null;
  /** Whether the run was stopped before all rows were done. */
  interrupted?: boolean;
  /** Rows that could not be written to the file, and are in memory alone. 0 but for a fault, which is said. */
  unwritten?: number;
  /** Rows from the file (or memory when there is none), in order of completion. */
  items(): AsyncIterable<ItemResult>;
}

/** What the runner tells a view while it runs. */
export interface ProgressEvent {
  /** Items that have ended, those of a resumed run and of the cache included. */
  done: number;
  /** `null` while the end of the data set has not been seen. */
  total: number | null;
  /** Items under way. */
  running: number;
  /** Items that may be under way at once. */
  concurrency: number;
  /** Items that ended other than `ok`. */
  errors: number;
  cached: number;
  /** US dollars so far, as reported. */
  cost: number;
  elapsedMs: number;
  /** The item that has just ended. */
  item?: ItemResult;
}

/** Shows a run. Both methods are called by the runner alone, and what they throw is said once and goes no further. */
export interface ProgressView {
  update(event: ProgressEvent): void;
  /** @param result - `null` when the run itself failed. */
  end(result: ExperimentResult | null): void;
}
