/** @module `spandrel/experiments`: run a task over a data set, judge it, compare it, and go on where it stopped. */

export type { DataSource } from './experiments/data.ts';
export { evaluate, type RunningExperiment } from './experiments/evaluate.ts';
export { AssertionError, type EvaluatorSettings, evaluator } from './experiments/evaluator.ts';
export type { Evaluator, EvaluatorArguments, Evaluators } from './experiments/evaluator-types.ts';
export type { FailOn, MetricRule } from './experiments/gate.ts';
export type {
  EvaluateOptions,
  Progress,
  RowOf,
  RunEvaluator,
  RunEvaluatorArguments,
  Task,
  TaskContext,
} from './experiments/options.ts';
export { readExperiment } from './experiments/read-experiment.ts';
export type {
  DataRow,
  ExperimentResult,
  GateFailure,
  ItemError,
  ItemResult,
  ItemSpan,
  ItemStatus,
  JsonValue,
  MetricComparison,
  MetricSummary,
  MovedItem,
  ProgressEvent,
  ProgressView,
  Score,
} from './experiments/result.ts';
