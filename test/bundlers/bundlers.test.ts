/** The packed package in what bundlers make of a program, each sending spans to a receiver; and in pnpm's strict layout. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { endWithTest } from '../helpers/child-server.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { pack, unpack } from '../helpers/packed.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALLED = join(HERE, 'node_modules');
const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));
const DEADLINE_MILLIS = 120_000;

const describeBundlers = requireCounterpart('the project test/bundlers', () =>
  existsSync(join(INSTALLED, 'webpack'))
    ? undefined
    : 'Expected the bundlers that `npm ci --prefix test/bundlers` installs; run that first.',
);

// biome-ignore lint/suspicious/noExplicitAny: modules of a project that the type checker does not see.
type Loaded = any;
const load = (path: string): Promise<Loaded> => import(/* @vite-ignore */ join(INSTALLED, path));

describeBundlers('bundled', () => {
  let project: string;
  let tarball: string;

  beforeAll(() => {
    mkdirSync(CACHE, { recursive: true });
    // Inside the repository: Turbopack follows no link out of its root.
    project = mkdtempSync(join(CACHE, 'bundlers-'));
    tarball = pack(project).tarball;
    rmSync(join(INSTALLED, 'spandrel'), { recursive: true, force: true });
    unpack(tarball, HERE);
    cpSync(join(HERE, 'programs'), project, { recursive: true });
    symlinkSync(INSTALLED, join(project, 'node_modules'));
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  /** Bundles `entry` into the one file `outfile`, the API included. */
  type Bundle = (entry: string, outfile: string) => Promise<void>;

  const esbuild =
    (options: object = {}): Bundle =>
    async (entry, outfile) => {
      const { build } = await load('esbuild/lib/main.js');
      const bundle = {
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile,
        logLevel: 'silent',
        ...options,
      };
      await build({ entryPoints: [entry], ...bundle });
    };

  const rollup: Bundle = async (entry, outfile) => {
    const { rollup } = await load('rollup/dist/es/rollup.js');
    const { nodeResolve } = await load('@rollup/plugin-node-resolve/dist/es/index.js');
    const { default: commonjs } = await load('@rollup/plugin-commonjs/dist/es/index.js');
    const bundle = await rollup({ input: entry, plugins: [nodeResolve(), commonjs()], onwarn: () => {} });
    await bundle.write({ file: outfile, format: 'es', inlineDynamicImports: true });
  };

  const vite: Bundle = async (entry, outfile) => {
    const { build } = await load('vite/dist/node/index.js');
    await build({
      root: project,
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true },
      build: {
        ssr: entry,
        outDir: `${outfile}.vite`,
        rollupOptions: { output: { entryFileNames: 'main.mjs', inlineDynamicImports: true } },
      },
    });
    cpSync(`${outfile}.vite/main.mjs`, outfile);
  };

  const webpack: Bundle = async (entry, outfile) => {
    const { default: webpack } = await load('webpack/lib/index.js');
    const stats: Loaded = await new Promise((resolve, reject) =>
      webpack(
        {
          mode: 'production',
          optimization: { minimize: false },
          target: 'node',
          context: project,
          entry,
          output: { path: project, filename: outfile.slice(project.length + 1), module: true },
          experiments: { outputModule: true },
        },
        (error: unknown, stats: unknown) => (error ? reject(error) : resolve(stats)),
      ),
    );
    expect(stats.toJson().errors).toEqual([]);
  };

  const BUNDLES: [string, Bundle][] = [
    ['esbuild', esbuild()],
    ['esbuild, minified', esbuild({ minify: true })],
    ['esbuild with conditions of its own', esbuild({ conditions: ['production'] })],
    ['rollup', rollup],
    ['vite', vite],
    ['webpack', webpack],
  ];

  test.each(BUNDLES)(
    '%s: spans arrive, on wasm, from one copy',
    { timeout: DEADLINE_MILLIS },
    async (name, bundle) => {
      const receiver = await receiveOtlp();
      const outfile = join(project, `${name.replaceAll(/\W+/g, '-')}.mjs`);
      await bundle(join(project, 'main.mjs'), outfile);
      const result = await run(outfile, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(result.stdout)).toEqual({ engine: 'wasm', required: 'wasm' });
      expect(receiver.spans.map((span) => span.name).sort()).toEqual(['answer', 'look up']);
    },
  );

  test.each(BUNDLES.filter(([name]) => /^(esbuild|rollup|webpack)$/.test(name)))(
    '%s: register is kept',
    { timeout: DEADLINE_MILLIS },
    async (name, bundle) => {
      const receiver = await receiveOtlp();
      const outfile = join(project, `register-${name.replaceAll(/\W+/g, '-')}.mjs`);
      await bundle(join(project, 'registered.mjs'), outfile);
      const result = await run(outfile, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(receiver.spans.map((span) => span.name)).toEqual(['registered']);
    },
  );

  test('next: a route handler sends its spans', { timeout: DEADLINE_MILLIS }, async () => {
    const receiver = await receiveOtlp();
    const folder = join(project, 'next');
    const root = JSON.stringify(fileURLToPath(new URL('../../', import.meta.url)));
    writeFileSync(join(folder, 'next.config.mjs'), `export default { turbopack: { root: ${root} } };\n`);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    const next = join(INSTALLED, 'next/dist/bin/next');
    const environment = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };
    execFileSync(process.execPath, [next, 'build'], { cwd: folder, env: environment, stdio: 'pipe' });
    const port = await freePort();
    const server = spawn(
      process.execPath,
      [next, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
      {
        cwd: folder,
        env: { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    endWithTest(server);
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (text) => String(text).includes('Ready') && resolve());
      server.on('exit', (code) => reject(new Error(`next start ended with ${code}`)));
    });
    const answer = await fetch(`http://127.0.0.1:${port}/work`);
    expect(await answer.json()).toEqual({ engine: 'wasm' });
    expect(receiver.spans.map((span) => span.name)).toContain('request');
  });

  test('pnpm: found in its strict layout, by import and by require', {
    timeout: DEADLINE_MILLIS,
  }, async () => {
    const receiver = await receiveOtlp();
    const folder = mkdtempSync(join(tmpdir(), 'spandrel-pnpm-'));
    const api = execFileSync(
      'npm',
      ['pack', '--ignore-scripts', '--pack-destination', folder, join(INSTALLED, '@opentelemetry/api')],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    ).trim();
    const dependencies = { '@opentelemetry/api': `file:${join(folder, api)}`, spandrel: `file:${tarball}` };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
    cpSync(join(HERE, 'programs/main.mjs'), join(folder, 'main.mjs'));
    cpSync(join(HERE, 'programs/required.cjs'), join(folder, 'required.cjs'));
    const pnpm = join(INSTALLED, 'pnpm/bin/pnpm.cjs');
    const store = join(folder, '.store');
    execFileSync(process.execPath, [pnpm, 'install', '--offline', '--store-dir', store], {
      cwd: folder,
      stdio: 'pipe',
    });
    const result = await run(join(folder, 'main.mjs'), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    });
    rmSync(folder, { recursive: true, force: true });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({ engine: 'wasm', required: 'wasm' });
    expect(receiver.spans.map((span) => span.name).sort()).toEqual(['answer', 'look up']);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
