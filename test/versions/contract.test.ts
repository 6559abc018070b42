/** The suites of the plug-in contract on the Node releases that the other suites do not run on. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { nodeBinary } from './combinations.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const CONFIG = join(ROOT, 'test/versions/contract.config.ts');

for (const major of [22, 24]) {
  const declare = requireCounterpart(`Node ${major}`, () =>
    existsSync(nodeBinary(major))
      ? undefined
      : `Expected Node ${major}; run \`npm ci --prefix test/versions/node\` on Linux.`,
  );
  declare(`Node ${major}`, () => {
    it('passes the suites of the plug-in contract', { timeout: 180_000 }, async () => {
      const environment = Object.entries(process.env).filter(
        ([name]) => !/^(VITEST|NODE_|OTEL|SPANDREL)/.test(name),
      );
      const report = ['--reporter=json', '--silent'];
      const { stdout } = await promisify(execFile)(
        nodeBinary(major),
        [VITEST, 'run', '--root', ROOT, '--config', CONFIG, ...report],
        { env: Object.fromEntries(environment), maxBuffer: 64 << 20, timeout: 170_000 },
      ).catch((error: { stdout?: string; stderr?: string; message: string }) => {
        throw new Error(`${error.message}\n${error.stderr ?? ''}\n${failuresIn(error.stdout ?? '')}`);
      });
      const { numPassedTests, numFailedTests } = JSON.parse(stdout);
      expect(numFailedTests).toBe(0);
      expect(numPassedTests).toBeGreaterThan(300);
    });
  });
}

function failuresIn(report: string): string {
  try {
    return JSON.parse(report)
      .testResults.flatMap(
        ({ assertionResults }: { assertionResults: { status: string; fullName: string }[] }) =>
          assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      )
      .join('\n');
  } catch {
    return report.slice(0, 2000);
  }
}
