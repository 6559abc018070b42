/** `evaluate` and `evaluator` as the `honeyhive` package has them: positional arguments, `dataset`, `maxWorkers`. */
import { describe } from '../api/attributes.ts';
import { warnOnce } from '../diagnostics.ts';
import { evaluate as run } from './evaluate.ts';
import { evaluator as withSettings } from './evaluator.ts';
import type { DataRow, ExperimentResult, ItemResult } from './result.ts';

/** Gets the output, the inputs, and what was expected. */
export type HoneyHiveEvaluator = (outputs: never, inputs: never, groundTruth: never) => unknown;

/** Members are those of the `honeyhive` package. */
export interface EvaluateParams {
  /** Called for each row with its inputs, and what is expected of it. */
  function: (inputs: never, groundTruth: never) => unknown;
  /** `{ inputs, ground_truths }`, or inputs alone, a row. */
  dataset: readonly Record<string, unknown>[];
  evaluators?: readonly HoneyHiveEvaluator[];
  /** Default: the name of the function. */
  name?: string;
  /** Kept with the run. */
  suite?: string;
  /** Rows under way at once. Default 10. */
  maxWorkers?: number;
  /** `false`: one row after the other. Default `true`. */
  runConcurrently?: boolean;
  metadata?: Record<string, unknown>;
  /** Not there: the data sets of the server. Pass `dataset`. */
  datasetId?: string;
  /** Accepted and without effect, as are those that follow: rows are traced by the tracer that runs. */
  apiKey?: string;
  project?: string;
  serverUrl?: string;
  verbose?: boolean;
  disableHttpTracing?: boolean;
  instrumentModules?: Record<string, unknown>;
}

export interface EvaluationResult {
  runId: string;
  suite: string | undefined;
  status: 'completed' | 'failed';
  stats: { duration_s: number };
  /** A list each, in the order of the data set. */
  data: { input: unknown[]; output: unknown[]; metrics: Record<string, unknown>[] };
  /** All that `evaluate` of `spandrel/experiments` gives. */
  experiment: ExperimentResult;
}

/**
 * Runs a function over a data set, as `evaluate` of `spandrel/experiments` does, which has more to set. Rows are kept in
 * `.spandrel/experiments/`; no run is made on the server.
 *
 * @throws TypeError, by the promise, when a parameter is not usable.
 */
export async function evaluate(params: EvaluateParams): Promise<EvaluationResult> {
  const { function: task, dataset, evaluators = [], maxWorkers = 10, runConcurrently = true, suite } = params;
  if (typeof task !== 'function')
    throw new TypeError(`function: expected a function, got ${describe(task)}.`);
  if (params.datasetId !== undefined || !Array.isArray(dataset))
    throw new TypeError(
      `dataset: expected an array of rows, got ${describe(dataset)}. Those of a datasetId are not loaded: pass them.`,
    );
  const experiment = await run({
    name: params.name ?? (task.name || 'evaluation'),
    task: ({ inputs, expected }) => task(inputs as never, expected as never),
    data: dataset.map(toRow),
    evaluators: evaluators.map((evaluate) =>
      Object.defineProperty(
        ({ output, inputs, expected }: { output: unknown; inputs: unknown; expected?: unknown }) =>
          evaluate(output as never, inputs as never, expected as never),
        'name',
        { value: evaluate.name },
      ),
    ),
    concurrency: runConcurrently ? maxWorkers : 1,
    metadata: suite === undefined ? params.metadata : { suite, ...params.metadata },
    print: params.verbose === true,
    progress: params.verbose === true ? 'auto' : 'none',
  });
  return resultOf(experiment, suite);
}

function toRow(given: Record<string, unknown>): DataRow {
  const { inputs, ground_truths: many, ground_truth: one, id } = given ?? {};
  if (inputs === undefined) return { inputs: given };
  return { inputs, expected: many ?? one, id: id as DataRow['id'] };
}

async function resultOf(experiment: ExperimentResult, suite: string | undefined): Promise<EvaluationResult> {
  const items: ItemResult[] = [];
  for await (const item of experiment.items()) items.push(item);
  items.sort((a, b) => a.index - b.index);
  const { runId, durationMs, counts } = experiment;
  return {
    runId,
    suite,
    status: counts.total > 0 && counts.ok === 0 ? 'failed' : 'completed',
    stats: { duration_s: durationMs / 1_000 },
    data: {
      input: items.map(({ row }) => row.inputs),
      output: items.map(({ output }) => output ?? null),
      metrics: items.map(({ scores }) => Object.fromEntries(scores.map(({ name, value }) => [name, value]))),
    },
    experiment,
  };
}

/** Settings of the `honeyhive` package. Those that it took as text have to be functions here. */
type Settings = NonNullable<Parameters<typeof withSettings>[1]>;

/** As `evaluator` of `spandrel/experiments`. */
export function evaluator<Given extends unknown[], Value>(
  fn: (...given: Given) => Value | PromiseLike<Value>,
  settings: { [Name in keyof Settings]?: Settings[Name] | string } = {},
): (...given: Given) => Promise<Record<string, unknown>> {
  const usable: Record<string, unknown> = { ...settings };
  for (const name of ['transform', 'aggregate', 'checker'] as const) {
    const value: unknown = usable[name];
    if (value === undefined || typeof value === 'function') continue;
    delete usable[name];
    // The original takes text, and does nothing with it.
    if (value !== '')
      warnOnce(
        `evaluator-${name}`,
        `evaluator: ${name}: expected a function, got ${describe(value)}; it is left out.`,
      );
  }
  if (usable.target === '') delete usable.target;
  return withSettings(fn, usable);
}
