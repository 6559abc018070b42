/** Makes scores of whatever an evaluator gives. */
import { describe } from '../api/attributes.ts';
import type { Score } from './result.ts';

/** A score without what the runner knows of it. */
export type Judgement = Omit<Score, 'durationMs' | 'spanId'>;

/** Members with a meaning of their own; others are kept as metadata. */
const MEMBERS: ReadonlySet<string> = new Set([
  'name',
  'score',
  'value',
  'label',
  'explanation',
  'reason',
  'rationale',
  'passed',
  'metadata',
  'weight',
  'error',
]);
/** One of these makes an object a score; without them it is a record of scores. */
const JUDGING = ['score', 'value', 'label', 'passed'] as const;

/**
 * @param name - what the score is called.
 * @param isNamed - whether the program gave that name itself: then a name in the result does not replace it.
 * @throws TypeError when `given` is nothing that can be a score.
 */
export function judgementsOf(given: unknown, name: string, isNamed: boolean): Judgement[] {
  if (Array.isArray(given))
    return given.flatMap((one, place) => {
      const own = (one as { name?: unknown } | null)?.name;
      return judgementsOf(one, typeof own === 'string' ? own : `${name}.${place}`, true);
    });
  if (typeof given !== 'object' || given === null) return [scalar(given, name)];
  const members = given as Record<string, unknown>;
  if (JUDGING.some((member) => members[member] !== undefined)) return [structured(members, name, isNamed)];
  const parts = Object.entries(members);
  if (parts.length === 0) throw new TypeError(`${name}: expected a score, got an object without members.`);
  return parts.flatMap(([part, value]) => judgementsOf(value, `${name}.${part}`, true));
}

function scalar(given: unknown, name: string): Judgement {
  if (given === null) return { name, value: null };
  if (typeof given === 'number' && Number.isFinite(given)) return { name, value: given };
  if (typeof given === 'boolean') return { name, value: given };
  if (typeof given === 'string') return { name, value: given, label: given };
  throw new TypeError(
    `${name}: expected a finite number, true or false, a label, or an object with a score, got ${describe(given)}.`,
  );
}

function structured(members: Record<string, unknown>, name: string, isNamed: boolean): Judgement {
  const { score, label, passed, weight } = members;
  const called = !isNamed && typeof members.name === 'string' ? members.name : name;
  const text = (...values: unknown[]): string | undefined =>
    values.find((value): value is string => typeof value === 'string');
  const given = score === undefined ? members.value : score;
  const judged = scalar(given ?? (typeof passed === 'boolean' ? passed : (text(label) ?? null)), called);
  const judgement: Judgement = { name: called, value: judged.value };
  const said = text(label) ?? judged.label;
  if (said !== undefined) judgement.label = said;
  const explanation = text(members.explanation, members.reason, members.rationale);
  if (explanation !== undefined) judgement.explanation = explanation;
  if (typeof passed === 'boolean') judgement.passed = passed;
  if (typeof weight === 'number') judgement.weight = weight;
  const others = Object.entries(members).filter(([member]) => !MEMBERS.has(member));
  const metadata = { ...(members.metadata as object | undefined), ...Object.fromEntries(others) };
  if (Object.keys(metadata).length > 0) judgement.metadata = metadata;
  return judgement;
}
