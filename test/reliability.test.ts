/** docs/reliability.md says what the rows say, and they say nothing that no test shows. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Measurement } from './faults/row.ts';
import { SECTIONS } from './faults/rows.ts';
import { faults } from './helpers/test-references.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const figures = `${root}test/faults/figures/`;
const rows = Object.values(SECTIONS).flat();

const files = existsSync(figures) ? readdirSync(figures) : [];
const read = (file: string) => JSON.parse(readFileSync(`${figures}${file}`, 'utf8')) as Measurement;

test('every row has an id of its own, a fault and a promise', () => {
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  expect(rows.filter(({ id }) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  expect(rows.filter(({ fault, promise }) => fault.trim() === '' || promise.trim() === '')).toEqual([]);
});

test('every row has a test, and its tests are there', () => {
  const wrong = rows.flatMap(({ id, tests }) =>
    [...(tests.length === 0 ? ['no test'] : []), ...faults(tests)].map((one) => `${id}: ${one}`),
  );
  expect(wrong).toEqual([]);
});

test.each([
  ['ours', 'spandrel', 'unmeasured'],
  ['opentelemetry-js', 'upstream', 'noUpstream'],
] as const)('every row has figures of %s, or says why there are none, and never both', (_, side, reason) => {
  const wrong = rows.filter((row) => {
    const file = `${row.id}.json`;
    const measured = files.includes(file) ? Object.keys(read(file)[side] ?? {}) : [];
    return (measured.length === 0) === ((row[reason] ?? '').trim() === '');
  });
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

test('every file of figures belongs to a row, and says when, where and how', () => {
  const ids = new Set(rows.map(({ id }) => `${id}.json`));
  expect(files.filter((file) => !ids.has(file))).toEqual([]);
  const incomplete = files.filter((file) => {
    const { date, machine, node, command, spandrel } = read(file);
    return [date, machine, node, command].some((text) => !text) || Object.keys(spandrel).length === 0;
  });
  expect(incomplete).toEqual([]);
});

test('docs/reliability.md is what the rows say', () => {
  expect(() =>
    execFileSync(process.execPath, [`${root}scripts/write-reliability.mjs`, '--check'], { stdio: 'pipe' }),
  ).not.toThrow();
});
