/** @module Runs programs on the sides of a combination and finds where two sides differ. */

import { readFileSync } from 'node:fs';
import { type Combination, Sandbox } from './combinations.ts';
import { comparable, type Receiver, type RunTimes } from './exported.ts';
import type { Recipe } from './recipe.ts';

/** Places of ids, which no two providers share that make them themselves. */
const OWN_IDS = /\.(traceId|spanId)$|^\.seen\.\d+\.[12]$/;

/** A way to run a program: sides.mjs says what each is. */
export interface Side {
  readonly title: string;
  readonly name: string;
  readonly engine?: 'wasm' | 'ts';
}

/** What one side did with one program. */
export interface Outcome {
  /** What its caller saw of the spans. */
  readonly seen: readonly unknown[];
  /** What a processor of another make was shown, where there is one. */
  readonly notes?: readonly unknown[];
  /** Whether spans were objects with their fields as own members, as in plug-in mode. */
  readonly areObjects: boolean;
  /** What arrived, by span id, or why it cannot be decoded. */
  readonly spans: readonly object[] | string;
}

let runs = 0;

/** A sandbox in which sides can run. */
export function makeSandbox({ sdk }: Combination): Sandbox {
  const sandbox = new Sandbox(sdk);
  for (const file of ['child.mjs', 'interpreter.mjs', 'sides.mjs']) sandbox.add(file);
  return sandbox;
}

/** Runs all programs on one side, in one process. */
export async function runSide(
  side: Side,
  { node, sdk }: Combination,
  recipes: readonly Recipe[],
  sandbox: Sandbox,
  receiver: Receiver,
): Promise<Outcome[]> {
  runs += 1;
  const run = runs;
  const input = sandbox.add(`recipes-${run}.json`, JSON.stringify(recipes));
  const output = sandbox.path(`seen-${run}.json`);
  const argv = [sandbox.path('child.mjs'), side.name, sdk.name, input, output, `${receiver.url}/${run}`];
  const environment: Record<string, string> = side.engine ? { SPANDREL_ENGINE: side.engine } : {};
  const { code, stderr } = await sandbox.run(node, argv, environment);
  if (code !== 0) throw new Error(`expected ${side.name} to end with 0, it ended with ${code}: ${stderr}`);
  const { origin, runs: times } = JSON.parse(readFileSync(output, 'utf8')) as {
    origin: number;
    runs: (RunTimes & Omit<Outcome, 'spans'>)[];
  };
  return times.map(({ from, to, ...outcome }, index) => {
    const spans = receiver.take(`/${run}/${index}`);
    if (typeof spans === 'string') return { ...outcome, spans };
    return { ...outcome, spans: spans.map((span) => comparable(span, { origin, from, to })) };
  });
}

/** One place where two sides differ. */
export interface Difference {
  readonly path: string;
  readonly upstream: unknown;
  readonly spandrel: unknown;
}

/** Every leaf in which `spandrel` differs from `upstream`. */
export function differences(upstream: unknown, spandrel: unknown, path = ''): Difference[] {
  if (Object.is(upstream, spandrel)) return [];
  const areObjects = [upstream, spandrel].every((value) => typeof value === 'object' && value !== null);
  if (!areObjects || Array.isArray(upstream) !== Array.isArray(spandrel))
    return [{ path, upstream, spandrel }];
  const [one, other] = [upstream, spandrel] as Record<string, unknown>[];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differences(one[key], other[key], `${path}.${key}`),
  );
}

/** What one side makes of a program that upstream does not; nothing for equal outcomes. */
export function differencesOf(recipe: Recipe, upstream: Outcome, outcome: Outcome): Difference[] {
  const { seen, spans } = outcome;
  const found = differences({ seen: upstream.seen, spans: upstream.spans }, { seen, spans });
  return recipe.hasOwnIds ? found.filter(({ path }) => !OWN_IDS.test(path)) : found;
}

/** As {@link differencesOf}, and what a processor of another make was shown, where both sides have one. */
export function allDifferencesOf(recipe: Recipe, upstream: Outcome, outcome: Outcome): Difference[] {
  const found = differencesOf(recipe, upstream, outcome);
  if (outcome.notes === undefined) return found;
  return [...found, ...differences({ notes: upstream.notes }, { notes: outcome.notes })];
}
