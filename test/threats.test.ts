/** docs/threats.md says nothing that no test shows, and leaves out none of the weaknesses that others had. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SECURITY } from './faults/rows/security.ts';
import { titlesOf } from './helpers/test-titles.ts';

const text = readFileSync('docs/threats.md', 'utf8');
const COLUMNS = ['threat', 'who', 'what is done', 'shown by', 'what remains'];

/** The cells of each row, the headings of tables apart. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .map((line) => line.slice(2, -2).split(' | '))
  .filter(([first]) => first !== COLUMNS[0]);

const titles = new Map<string, ReadonlySet<string>>();

/** Why a reference leads to no test; `undefined` if it leads to one. */
function fault(reference: string): string | undefined {
  const [, file, title] = /^(.+?\.test\.ts): (.+)$/.exec(reference) ?? [];
  if (file === undefined || !existsSync(`test/${file}`)) return `no file for ${reference}`;
  if (!titles.has(file)) titles.set(file, titlesOf(readFileSync(`test/${file}`, 'utf8')));
  return titles.get(file)?.has(title) ? undefined : `no test "${title}" in ${file}`;
}

describe('docs/threats.md', () => {
  test('has a cell for each column in every row, none of them empty', () => {
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((cells) => cells.length !== COLUMNS.length || cells.includes(''))).toEqual([]);
    expect(new Set(rows.map(([threat]) => threat)).size).toBe(rows.length);
  });

  test('names tests for every threat, and they are there', () => {
    const faults = rows.flatMap(([threat, , , shown]) => {
      const references = [...shown.matchAll(/`([^`]+)`/g)].map(([, reference]) => reference);
      const found = references.length === 0 ? ['no test'] : references.map(fault);
      return found.filter((one) => one !== undefined).map((one) => `${threat}: ${one}`);
    });
    expect(faults).toEqual([]);
  });

  test.each([
    ['unbounded answers', 'CVE-2026-39882'],
    ['allocations by trailers', 'CVE-2026-40891'],
    ['unbounded baggage', 'GHSA-8988-4f7v-96qf'],
    ['headers that crash', 'CVE-2024-38525'],
    ['schemas that become code', 'CVE-2026-44291'],
    ['prototypes', '__proto__'],
    ['redirects', 'redirect'],
    ['SSRF', 'SSRF'],
    ['answers that inflate', 'inflates'],
    ['forged lines', 'lines of its own'],
    ['plain text', 'unencrypted'],
    ['TLS that fails closed', 'fail closed'],
    ['one user in the span of another', "another's span"],
    ['the supply chain', 'install script'],
    ['captured prompts', 'Prompts'],
    ['hostile values', 'throws, loops or lies'],
    ['the end of a program', 'how a program ends'],
    ['variables', 'variable of the environment'],
    ['resource detectors', 'detector'],
  ])('has a row about %s', (_, words) => {
    expect(rows.filter((cells) => cells.join(' ').includes(words))).not.toEqual([]);
  });

  test('would be found out: a reference to no test', () => {
    expect(fault('threats.test.ts: docs/threats.md > has a row about %s')).toBeUndefined();
    expect(fault('threats.test.ts: no such title')).toMatch(/no test/);
    expect(fault('nowhere.test.ts: a')).toMatch(/no file/);
    expect(fault('a sentence')).toMatch(/no file/);
  });
});

test('every row of the security faults names tests that are there, and one has figures or says why not', () => {
  expect(SECURITY.flatMap(({ tests }) => tests.map(fault)).filter((one) => one !== undefined)).toEqual([]);
  const bare = SECURITY.filter(
    ({ id, unmeasured }) => !existsSync(`test/faults/figures/${id}.json`) && !unmeasured,
  );
  expect(bare).toEqual([]);
});

test('SECURITY.md leads to the threats, and the README to both', () => {
  const security = readFileSync('SECURITY.md', 'utf8');
  expect(security).toContain('](docs/threats.md)');
  expect(security).not.toMatch(/[\w.]+@[\w.]+\.\w+|https?:\/\//);
  const readme = readFileSync('README.md', 'utf8');
  for (const page of ['SECURITY.md', 'docs/threats.md']) expect(readme).toContain(`](${page})`);
});
