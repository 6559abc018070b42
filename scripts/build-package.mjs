// Bundles src/ to dist/: ESM and CommonJS by esbuild, declarations by tsc. Run after build-core.mjs.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = [
  'index',
  'otel',
  'testing',
  'honeyhive',
  'register',
  'ai-sdk',
  'langchain',
  'mcp',
  'experiments',
  'bench-hooks',
].filter((name) => existsSync(join(root, `src/${name}.ts`)));

/** Modules with names to import. The bench measures what is installed, through a hook that is not packed. */
const published = entries.filter((name) => name !== 'bench-hooks' && name !== 'register');
const identifier = (name) => name.replaceAll('-', '_');

/** Packages whose code is in the build, by the folder they are in. */
const bundled = new Set();
const bundledPackages = {
  name: 'bundled-packages',
  setup({ initialOptions, onEnd }) {
    initialOptions.metafile = true;
    onEnd(({ metafile }) => {
      for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
        for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
          const [folder] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input) ?? [];
          if (folder !== undefined && bytesInOutput > 0) bundled.add(folder);
        }
      }
    });
  },
};

const shared = {
  plugins: [bundledPackages],
  absWorkingDir: root,
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

/** Modules of experiments that are loaded when they are needed: each a bundle of its own in CommonJS. */
const lazy = new Map();
const lazyModules = {
  name: 'lazy-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\// }, ({ path, kind, importer }) => {
      if (kind !== 'dynamic-import' || !importer.startsWith(join(root, 'src/experiments'))) return undefined;
      const name = `lazy-${basename(path, '.ts')}`;
      lazy.set(name, resolve(dirname(importer), path));
      return { path: `./${name}.cjs`, external: true };
    });
  },
};

// CommonJS bundles cannot share chunks: one bundle holds all entries, so that they share one arena and one state.
await build({
  ...shared,
  entryPoints: undefined,
  plugins: [bundledPackages, lazyModules],
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
for (const [name, file] of lazy) {
  await build({
    ...shared,
    entryPoints: [file],
    plugins: [bundledPackages, lazyModules],
    format: 'cjs',
    outfile: join(root, `dist/cjs/${name}.cjs`),
  });
}
for (const name of published) {
  writeFileSync(
    join(root, `dist/cjs/${name}.cjs`),
    `module.exports = require('./shared.cjs').${identifier(name)};\n`,
  );
}

// What loading src/register.ts does, done at the load of this entry and not of the bundle.
writeFileSync(join(root, 'dist/cjs/register.cjs'), "require('./shared.cjs').initOnce();\n");

// The command: a program over the entries, and what it borrows in a bundle that it loads when it runs a file.
const borrowed = {
  name: 'borrowed',
  setup({ onResolve }) {
    onResolve({ filter: /\/libraries\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './libraries.cjs', external: true } : undefined,
    );
  },
};
await build({
  ...shared,
  entryPoints: [join(root, 'src/cli.ts')],
  plugins: [bundledPackages, borrowed],
  format: 'esm',
  outfile: join(root, 'dist/cli/spandrel.mjs'),
});
await build({
  ...shared,
  entryPoints: [join(root, 'src/cli/libraries.ts')],
  format: 'cjs',
  // For those that were ES modules.
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  minify: true,
  sourcemap: false,
  outfile: join(root, 'dist/cli/libraries.cjs'),
});

/** The licences of bundled packages, which ask to be handed on with the code. */
function licences() {
  const texts = [...bundled].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? `${license}\n` : readFileSync(join(root, folder, file), 'utf8');
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), licences());

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
