/** One item: the task, as often as it takes, then all evaluators at once; a trace of its own. */
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { enrichSpan } from '../ai/enrich.ts';
import { withAttributes } from '../ai/session.ts';
import { span as runInSpan } from '../ai/trace.ts';
import { activeContext, withContext, withoutSpan } from '../api/context.ts';
import type { OpenAttempts } from './attempt.ts';
import type { OutputCache } from './cache.ts';
import type { ConcurrencyLimit } from './concurrency.ts';
import { itemErrorOf, StoppedError, TimeoutError } from './errors.ts';
import type { Entry } from './items.ts';
import { judge, type NamedEvaluator } from './judge.ts';
import type { Task } from './options.ts';
import type { ItemResult } from './result.ts';
import { idsOf, itemAttributes } from './spans.ts';
import { callTask } from './task-calls.ts';
import { ItemTimeline } from './timeline.ts';

/** What the items of a run share. */
export interface ItemPlan {
  readonly name: string;
  readonly runId: string;
  readonly task: Task<never, unknown>;
  readonly taskName: string;
  readonly evaluators: readonly NamedEvaluator[];
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  readonly retryable: (error: unknown) => boolean;
  readonly cache: OutputCache | null;
  readonly attempts: OpenAttempts;
  readonly limit: ConcurrencyLimit;
}

/** Never rejects: whatever goes wrong is in the item. */
export function runItem(plan: ItemPlan, entry: Entry): Promise<ItemResult> {
  return withContext(withoutSpan(activeContext()), () =>
    withAttributes(itemAttributes(plan, entry), () =>
      runInSpan(`evaluate ${plan.name}`, (span) => doItem(plan, entry, span), { type: 'chain' }),
    ),
  );
}

async function doItem(plan: ItemPlan, entry: Entry, span: Span): Promise<ItemResult> {
  const ids = idsOf(span);
  const { id, index, repetition, row } = entry;
  const item: ItemResult = {
    id,
    index,
    repetition,
    row,
    status: 'ok',
    scores: [],
    durationMs: 0,
    attempts: 0,
    traceId: ids?.traceId ?? null,
    spanId: ids?.spanId ?? null,
    cached: false,
    startTime: new Date().toISOString(),
  };
  const timeline = new ItemTimeline(item);
  try {
    if (entry.fault !== undefined) throw new TypeError(entry.fault);
    await callTask(plan, entry, item, timeline);
    if (ids !== null) enrichSpan({ inputs: row.inputs, outputs: item.output }, span);
    item.scores = await judge(plan, item, timeline);
    if (plan.attempts.isStopped) throw new StoppedError('the run was stopped before the item was judged.');
  } catch (error) {
    item.status =
      error instanceof StoppedError ? 'aborted' : error instanceof TimeoutError ? 'timeout' : 'error';
    item.error = itemErrorOf(error);
    enrichSpan({ inputs: row.inputs, error }, span);
    span.setStatus({ code: SpanStatusCode.ERROR, message: item.error.message });
  }
  if (ids !== null) item.spans = timeline.close(`evaluate ${plan.name}`, ids.spanId, item.status !== 'ok');
  return item;
}
