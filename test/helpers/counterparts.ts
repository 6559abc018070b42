/**
 * @module What a suite does when the program it checks against is not on this machine: it is skipped with a
 * printed reason, or, with `SPANDREL_REQUIRE=all` as in continuous integration, it fails.
 */

import { describe, expect, test } from 'vitest';

/** Declares a suite, as `describe` does. */
export type DeclareSuite = (title: string, body: () => void) => void;

/**
 * `describe` for suites that need the counterpart `name`. `probe` answers `undefined` when it is present, else
 * what was looked for and how to get it.
 */
export function requireCounterpart(name: string, probe: () => string | undefined): DeclareSuite {
  const reason = probe();
  if (reason === undefined) return (title, body) => describe(title, body);
  if (process.env.SPANDREL_REQUIRE === 'all') {
    return (title) => describe(title, () => test(`${name} is present`, () => expect.fail(reason)));
  }
  return (title, body) => {
    console.warn(`skipped: ${title}: ${name} is absent. ${reason}`);
    describe.skip(`${title} (skipped: ${name} is absent)`, body);
  };
}
