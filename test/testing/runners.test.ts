/** A suite in each test runner, as its users write one: what passes, what fails, and what a failure says. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SAMPLES = `${HERE}samples/`;
const describeRunners = requireCounterpart('the project test/testing', () => {
  if (!existsSync(`${HERE}node_modules/jest`)) {
    return 'Expected the packages that `npm ci --prefix test/testing` installs; run that first.';
  }
  return existsSync(`${HERE}node_modules/spandrel/dist/esm/testing.mjs`)
    ? undefined
    : 'Expected the built package, which `npm run build` makes; run that first.';
});

interface Runner {
  file: string;
  arguments: string[];
  flags?: string[];
  passed: RegExp;
  failed: RegExp;
  /** Those of its cases that are to fail. */
  failures: number;
}

const RUNNERS: Record<string, Runner> = {
  Vitest: {
    file: `${HERE}node_modules/vitest/vitest.mjs`,
    arguments: ['run', '--config', `${SAMPLES}vitest.config.mjs`, '--no-color'],
    passed: /Tests .*\b1 passed/,
    failed: /Tests .*\b4 failed/,
    failures: 4,
  },
  Jest: {
    file: `${HERE}node_modules/jest/bin/jest.js`,
    arguments: ['--config', `${SAMPLES}jest.config.json`, '--no-color', '--runInBand'],
    passed: /Tests: .*\b1 passed/,
    failed: /Tests: .*\b4 failed/,
    failures: 4,
  },
  'node:test': {
    file: `${SAMPLES}node.sample.mjs`,
    arguments: [],
    flags: ['--test', '--test-reporter=spec'],
    passed: /\bpass 1\b/,
    failed: /\bfail 3\b/,
    failures: 3,
  },
};

describeRunners('the matchers', () => {
  test.each(Object.entries(RUNNERS))(
    'pass and fail under %s, and say what came',
    async (_, runner) => {
      const { file, flags, passed, failed } = runner;
      const options = { cwd: HERE, arguments: runner.arguments, flags, deadlineMillis: 50_000 };
      const { code, stdout, stderr } = await run(file, options);
      const said = stdout + stderr;
      expect(code, said).toBe(1);
      expect(said).toMatch(passed);
      expect(said).toMatch(failed);
      expect(said).toMatch(/expected a span "search" with\s+outputs: \["notes on tides"\]/);
      expect(said).toMatch(/one has that name, but\s+outputs is \["notes on bees"\]/);
      expect(said).toMatch(/The spans that came:\s+- agent {2}\[agent\] {2}inputs: "bees"/);
      expect(said).toMatch(/1 failed:\s+search: empty query/);
      expect(said).toMatch(/expected fewer than 10 tokens, got 17/);
      if (runner.failures === 4) expect(said).toMatch(/expected no span "search"/);
    },
    60_000,
  );
});
