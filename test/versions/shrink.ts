/** @module Smaller programs that might still fail: each is the given one with one step or one optional member less. */

import type { Encoded, Operation, Recipe } from './recipe.ts';

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
export function smallerPrograms(recipe: Recipe): Recipe[] {
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
