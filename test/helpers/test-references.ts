/** @module Whether the tests that a page names are there. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestReference } from '../compliance/claims.ts';
import { titlesOf } from './test-titles.ts';

const TESTS = fileURLToPath(new URL('../', import.meta.url));
const known = new Map<string, Set<string> | undefined>();

/** Why a reference leads to no test; `undefined` if it leads to one. */
export function fault(reference: TestReference): string | undefined {
  const [, file, title] = /^(.+?\.ts): (.+)$/s.exec(reference) ?? [];
  if (!known.has(file)) {
    const path = `${TESTS}${file}`;
    known.set(file, existsSync(path) ? titlesOf(readFileSync(path, 'utf8')) : undefined);
  }
  const titles = known.get(file);
  if (titles === undefined) return `no file ${file}`;
  return titles.has(title) ? undefined : `no test "${title}" in ${file}`;
}

/** The faults of all of them. */
export function faults(references: readonly TestReference[]): string[] {
  return references.map(fault).filter((one) => one !== undefined);
}
