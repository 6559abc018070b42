/** Options, checked: a run that cannot be what was asked for does not start. */
import { describe } from '../api/attributes.ts';
import { isPassing } from './errors.ts';
import type { EvaluateOptions, Progress, RunEvaluator } from './options.ts';

const DEFAULT_DIRECTORY = '.spandrel/experiments';
const DEFAULT_CONCURRENCY = 10;
const DEFAULT_RETRIES = 2;
/** The longest that a timer takes. */
const MOST_MILLIS = 2 ** 31 - 1;

const OPTION_NAMES: Readonly<Record<keyof EvaluateOptions, true>> = {
  baseline: true,
  cache: true,
  concurrency: true,
  config: true,
  data: true,
  directory: true,
  evaluators: true,
  failOn: true,
  lowerIsBetter: true,
  metadata: true,
  name: true,
  print: true,
  progress: true,
  repetitions: true,
  resume: true,
  retries: true,
  retryable: true,
  runEvaluators: true,
  seed: true,
  signal: true,
  task: true,
  timeoutMs: true,
  version: true,
};

/** What the runner goes by. */
export interface RunSettings {
  readonly name: string;
  readonly taskName: string;
  readonly concurrency: number | 'auto';
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  readonly retryable: (error: unknown) => boolean;
  readonly repetitions: number;
  readonly seed: number;
  readonly progress: Progress;
  readonly print: boolean;
  readonly directory: string | null;
  readonly lowerIsBetter: readonly string[];
  readonly runEvaluators: readonly (readonly [string, RunEvaluator])[];
}

/** @throws TypeError that names the option, what was expected and what came. */
export function settingsOf(options: EvaluateOptions<never>): RunSettings {
  if (typeof options !== 'object' || options === null) fail('evaluate', 'an object of options', options);
  for (const name of Object.keys(options))
    if (!Object.hasOwn(OPTION_NAMES, name))
      throw new TypeError(
        `${name}: expected one of ${Object.keys(OPTION_NAMES).join(', ')}. Correct or remove it.`,
      );
  const {
    task,
    progress = 'auto',
    concurrency = DEFAULT_CONCURRENCY,
    directory = DEFAULT_DIRECTORY,
  } = options;
  if (typeof task !== 'function') fail('task', 'a function', task);
  if (directory !== null && typeof directory !== 'string') fail('directory', 'a path or null', directory);
  if (typeof progress !== 'function' && !['auto', 'bar', 'line', 'none'].includes(progress))
    fail('progress', 'auto, bar, line, none or a function', progress);
  const taskName = task.name || 'task';
  return {
    name: options.name ?? (task.name || 'experiment'),
    taskName,
    concurrency: concurrency === 'auto' ? 'auto' : wholeNumber('concurrency', concurrency, 1),
    timeoutMs:
      options.timeoutMs === undefined
        ? undefined
        : wholeNumber('timeoutMs', options.timeoutMs, 1, MOST_MILLIS),
    retries: wholeNumber('retries', options.retries ?? DEFAULT_RETRIES, 0),
    retryable: options.retryable ?? isPassing,
    repetitions: wholeNumber('repetitions', options.repetitions ?? 1, 1),
    seed: wholeNumber('seed', options.seed ?? 0, 0),
    progress,
    print: options.print ?? progress !== 'none',
    directory,
    lowerIsBetter: options.lowerIsBetter ?? [],
    runEvaluators: namedRunEvaluators(options.runEvaluators),
  };
}

function namedRunEvaluators(given: EvaluateOptions['runEvaluators']): [string, RunEvaluator][] {
  const isList = Array.isArray(given);
  return Object.entries(given ?? {}).map(([key, evaluate]): [string, RunEvaluator] => {
    if (typeof evaluate !== 'function') fail('runEvaluators', 'functions', evaluate);
    return [isList ? evaluate.name || `run evaluator ${Number(key) + 1}` : key, evaluate];
  });
}

function wholeNumber(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  return fail(
    name,
    `a whole number, at least ${least}${most < 2 ** 32 ? ` and at most ${most}` : ''}`,
    value,
  );
}

function fail(name: string, expected: string, value: unknown): never {
  throw new TypeError(`${name}: expected ${expected}, got ${describe(value)}.`);
}
