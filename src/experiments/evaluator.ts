/** An evaluator with settings: repeated, brought into form, and checked. */
import { describe } from '../api/attributes.ts';
import { meanOf } from './statistics.ts';

/** All optional; `Value` is what the evaluator gives. */
export interface EvaluatorSettings<Value = unknown> {
  /** Default: the name of the function. */
  name?: string;
  /** Kept with the score, for means over metrics. Default: none. */
  weight?: number;
  /** Calls for each item, all at once. Default 1. */
  repeat?: number;
  /** What `checker` compares with; without a checker, numbers have to reach it, and other values to equal it. */
  target?: unknown;
  /** Brings the value of each call into form. Default: as it is. */
  transform?: (value: Value) => unknown;
  /** Makes one value of several. Default: the mean of numbers and booleans. */
  aggregate?: (values: never[]) => unknown;
  /** Whether a value is good enough: becomes `passed`. Default: by `target`, where there is one. */
  checker?: (value: never, target: never) => boolean | PromiseLike<boolean>;
  /** Whether a value that is not good enough is an error of the evaluator. Default `false`. */
  asserts?: boolean;
}

/** A value that an evaluator that `asserts` found not good enough. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * Wraps an evaluator, whatever its parameters. What comes back is an evaluator that gives `{ score, passed, weight }`.
 *
 * ```ts
 * evaluator(async ({ output }) => judge(output), { name: 'helpful', repeat: 3, target: 0.7 });
 * ```
 */
export function evaluator<Given extends unknown[], Value>(
  fn: (...given: Given) => Value | PromiseLike<Value>,
  settings: EvaluatorSettings<Awaited<Value>> = {},
): (...given: Given) => Promise<Record<string, unknown>> {
  const { name = fn.name || 'evaluator', repeat = 1, weight } = settings;
  if (!Number.isSafeInteger(repeat) || repeat < 1)
    throw new TypeError(
      `evaluator ${name}: repeat: expected a whole number, at least 1, got ${describe(repeat)}.`,
    );
  const call = async (given: Given): Promise<unknown> => {
    const value = await fn(...given);
    return settings.transform === undefined ? value : settings.transform(value);
  };
  const judged = async (...given: Given): Promise<Record<string, unknown>> => {
    const values = await Promise.all(Array.from({ length: repeat }, () => call(given)));
    const value = await aggregated(name, values, settings);
    const passed = await check(value, settings);
    if (settings.asserts === true && !(passed ?? Boolean(scoreOf(value))))
      throw new AssertionError(
        `${name}: expected ${expectation(settings)}, got ${describe(scoreOf(value))}.`,
      );
    const score = typeof value === 'object' && value !== null ? { ...value } : { score: value };
    return Object.assign(
      score,
      passed === undefined ? {} : { passed },
      weight === undefined ? {} : { weight },
    );
  };
  return Object.defineProperty(judged, 'name', { value: name, configurable: true });
}

function aggregated(name: string, values: unknown[], { aggregate }: EvaluatorSettings<never>): unknown {
  if (aggregate !== undefined) return aggregate(values as never[]);
  if (values.length === 1) return values[0];
  const numbers = values.map((value) => Number(scoreOf(value)));
  const areNumbers = values.every((value) => ['number', 'boolean'].includes(typeof scoreOf(value)));
  if (areNumbers) return meanOf(numbers);
  throw new TypeError(
    `evaluator ${name}: expected numbers of its ${values.length} calls, or an aggregate that makes one value of them.`,
  );
}

function check(
  value: unknown,
  { checker, target }: EvaluatorSettings<never>,
): boolean | PromiseLike<boolean> | undefined {
  const score = scoreOf(value);
  if (checker !== undefined) return checker(score as never, target as never);
  if (target === undefined) return undefined;
  return typeof score === 'number' && typeof target === 'number' ? score >= target : Object.is(score, target);
}

function expectation({ checker, target }: EvaluatorSettings<never>): string {
  if (checker !== undefined) return 'a value that its checker passes';
  return target === undefined
    ? 'a value that is true'
    : `${typeof target === 'number' ? 'at least ' : ''}${describe(target)}`;
}

function scoreOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { score, value: other } = value as { score?: unknown; value?: unknown };
  return score === undefined ? other : score;
}
