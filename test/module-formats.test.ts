/** One program may import the package and require it: both have one state, on every runtime. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { BUN, DENO, Installation, NODE, probeRuntime, type Runtime } from './helpers/runtimes.ts';

const VERSIONS = fileURLToPath(new URL('./versions/node/node_modules/', import.meta.url));
const OTHER_NODES = ['22', '24'].map((version) => ({
  name: `Node ${version}`,
  binary: `${VERSIONS}node-${version}-${process.arch}/bin/node`,
  parameters: [],
}));
const ENTRIES = ['', '/otel', '/testing', '/honeyhive', '/ai-sdk', '/langchain', '/mcp'];

const BOTH = `
import { createRequire } from 'node:module';
import * as imported from 'spandrel';
const require = createRequire(import.meta.url);
const required = require('spandrel');
imported.init();
required.startSpan('required').end();
imported.startSpan('imported').end();
const differing = [];
for (const entry of ${JSON.stringify(ENTRIES)}) {
  const one = await import('spandrel' + entry);
  const other = require('spandrel' + entry);
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (one[name] === undefined || one[name] !== other[name]) differing.push(entry + ' ' + name);
  }
}
const { started, engine } = required.stats();
console.log(JSON.stringify({ started, engine, differing }));
await required.shutdown();
`;

const REGISTERED = `
const { stats, startSpan } = require('spandrel');
startSpan('after register').end();
console.log(stats().started, stats().engine);
`;

function describeOn(runtime: Runtime) {
  return requireCounterpart(runtime.name, () =>
    runtime === DENO || runtime === BUN || runtime === NODE
      ? probeRuntime(runtime)
      : existsSync(runtime.binary)
        ? undefined
        : `Expected ${runtime.binary}; run \`npm ci --prefix test/versions/node\`.`,
  );
}

let installation: Installation;
beforeAll(() => {
  installation = new Installation();
});
afterAll(() => installation.remove());

for (const runtime of [NODE, ...OTHER_NODES, DENO, BUN]) {
  describeOn(runtime)(`on ${runtime.name}`, () => {
    test('import and require give the same functions, and one provider', async () => {
      const receiver = await receiveOtlp();
      const file = installation.add('both.mjs', BOTH);
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
      const { code, stdout, stderr } = await installation.run(runtime, file, { environment });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({ started: 2, engine: 'wasm', differing: [] });
      expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['imported', 'required']);
    });
  });
}

for (const runtime of [NODE, ...OTHER_NODES, BUN]) {
  describeOn(runtime)(`registered on ${runtime.name}`, () => {
    // Bun and older Nodes preload by require as well.
    test.each([runtime === BUN ? '--preload' : '--import', '--require'])(
      '%s: a CommonJS program finds what runs',
      async (flag) => {
        const receiver = await receiveOtlp();
        const file = installation.add('registered.cjs', REGISTERED);
        const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
        const flags = [flag, 'spandrel/register'];
        const { code, stdout, stderr } = await installation.run(runtime, file, { environment, flags });
        expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '1 wasm\n', stderr: '' });
        expect(receiver.spans.map(({ name }) => name)).toEqual(['after register']);
      },
    );
  });
}
