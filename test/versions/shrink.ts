/** @module Makes a program that fails smaller, by one step or one optional member at a time, for whoever reads it. */

import type { Difference } from './compare.ts';
import type { Encoded, Operation, Recipe } from './recipe.ts';

const MOST_ROUNDS = 20;
const MOST_LINES = 8;
/** Programs that are made smaller in one run: each takes many runs of both sides. */
const MOST_SHRUNK = 2;

/** Members without which a step is none. */
const REQUIRED = new Set(['do', 'span', 'scope', 'name', 'method', 'arguments', 'bodies', 'context', 'code']);
/** Lists whose places mean something. */
const POSITIONAL = new Set(['arguments', 'bodies']);

type Members = Readonly<Record<string, unknown>>;

/** The steps inside a step. */
function inside({ body, bodies }: Members): unknown[] {
  return [...((body as unknown[]) ?? []), ...((bodies as unknown[][]) ?? []).flat()];
}

function* smallerLists(list: readonly unknown[], name: string): Generator<unknown[]> {
  for (const [index, item] of list.entries()) {
    if (!POSITIONAL.has(name)) {
      yield list.toSpliced(index, 1);
      const steps = typeof item === 'object' && item !== null && 'do' in item ? inside(item as Members) : [];
      if (steps.length > 0) yield list.toSpliced(index, 1, ...steps);
    }
    for (const smaller of smallerValues(item)) yield list.with(index, smaller);
  }
}

function* smallerValues(value: unknown, name = ''): Generator<unknown> {
  if (Array.isArray(value)) yield* smallerLists(value, name);
  else if (typeof value === 'object' && value !== null && !('$' in value)) {
    for (const [key, member] of Object.entries(value)) {
      const { [key]: _, ...others } = value as Members;
      if (!REQUIRED.has(key) && !(key === 'body' && others.do !== 'start')) yield others;
      for (const smaller of smallerValues(member, key)) yield { ...value, [key]: smaller };
    }
  }
}

/** Every program that is one part smaller. */
function smallerPrograms(recipe: Recipe): Recipe[] {
  const plain =
    recipe.sampler.kind === 'default' ? [] : [{ ...recipe, sampler: { kind: 'default' as const } }];
  const fewer = [...smallerValues(recipe.operations)].map((operations) => ({
    ...recipe,
    operations: operations as Operation[],
  }));
  const wider = [...smallerValues(recipe.spanLimits)].map((spanLimits) => ({
    ...recipe,
    spanLimits: spanLimits as Encoded,
  }));
  return [...plain, ...fewer, ...wider];
}

/** Where a difference is, whichever span or step it is in. */
export const kindOf = ([first]: readonly Difference[]): string => first?.path.replaceAll(/\d+/g, 'N') ?? '';

/** Runs programs on upstream and on one side; for each, what differs. */
export type Judge = (recipes: readonly Recipe[]) => Promise<Difference[][]>;

let shrunk = 0;

/** A program that differs in the same place, smaller if there is time for it, and how it differs. */
export async function shrink(recipe: Recipe, found: Difference[], judge: Judge): Promise<string> {
  shrunk += 1;
  let smallest = recipe;
  let differs = found;
  for (let rounds = 0; shrunk <= MOST_SHRUNK && rounds < MOST_ROUNDS; rounds += 1) {
    const candidates = smallerPrograms(smallest);
    const judged = await judge(candidates);
    const [next] = candidates
      .flatMap((candidate, index) => {
        const isSame = kindOf(judged[index]) === kindOf(found);
        return isSame ? [{ candidate, found: judged[index], size: JSON.stringify(candidate).length }] : [];
      })
      .sort((one, other) => one.size - other.size);
    if (next === undefined) break;
    smallest = next.candidate;
    differs = next.found;
  }
  const lines = differs.slice(0, MOST_LINES).map((difference) => JSON.stringify(difference));
  return [
    `program ${recipe.seed}${smallest === recipe ? '' : ', made smaller'}:`,
    JSON.stringify(smallest),
    ...lines,
  ].join('\n');
}
