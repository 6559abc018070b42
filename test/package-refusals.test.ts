/** What a user meets who installs the package where it cannot work: one error, with its cause and its cure. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { pack, unpack } from './helpers/packed.ts';
import { Installation, NODE, probeRuntime } from './helpers/runtimes.ts';

const OLD_NODE = fileURLToPath(
  new URL(`./versions/node/node_modules/node-18-${process.arch}/bin/node`, import.meta.url),
);

const ASKS = {
  'main.mjs': "import { init } from 'spandrel'; init();",
  'main.cjs': "require('spandrel').init();",
  'register.mjs': "import 'spandrel/register';",
};

const describeBuilt = requireCounterpart('the built package', () => probeRuntime(NODE));
const describeOldNode = requireCounterpart('Node 18', () =>
  existsSync(OLD_NODE) ? undefined : `Expected ${OLD_NODE}; run \`npm ci --prefix test/versions/node\`.`,
);

describeOldNode('a Node that is too old', () => {
  test.each(Object.entries(ASKS))('%s: is named, with the one that is expected', async (name, source) => {
    const installation = new Installation();
    const runtime = { name: 'Node 18', binary: OLD_NODE, parameters: [] };
    const { code, stderr } = await installation.run(runtime, installation.add(name, source));
    installation.remove();
    expect(code).toBe(1);
    expect(stderr.match(/^Error: .*$/gm)).toEqual([
      expect.stringMatching(/^Error: spandrel: expected Node 20 or later, got 18\.[\d.]+\. Update Node\.$/),
    ]);
  });
});

describeBuilt('an installed package', () => {
  let bare: string;
  beforeAll(() => {
    bare = mkdtempSync(join(tmpdir(), 'spandrel-bare-'));
    unpack(pack(bare).tarball, bare);
  });
  afterAll(() => rmSync(bare, { recursive: true, force: true }));

  const fails = (name: string, source: string): string => {
    writeFileSync(join(bare, name), source);
    try {
      execFileSync(process.execPath, [name], { cwd: bare, stdio: 'pipe', encoding: 'utf8' });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
    throw new Error('expected the program to fail');
  };

  test.each(Object.entries(ASKS))('%s without the API: says what to install', (name, source) => {
    expect(fails(name, source).match(/^Error: .*$/gm)).toEqual([
      'Error: spandrel: expected the package @opentelemetry/api beside it, found none. Run: npm install @opentelemetry/api@1.9',
    ]);
  });

  test('a subpath that does not exist is named by the runtime', () => {
    const stderr = fails('subpath.mjs', "import 'spandrel/exporters';");
    expect(stderr).toMatch(/ERR_PACKAGE_PATH_NOT_EXPORTED.*'\.\/exporters'.*spandrel[/\\]package\.json/s);
  });

  test.each([
    ['1.8.0', 'got 1.8.0'],
    ['1.11.2', 'got 1.11.2'],
  ])('version %s of the API is named, once, and the program runs on', async (version, found) => {
    const installation = new Installation();
    const receiver = await receiveOtlp();
    const source = `
      globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '${version}' };
      const { init, startSpan } = await import('spandrel');
      init();
      startSpan('ran on').end();`;
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
    const { code, stderr } = await installation.run(NODE, installation.add('old.mjs', source), {
      environment,
    });
    installation.remove();
    expect(code).toBe(0);
    const said = stderr.split('\n').filter((line) => line.includes('expected @opentelemetry/api'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`>=1.9.0 <1.11.0, ${found}`);
    expect(said[0]).toContain('npm install @opentelemetry/api@1.9');
    expect(receiver.spans.map(({ name }) => name)).toEqual(['ran on']);
  });

  test('an engine that is forced and cannot start is named, tracing is off, and the program runs on', async () => {
    const installation = new Installation();
    const file = installation.add(
      'forced.mjs',
      "import { init, stats, trace } from 'spandrel'; init(); console.log(trace(() => 'ran')(), stats().engine);",
    );
    const environment = { SPANDREL_ENGINE: 'wasm' };
    const result = await installation.run(NODE, file, { environment, flags: ['--jitless'] });
    installation.remove();
    expect(result).toMatchObject({ code: 0, stdout: 'ran none\n' });
    const said = result.stderr.split('\n').filter((line) => line.startsWith('spandrel'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/tracing is off: engine 'wasm'.*Use engine 'auto' or 'ts'/);
  });

  test.each([
    [
      'auto',
      'ts',
      /the wasm engine could not start \(expected the WebAssembly module in the bundle.*TypeScript engine is used/,
    ],
    ['wasm', 'none', /tracing is off: engine 'wasm'.*bundle this package as it is/],
  ])('a bundle without the wasm, engine %s: %s runs', async (engine, runs, message) => {
    const outfile = join(bare, `dropped-${engine}.mjs`);
    await build({
      stdin: {
        contents: "import { init, stats } from 'spandrel'; init(); console.log(stats().engine);",
        resolveDir: bare,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      external: ['@opentelemetry/api'],
      logLevel: 'silent',
    });
    const text = readFileSync(outfile, 'utf8');
    const without = text.replace(/"0061736d[0-9a-f]+"/, '""');
    expect(without.length).toBeLessThan(text.length - 10_000);
    const installation = new Installation();
    const environment = { SPANDREL_ENGINE: engine, OTEL_TRACES_EXPORTER: 'none' };
    const result = await installation.run(NODE, installation.add('dropped.mjs', without), { environment });
    installation.remove();
    expect(result).toMatchObject({ code: 0, stdout: `${runs}\n` });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });
});
