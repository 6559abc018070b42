/**
 * The same random programs of OpenTelemetry API calls run through opentelemetry-js and through spandrel, in processes
 * of their own, and what each exports decodes to equal spans. What is meant to differ is in intended-differences.ts.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { baseSeed } from '../helpers/engine-random.ts';
import { combinations, probeCombination, type Sandbox } from './combinations.ts';
import {
  differencesOf,
  type Judge,
  kindOf,
  makeSandbox,
  type Outcome,
  runSide,
  type Side,
  shrink,
} from './compare.ts';
import { Receiver } from './exported.ts';
import { makeProgram } from './program.ts';

const PROGRAMS = Number(process.env.SPANDREL_TEST_PROGRAMS ?? 120);
const REPORTED = Number(process.env.REPORTED ?? 3);

const sides: readonly Side[] = [
  { name: 'spandrel-arena', engine: 'wasm' },
  { name: 'spandrel-arena', engine: 'ts' },
  { name: 'spandrel-plugin', engine: 'wasm' },
  { name: 'spandrel-plugin', engine: 'ts' },
  { name: 'upstream-processor-in-spandrel' },
  { name: 'spandrel-exporter-in-upstream' },
  { name: 'spandrel-processor-in-upstream' },
  { name: 'spandrel-serializer' },
];

for (const [place, combination] of combinations.entries()) {
  const declare = requireCounterpart(combination.title, () => probeCombination(combination));
  declare(combination.title, () => {
    const first = baseSeed() + place * PROGRAMS;
    const recipes = Array.from({ length: PROGRAMS }, (_, index) =>
      makeProgram(first + index, combination.sdk.values),
    );
    const receiver = new Receiver();
    let sandbox: Sandbox;
    let upstream: Outcome[];

    beforeAll(async () => {
      sandbox = makeSandbox(combination);
      await receiver.listen();
      upstream = await runSide({ name: 'upstream' }, combination, recipes, sandbox, receiver);
    }, 60_000);

    afterAll(() => {
      sandbox.remove();
      receiver.close();
    });

    it('upstream exports most spans of the programs', () => {
      const spans = upstream.flatMap((outcome) => outcome.spans);
      expect(spans.length).toBeGreaterThan(PROGRAMS);
    });

    it.each(sides)(
      '$name $engine exports the spans of upstream, field for field',
      async (side) => {
        const outcomes = await runSide(side, combination, recipes, sandbox, receiver);
        const found = outcomes.map((outcome, index) => differencesOf(upstream[index], outcome));
        const failed = recipes.map((recipe, index) => ({ recipe, found: found[index] }));
        const kinds = new Map(
          failed.filter(({ found }) => found.length > 0).map((one) => [kindOf(one.found), one]),
        );
        const judge: Judge = async (smaller) => {
          const [theirs, ours] = await Promise.all(
            [{ name: 'upstream' }, side].map((one) => runSide(one, combination, smaller, sandbox, receiver)),
          );
          return theirs.map((outcome, index) => differencesOf(outcome, ours[index]));
        };
        const reports: string[] = [];
        for (const { recipe, found } of [...kinds.values()].slice(0, REPORTED)) {
          reports.push(await shrink(recipe, found, judge));
        }
        expect(reports.join('\n\n'), `${[...kinds.keys()]}`).toBe('');
      },
      120_000,
    );
  });
}
