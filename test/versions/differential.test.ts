/**
 * The same random programs of OpenTelemetry API calls run through opentelemetry-js and through spandrel, in processes
 * of their own, and what each exports decodes to equal spans, but for what intended-differences.ts lists: that must
 * differ, and just as it says there.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { baseSeed } from '../helpers/engine-random.ts';
import { type Combination, combinations, probeCombination, type Sandbox } from './combinations.ts';
import {
  allDifferencesOf,
  type Difference,
  differencesOf,
  makeSandbox,
  type Outcome,
  runSide,
  type Side,
} from './compare.ts';
import { Receiver } from './exported.ts';
import { intendedDifferences, type Places } from './intended-differences.ts';
import { makeProgram } from './program.ts';
import type { Recipe } from './recipe.ts';
import { type Judge, kindOf, shrink } from './shrink.ts';

const PROGRAMS = Number(process.env.SPANDREL_TEST_PROGRAMS ?? 100);
/** Kinds of difference that are reported. */
const REPORTED = 3;
const RUN_MILLIS = 60_000;
const SHRINK_MILLIS = 300_000;

/** Sides with a provider of ours, where every intended difference shows. */
const providers: readonly Side[] = (['spandrel-arena', 'spandrel-plugin'] as const).flatMap((name) =>
  (['wasm', 'ts'] as const).map((engine) => ({ title: `${name} on ${engine}`, name, engine })),
);

/** Sides that are ours in part. */
const parts: readonly Side[] = [
  'upstream-processor-in-spandrel',
  'spandrel-exporter-in-upstream',
  'spandrel-processor-in-upstream',
  'spandrel-serializer',
].map((name) => ({ title: name, name }));

const theirs: Side = { title: 'upstream', name: 'upstream' };

const sides = [...providers, ...parts];

/** A combination at work: every side runs the random programs and those of the list. */
class Bench {
  readonly combination: Combination;
  readonly programs: Recipe[];
  private readonly sandbox: Sandbox;
  private readonly receiver = new Receiver();
  private readonly outcomes = new Map<Side, Promise<Outcome[]>>();
  upstream: Outcome[] = [];

  constructor(combination: Combination, first: number) {
    this.combination = combination;
    this.sandbox = makeSandbox(combination);
    this.programs = Array.from({ length: PROGRAMS }, (_, index) =>
      makeProgram(first + index, combination.sdk.values),
    );
  }

  private run(side: Side, recipes: readonly Recipe[]): Promise<Outcome[]> {
    return runSide(side, this.combination, recipes, this.sandbox, this.receiver);
  }

  /** Resolves when upstream has run; our sides follow, two at a time. */
  async open(): Promise<void> {
    await this.receiver.listen();
    const all = [...this.programs, ...intendedDifferences.map(({ program }) => program)];
    const upstream = this.run(theirs, all);
    const lanes: Promise<unknown>[] = [upstream, Promise.resolve()];
    for (const [index, side] of sides.entries()) {
      const outcomes = lanes[index % lanes.length].then(() => this.run(side, all));
      this.outcomes.set(side, outcomes);
      // Whoever compares them fails.
      lanes[index % lanes.length] = outcomes.catch(() => {});
    }
    this.upstream = await upstream;
  }

  outcomesOf(side: Side): Promise<Outcome[]> {
    return this.outcomes.get(side) as Promise<Outcome[]>;
  }

  /** Fails with small programs for what `outcomes` of the random programs differ in. */
  async expectEqual(side: Side): Promise<void> {
    const outcomes = await this.outcomesOf(side);
    const kinds = new Map<string, { recipe: Recipe; found: Difference[] }>();
    for (const [index, recipe] of this.programs.entries()) {
      const found = allDifferencesOf(recipe, this.upstream[index], outcomes[index]);
      if (found.length > 0) kinds.set(kindOf(found), { recipe, found });
    }
    const judge: Judge = async (recipes) => {
      const [one, other] = await Promise.all([theirs, side].map((each) => this.run(each, recipes)));
      return recipes.map((recipe, index) => allDifferencesOf(recipe, one[index], other[index]));
    };
    const reports: string[] = [];
    for (const { recipe, found } of [...kinds.values()].slice(0, REPORTED)) {
      reports.push(await shrink(recipe, found, judge));
    }
    expect(reports.join('\n\n'), [...kinds.keys()].join()).toBe('');
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.outcomes.values());
    this.sandbox.remove();
    this.receiver.close();
  }
}

/** Checks that the programs of the list differ from upstream in the listed places, and in no other. */
async function expectListed(bench: Bench, side: Side): Promise<void> {
  const outcomes = await bench.outcomesOf(side);
  const found: Record<string, Places> = {};
  const listed: Record<string, Places> = {};
  for (const [index, { name, program, differs }] of intendedDifferences.entries()) {
    const at = PROGRAMS + index;
    const places = differencesOf(program, bench.upstream[at], outcomes[at]);
    found[name] = Object.fromEntries(
      places.map(({ path, upstream, spandrel }) => [path, [upstream, spandrel] as const]),
    );
    listed[name] = differs[bench.combination.sdk.name] ?? {};
  }
  expect(found).toEqual(listed);
}

const seed = baseSeed();

for (const [place, combination] of combinations.entries()) {
  const declare = requireCounterpart(combination.title, () => probeCombination(combination));
  declare(combination.title, () => {
    let bench: Bench;

    beforeAll(async () => {
      bench = new Bench(combination, seed + place * PROGRAMS);
      await bench.open();
    }, RUN_MILLIS);

    afterAll(() => bench?.close(), RUN_MILLIS);

    it('upstream exports spans of most programs', () => {
      const exporting = bench.upstream.filter(({ spans }) => spans.length > 0);
      expect(exporting.length).toBeGreaterThan(PROGRAMS / 2);
    });

    it.each(providers)(
      '$title is in its mode',
      async (side) => {
        const outcomes = await bench.outcomesOf(side);
        expect(outcomes.some(({ areObjects }) => areObjects)).toBe(side.name === 'spandrel-plugin');
      },
      RUN_MILLIS,
    );

    it.each(sides)('$title exports the spans of upstream', (side) => bench.expectEqual(side), SHRINK_MILLIS);

    it.each(providers)('$title differs as intended', (side) => expectListed(bench, side), RUN_MILLIS);
  });
}

it('each intended difference says why, where that is written, and what it is', () => {
  const names = intendedDifferences.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { reason, source, differs } of intendedDifferences) {
    expect([reason, source]).not.toContain('');
    const places = Object.values(differs).map((listed) => Object.keys(listed).length);
    expect(places.length).toBeGreaterThan(0);
    expect(Math.min(...places)).toBeGreaterThan(0);
  }
});
