/** Calls the task of an item until it gives an output, or until there is no use in trying again. */
import type { Span } from '@opentelemetry/api';
import { span as runInSpan } from '../ai/trace.ts';
import type { CallSignal } from './attempt.ts';
import { isRateLimit, retryAfterOf, StoppedError, TimeoutError } from './errors.ts';
import type { ItemPlan } from './item.ts';
import type { Entry } from './items.ts';
import type { TaskContext } from './options.ts';
import type { ItemResult } from './result.ts';
import { ATTEMPT } from './spans.ts';
import type { ItemTimeline } from './timeline.ts';
import { inTimeline } from './watched-tracer.ts';

/** Ceiling of the first pause, in milliseconds; it doubles with each error. */
const BASE_MILLIS = 1_000;
const CAP_MILLIS = 30_000;
/** Answers with status 429 in a row that are waited out without counting as a retry. */
const MOST_LIMITED = 10;
/** Calls that waited for the same `Retry-After` start spread over this time, in milliseconds. */
const SPREAD_MILLIS = 250;

/**
 * Puts the output into `item`, with the time and the number of calls.
 *
 * @throws what the last call threw.
 */
export async function callTask(
  plan: ItemPlan,
  entry: Entry,
  item: ItemResult,
  timeline: ItemTimeline,
): Promise<void> {
  const cached = await plan.cache?.read(entry);
  if (cached !== undefined) {
    Object.assign(item, cached, { cached: true });
    return;
  }
  let failures = 0;
  let limited = 0;
  for (;;) {
    await untilUnpaused(plan);
    try {
      item.output = await callOnce(plan, entry, item, timeline);
      await plan.cache?.write(entry, item);
      return;
    } catch (error) {
      if (!isWorthRetrying(plan, error, failures, limited)) throw error;
      if (isRateLimit(error)) limited += 1;
      else failures += 1;
      await plan.attempts.wait(backoffMillis(failures + limited - 1, error));
    }
  }
}

/** Never under what the server asked for: the pause of all items sees to that. */
function backoffMillis(failures: number, error: unknown): number {
  const ceiling = Math.min(CAP_MILLIS, BASE_MILLIS * 2 ** Math.min(failures, 15));
  return retryAfterOf(error) === undefined ? Math.random() * ceiling : 0;
}

function isWorthRetrying(plan: ItemPlan, error: unknown, failures: number, limited: number): boolean {
  if (error instanceof StoppedError || error instanceof TimeoutError || plan.retries === 0) return false;
  if (!plan.retryable(error)) return false;
  return isRateLimit(error) ? limited < MOST_LIMITED : failures < plan.retries;
}

/** `Retry-After` of one item holds for all. */
async function untilUnpaused({ limit, attempts }: ItemPlan): Promise<void> {
  for (;;) {
    const left = limit.pausedUntil - performance.now();
    if (left <= 0 || attempts.isStopped) return;
    await attempts.wait(left + Math.random() * SPREAD_MILLIS);
  }
}

async function callOnce(
  plan: ItemPlan,
  entry: Entry,
  item: ItemResult,
  timeline: ItemTimeline,
): Promise<unknown> {
  item.attempts += 1;
  const attempt = item.attempts;
  const started = performance.now();
  let isError = true;
  const call = (span: Span): Promise<unknown> => {
    const row = { ...entry.row, id: entry.id, index: entry.index } as never;
    const { repetition } = entry;
    const what = `row ${entry.id}: the task`;
    const run = (given: CallSignal): unknown => {
      const context: TaskContext = {
        get signal() {
          return given.signal;
        },
        span,
        attempt,
        repetition,
      };
      return plan.task(row, context);
    };
    return plan.attempts.run(what, plan.timeoutMs, run);
  };
  try {
    const attributes = attempt === 1 ? undefined : { [ATTEMPT]: attempt };
    const output = await inTimeline(timeline, true, () => runInSpan(plan.taskName, call, { attributes }));
    isError = false;
    return output;
  } catch (error) {
    if (isRateLimit(error)) plan.limit.limited(performance.now(), retryAfterOf(error));
    throw error;
  } finally {
    item.durationMs = performance.now() - started;
    plan.limit.answered(item.durationMs, isError);
  }
}
