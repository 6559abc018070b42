/** @module Frameworks as a user installs them, in `test/frameworks`: loaded into the test, or into a program of another Node. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DeclareSuite, requireCounterpart } from './counterparts.ts';

/** Where the packages are installed. */
export const FRAMEWORKS = fileURLToPath(new URL('../frameworks/', import.meta.url));

function probeFrameworks(): string | undefined {
  if (existsSync(`${FRAMEWORKS}node_modules/ai`)) return undefined;
  return 'Expected the packages that `npm ci --prefix test/frameworks` installs; run that first.';
}

/** `describe` for suites that load packages of `test/frameworks`. */
export const describeFrameworks: DeclareSuite = requireCounterpart(
  'the project test/frameworks',
  probeFrameworks,
);
