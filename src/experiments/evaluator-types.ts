/** What an evaluator gets and may give. */
import type { Span } from '@opentelemetry/api';
import type { DataRow } from './result.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows come from files; evaluators of any library say what they take
type FromRow = any;

/** One argument, under the names that evaluators of other libraries ask for as well. */
export interface EvaluatorArguments<Output = unknown> {
  readonly id: string;
  readonly inputs: FromRow;
  /** As `inputs`. */
  readonly input: FromRow;
  readonly output: Output;
  readonly expected: FromRow;
  readonly metadata: Record<string, unknown>;
  readonly row: DataRow;
  /** Aborted when the time is up or the run is stopped. */
  readonly signal: AbortSignal;
  /** The span of this evaluator. */
  readonly span: Span;
}

/**
 * Judges one output. May give a finite number, a boolean, text (a label), an object of `score` or `value`, `label`,
 * `explanation`, `passed`, `name` and `metadata`, an array of such, or a record of scores by name. `null` says that there
 * is nothing to judge. What it throws is kept as the error of its score, and harms no other.
 */
export type Evaluator<Output = FromRow> = (given: EvaluatorArguments<Output>) => unknown;

export type Evaluators<Output = FromRow> =
  | readonly Evaluator<Output>[]
  | Readonly<Record<string, Evaluator<Output>>>;
