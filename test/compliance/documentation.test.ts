/** What the specification asks of documentation. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** A file of the package as one line of words: comments and paragraphs wrap anywhere. */
const words = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').replaceAll(/\s+(\* )?/g, ' ');

test('startSpan says that attributes known at the start belong there', () => {
  expect(words('src/api/tracer.ts')).toContain(
    'Attributes that are known now belong into `options`: a sampler sees only those. */ startSpan(',
  );
});

test('the architecture page says what null and undefined are', () => {
  expect(words('docs/architecture.md')).toContain('`undefined` sets nothing; `null` is an empty value');
});

test('the exporter interface says whether it is called concurrently', () => {
  expect(words('src/api/types.ts')).toContain('Never called concurrently. */ export(');
});
