/** What has to hold of a run's numbers. */
import { LOWER_IS_BETTER } from './metrics.ts';
import type { ExperimentResult, GateFailure, MetricSummary } from './result.ts';

/** Rules of one metric. All that are given have to hold. */
export interface MetricRule {
  /** Least that is good enough. */
  min?: number;
  /** Most that is good enough. */
  max?: number;
  /** What `min` and `max` look at. Default `mean`. */
  of?: 'mean' | 'min' | 'max' | 'p50' | 'p90' | 'p95' | 'p99';
  /**
   * Against the baseline: how much worse the mean may be, in units of the metric; or `true`: it may not be worse beyond
   * doubt, with the whole interval on the wrong side.
   */
  regression?: number | true;
}

/** Rules by metric; `error_rate` is the part of items that did not end well, from 0 to 1. */
export type FailOn = Readonly<Record<string, MetricRule>>;

const ERROR_RATE = 'error_rate';

/** Every rule that does not hold. A metric that no item has holds no rule. */
export function gateFailures(
  failOn: FailOn,
  result: ExperimentResult,
  lowerIsBetter: readonly string[],
): GateFailure[] {
  const failures = Object.entries(failOn).flatMap(([metric, rule]) => [
    ...limitFailures(metric, rule, result),
    ...regressionFailures(metric, rule, result, [...LOWER_IS_BETTER, ...lowerIsBetter].includes(metric)),
  ]);
  if (result.interrupted !== true) return failures;
  const message = 'expected all rows to be done, but the run was stopped.';
  return [{ metric: ERROR_RATE, rule: 'complete', message }, ...failures];
}

function limitFailures(metric: string, rule: MetricRule, result: ExperimentResult): GateFailure[] {
  const { min, max, of = 'mean' } = rule;
  const failures: GateFailure[] = [];
  const value = measured(metric, of, result);
  const what = metric === ERROR_RATE ? metric : `${of} of ${metric}`;
  const fail = (name: string, expected: string): void => {
    const got = value === undefined ? 'no item with a number for it' : formatted(value);
    failures.push({ metric, rule: name, message: `${what}: expected ${expected}, got ${got}.` });
  };
  if (min !== undefined && !(value !== undefined && value >= min)) fail(`min ${min}`, `at least ${min}`);
  if (max !== undefined && !(value !== undefined && value <= max)) fail(`max ${max}`, `at most ${max}`);
  return failures;
}

function measured(
  metric: string,
  of: Exclude<MetricRule['of'], undefined>,
  { metrics, counts }: ExperimentResult,
): number | undefined {
  const summary: MetricSummary | undefined = metrics.find(({ name }) => name === metric);
  if (summary !== undefined) return summary.count === 0 ? undefined : summary[of];
  if (metric !== ERROR_RATE || counts.total === 0) return undefined;
  return (counts.total - counts.ok) / counts.total;
}

function regressionFailures(
  metric: string,
  { regression }: MetricRule,
  { baseline }: ExperimentResult,
  isLowerBetter: boolean,
): GateFailure[] {
  if (regression === undefined) return [];
  const rule = `regression ${regression}`;
  const compared = baseline?.metrics.find(({ name }) => name === metric);
  if (compared === undefined) {
    const message = `${metric}: expected a baseline with this metric to compare with, got none.`;
    return [{ metric, rule, message }];
  }
  const { difference, interval, baselineMean, mean } = compared;
  const worse = isLowerBetter ? difference : -difference;
  const surely = isLowerBetter ? interval.low : -interval.high;
  const holds = regression === true ? surely <= 0 : worse <= regression;
  if (holds) return [];
  const allowed =
    regression === true ? 'no worse than the baseline' : `at most ${regression} worse than the baseline`;
  const range = `[${formatted(interval.low)}, ${formatted(interval.high)}]`;
  const message =
    `mean of ${metric}: expected ${allowed}, ${formatted(baselineMean)}, ` +
    `got ${formatted(mean)}, a difference of ${formatted(difference)} ${range}.`;
  return [{ metric, rule, message }];
}

function formatted(value: number): string {
  return String(Number(value.toPrecision(4)));
}
