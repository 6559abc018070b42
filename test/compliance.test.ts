/** The compliance matrix says nothing that no test shows, and the page says what the matrix says. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import type { Claim } from './compliance/claims.ts';
import { CLAIMS, DIFFERENCES, EASILY_MISSED, MATRIX } from './compliance/matrix.ts';
import { SPECIFICATION } from './compliance/specification.ts';
import { fault, faults } from './helpers/test-references.ts';
import { titlesOf } from './helpers/test-titles.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a claim lacks. */
function lacks({ ours, tests, note }: Claim): string[] {
  if (ours === '+') return tests.length === 0 ? ['a test'] : [];
  return note.trim() === '' ? ['a reason'] : [];
}

const claims = MATRIX.map(({ section, heading, feature, claim }) => ({
  row: [section, heading, feature].join(' > '),
  claim,
}));

describe('the matrix', () => {
  it('has the rows of the specification, each of them once', () => {
    expect(claims).toHaveLength(199);
    expect(new Set(claims.map(({ row }) => row)).size).toBe(claims.length);
  });

  it('has a claim for every row, and none for a row that is not there', () => {
    expect(claims.filter(({ claim }) => claim === undefined).map(({ row }) => row)).toEqual([]);
    const strangers = Object.entries(CLAIMS).flatMap(([section, headings]) =>
      Object.entries(headings).flatMap(([heading, features]) =>
        Object.keys(features).filter(
          (name) => !SPECIFICATION[section]?.[heading]?.some(([feature]) => feature === name),
        ),
      ),
    );
    expect(strangers).toEqual([]);
  });

  it('has a test for every +, and a reason for every other mark', () => {
    const incomplete = claims.flatMap(({ row, claim }) =>
      (claim ? lacks(claim) : []).map((what) => `${row}: ${what}`),
    );
    expect(incomplete).toEqual([]);
  });

  it('names tests that are there', () => {
    expect(
      claims.flatMap(({ row, claim }) => faults(claim?.tests ?? []).map((one) => `${row}: ${one}`)),
    ).toEqual([]);
  });
});

test('every rule that is easily missed has a test or a reason, and its tests are there', () => {
  const rows = EASILY_MISSED.flatMap((claim) =>
    [...lacks(claim), ...faults(claim.tests)].map((one) => `${claim.rule}: ${one}`),
  );
  expect(rows).toEqual([]);
  expect(EASILY_MISSED.length).toBeGreaterThan(20);
});

test('every difference from opentelemetry-js has a test that is there', () => {
  const rows = DIFFERENCES.flatMap(({ upstream, tests }) =>
    [...(tests.length === 0 ? ['no test'] : []), ...faults(tests)].map((one) => `${upstream}: ${one}`),
  );
  expect(rows).toEqual([]);
  expect(DIFFERENCES.length).toBeGreaterThan(10);
});

test('docs/compliance.md is what the matrix says', () => {
  expect(() =>
    execFileSync(process.execPath, [`${root}scripts/write-compliance.mjs`, '--check'], { stdio: 'pipe' }),
  ).not.toThrow();
});

describe('titles of tests', () => {
  it.each([
    ["test('a', () => {});", ['a']],
    [
      "describe('g', () => { it('a', () => {}); describe('h', () => it('b', () => {})); });",
      ['g > a', 'g > h > b'],
    ],
    ["describe.each(MODES)('in %s', (mode) => { test.each([1])('is %i', () => {}); });", ['in %s > is %i']],
    ['test.for(variants)(`has $' + '{N} of $name`, () => {});', ['has $' + '{N} of $name']],
    ["for (const x of y) { test('in a loop', { timeout: 1 }, () => {}); }", ['in a loop']],
    [
      "test.skip('a', () => {}); it.todo('b', () => {}); describe.skip('c', () => { it('d', () => {}); });",
      [],
    ],
    ["const test = 'a'; run('a', () => {}); test('without a body');", []],
  ])('are read from %s', (text, expected) => {
    expect([...titlesOf(text)]).toEqual(expected);
  });

  it('a reference to none of them is a fault that names it', () => {
    expect(
      fault('compliance.test.ts: every difference from opentelemetry-js has a test that is there'),
    ).toBeUndefined();
    expect(fault('compliance.test.ts: no such title')).toBe('no test "no such title" in compliance.test.ts');
    expect(fault('nowhere.test.ts: a')).toBe('no file nowhere.test.ts');
    expect(lacks({ ours: '+', tests: [], note: 'said' })).toEqual(['a test']);
    expect(lacks({ ours: '-', tests: [], note: ' ' })).toEqual(['a reason']);
  });
});
