/** Rules of a gate, as they are written on a command line. */
import type { FailOn, MetricRule } from '../experiments/gate.ts';
import { UsageError } from './usage.ts';

const STATISTICS = ['mean', 'min', 'max', 'p50', 'p90', 'p95', 'p99'] as const;
const LIMIT = /^(?<metric>.+?)(?:\.(?<of>mean|min|max|p50|p90|p95|p99))?(?<sign>>=|<=)(?<number>.+)$/;
const REGRESSION = /^(?<metric>.+):regression(?:=(?<number>.+))?$/;

const EXPECTED =
  'expected <metric>>=<number>, <metric><=<number>, <metric>:regression or <metric>:regression=<number>, ' +
  `with .${STATISTICS.join(', .')} after a metric for another statistic than its mean`;

/**
 * All rules together.
 *
 * @throws UsageError for a rule that is none, and for two of one metric that look at different statistics.
 */
export function parseFailOn(rules: readonly string[]): FailOn {
  const failOn: Record<string, MetricRule> = Object.create(null);
  for (const text of rules) {
    const [metric, rule] = parseRule(text);
    const before = failOn[metric];
    const limits = [before, rule].filter((one) => one?.min !== undefined || one?.max !== undefined);
    if (new Set(limits.map((one) => one.of ?? 'mean')).size > 1) {
      throw new UsageError(`--fail-on ${text}: expected one statistic of ${metric}, got two. Leave one out.`);
    }
    failOn[metric] = { ...before, ...rule };
  }
  return failOn;
}

function parseRule(text: string): [string, MetricRule] {
  const limit = LIMIT.exec(text)?.groups;
  if (limit !== undefined) {
    const number = numberIn(text, limit.number);
    const of = limit.of as MetricRule['of'];
    const bound = limit.sign === '>=' ? { min: number } : { max: number };
    return [limit.metric.trim(), of === undefined ? bound : { ...bound, of }];
  }
  const regression = REGRESSION.exec(text)?.groups;
  if (regression === undefined) throw new UsageError(`--fail-on ${text}: ${EXPECTED}.`);
  const allowed = regression.number === undefined ? true : numberIn(text, regression.number);
  return [regression.metric.trim(), { regression: allowed }];
}

function numberIn(rule: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new UsageError(`--fail-on ${rule}: expected a number at the end, got ${text}.`);
}
