/** What spans of an experiment say. */
import { type Attributes, isSpanContextValid, type Span } from '@opentelemetry/api';
import { activeDialectName, capturesContent } from '../init.ts';
import type { Entry } from './items.ts';
import type { Score } from './result.ts';

/** Names of our own: the semantic conventions have none for a run and its items. */
const NAME = 'spandrel.experiment.name';
const RUN_ID = 'spandrel.experiment.run_id';
const ITEM_ID = 'spandrel.experiment.item_id';
const REPETITION = 'spandrel.experiment.repetition';
export const ATTEMPT = 'spandrel.experiment.attempt';

/** What every span of an item carries, those that its task starts included. */
export function itemAttributes(run: { name: string; runId: string }, { id, repetition }: Entry): Attributes {
  const attributes: Attributes = { [NAME]: run.name, [RUN_ID]: run.runId, [ITEM_ID]: id };
  if (repetition > 0) attributes[REPETITION] = repetition;
  if (activeDialectName() === 'honeyhive') {
    attributes['traceloop.association.properties.run_id'] = run.runId;
    attributes['traceloop.association.properties.datapoint_id'] = id;
  }
  return attributes;
}

/** Ids of a span that is recorded; `null` for one that is not. */
export function idsOf(span: Span): { traceId: string; spanId: string } | null {
  const context = span.spanContext();
  return span.isRecording() && isSpanContextValid(context) ? context : null;
}

/**
 * Writes scores to their evaluator's span (GenAI semantic conventions, "Event: gen_ai.evaluation.result", whose
 * attributes a single score puts on the span itself).
 */
export function writeScores(span: Span, scores: readonly Omit<Score, 'durationMs' | 'spanId'>[]): void {
  if (!span.isRecording()) return;
  const [first, ...others] = scores;
  if (first === undefined) return;
  if (others.length === 0) {
    span.setAttributes(evaluationAttributes(first));
    return;
  }
  for (const score of scores) span.addEvent('gen_ai.evaluation.result', evaluationAttributes(score));
}

function evaluationAttributes({
  name,
  value,
  label,
  explanation,
}: Omit<Score, 'durationMs' | 'spanId'>): Attributes {
  const attributes: Attributes = { 'gen_ai.evaluation.name': name };
  if (typeof value === 'number' || typeof value === 'boolean')
    attributes['gen_ai.evaluation.score.value'] = Number(value);
  const word = label ?? (typeof value === 'boolean' ? String(value) : undefined);
  if (word !== undefined) attributes['gen_ai.evaluation.score.label'] = word;
  // A judge quotes what it judges.
  if (explanation !== undefined && capturesContent())
    attributes['gen_ai.evaluation.explanation'] = explanation;
  return attributes;
}
