/** The evaluators of an item, all at once, each in a span of its own. */
import type { Span } from '@opentelemetry/api';
import { span as runInSpan } from '../ai/trace.ts';
import { describe } from '../api/attributes.ts';
import { itemErrorOf, StoppedError } from './errors.ts';
import type { Evaluator, Evaluators } from './evaluator-types.ts';
import type { ItemPlan } from './item.ts';
import type { ItemResult, Score } from './result.ts';
import { type Judgement, judgementsOf } from './scores.ts';
import { idsOf, writeScores } from './spans.ts';
import type { ItemTimeline } from './timeline.ts';
import { inTimeline } from './watched-tracer.ts';

export interface NamedEvaluator {
  readonly name: string;
  /** Whether the program gave the name itself. */
  readonly isNamed: boolean;
  readonly evaluate: Evaluator;
}

/** The evaluators of a run under names that differ. @throws TypeError for one that is no function. */
export function namedEvaluators(given: Evaluators | undefined, what = 'evaluators'): NamedEvaluator[] {
  const isList = Array.isArray(given);
  const taken = new Map<string, number>();
  return Object.entries(given ?? {}).map(([key, evaluate]) => {
    if (typeof evaluate !== 'function')
      throw new TypeError(
        `${what}: expected functions, got ${describe(evaluate)} as ${isList ? `number ${key}` : key}.`,
      );
    const name = isList ? evaluate.name || `evaluator ${Number(key) + 1}` : key;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return { name: count === 1 ? name : `${name} ${count}`, isNamed: !isList || count > 1, evaluate };
  });
}

/** The scores of an item that has an output, in the order of its evaluators. Never rejects. */
export async function judge(plan: ItemPlan, item: ItemResult, timeline: ItemTimeline): Promise<Score[]> {
  if (plan.evaluators.length === 0) return [];
  const all = await Promise.all(plan.evaluators.map((one) => judgeBy(plan, one, item, timeline)));
  return all.flat();
}

async function judgeBy(
  plan: ItemPlan,
  evaluator: NamedEvaluator,
  item: ItemResult,
  timeline: ItemTimeline,
): Promise<Score[]> {
  const started = performance.now();
  let spanId: string | null = null;
  const finish = (judgements: readonly Judgement[]): Score[] => {
    const durationMs = performance.now() - started;
    return judgements.map((judgement) => ({ ...judgement, durationMs, spanId }));
  };
  try {
    const judge = () =>
      runInSpan(
        evaluator.name,
        async (span) => {
          spanId = idsOf(span)?.spanId ?? null;
          const given = await callEvaluator(plan, evaluator, item, span);
          const made = judgementsOf(given, evaluator.name, evaluator.isNamed);
          writeScores(span, made);
          return made;
        },
        { type: 'evaluator' },
      );
    const judgements = await inTimeline(timeline, false, judge);
    return finish(judgements);
  } catch (error) {
    // What a stopped run leaves unjudged is done again when it is resumed.
    if (error instanceof StoppedError) return [];
    return finish([{ name: evaluator.name, value: null, error: itemErrorOf(error) }]);
  }
}

function callEvaluator(
  plan: ItemPlan,
  { name, evaluate }: NamedEvaluator,
  item: ItemResult,
  span: Span,
): Promise<unknown> {
  const { id, row, output } = item;
  const { inputs, expected, metadata = {} } = row;
  return plan.attempts.run(`row ${id}: the evaluator ${name}`, plan.timeoutMs, (given) =>
    evaluate({
      id,
      inputs,
      input: inputs,
      output,
      expected,
      metadata,
      row,
      get signal() {
        return given.signal;
      },
      span,
    }),
  );
}
