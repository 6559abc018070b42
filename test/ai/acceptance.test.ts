/** The acceptance cases of `trace`: here from the sources, and from the built package in every runtime it is for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as api from '@opentelemetry/api';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as spandrel from '../../src/index.ts';
import * as otel from '../../src/otel.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { BUN, DENO, Installation, probeRuntime, type Runtime } from '../helpers/runtimes.ts';
import { runCase } from './acceptance/kit.ts';
import { cases } from './acceptance/suite.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe.each([
  ['arena', false],
  ['plug-in', true],
])('in %s mode', (_, asObjects) => {
  test.each(Object.entries(cases))('%s', (__, run) => runCase(run, { spandrel, otel, api, asObjects }));
});

const nodeVersion = (version: number): Runtime => ({
  name: `Node ${version}`,
  binary: join(ROOT, `test/versions/node/node_modules/node-${version}-${process.arch}/bin/node`),
  parameters: [],
});

const PROGRAM = `
  import * as spandrel from 'spandrel';
  import * as otel from 'spandrel/otel';
  import * as api from '@opentelemetry/api';
  import { runAll } from './test/ai/acceptance/suite.ts';
  await runAll({ spandrel, otel, api });
`;

let installation: Installation;
let program: string;

beforeAll(async () => {
  installation = new Installation();
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: ['spandrel', '@opentelemetry/api'],
  });
  program = installation.add('acceptance.mjs', outputFiles[0].text);
});

afterAll(() => installation.remove());

for (const runtime of [nodeVersion(20), nodeVersion(24), DENO, BUN]) {
  const probe = (): string | undefined =>
    existsSync(runtime.binary)
      ? probeRuntime(runtime)
      : `Expected ${runtime.name} at its place; run npm ci there.`;
  requireCounterpart(runtime.name, probe)(`the built package on ${runtime.name}`, () => {
    test('passes every case', async () => {
      const { code, stdout, stderr } = await installation.run(runtime, program);
      const total = Object.keys(cases).length * 2;
      expect([code, stdout, stderr.slice(0, 2000)].join('\n')).toContain(`passed: ${total} of ${total}`);
    });
  });
}
