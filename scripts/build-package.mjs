// Bundles src/ to dist/: ESM and CommonJS by esbuild, declarations by tsc. Run after build-core.mjs.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = ['index', 'otel', 'honeyhive', 'register', 'bench-hooks'].filter((name) =>
  existsSync(join(root, `src/${name}.ts`)),
);

/** Modules with names to import. The bench measures what is installed, through a hook that is not packed. */
const published = entries.filter((name) => name !== 'bench-hooks' && name !== 'register');
const identifier = (name) => name.replaceAll('-', '_');

const shared = {
  entryPoints: entries.map((name) => join(root, `src/${name}.ts`)),
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['@opentelemetry/api'],
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  ...shared,
  format: 'esm',
  splitting: true,
  outdir: join(root, 'dist/esm'),
  outExtension: { '.js': '.mjs' },
  chunkNames: 'shared-[hash]',
});

// CommonJS bundles cannot share chunks: one bundle holds all entries, so that they share one arena and one state.
await build({
  ...shared,
  entryPoints: undefined,
  stdin: {
    contents: [
      ...published.map((name) => `export * as ${identifier(name)} from './src/${name}.ts';`),
      "export { initOnce } from './src/init.ts';",
    ].join('\n'),
    resolveDir: root,
  },
  format: 'cjs',
  outfile: join(root, 'dist/cjs/shared.cjs'),
});
for (const name of published) {
  writeFileSync(
    join(root, `dist/cjs/${name}.cjs`),
    `module.exports = require('./shared.cjs').${identifier(name)};\n`,
  );
}

// What loading src/register.ts does, done at the load of this entry and not of the bundle.
writeFileSync(join(root, 'dist/cjs/register.cjs'), "require('./shared.cjs').initOnce();\n");

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
