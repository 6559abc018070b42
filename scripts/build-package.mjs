// Bundles src/ to dist/: CommonJS that runtimes run, ES modules over it, and ES modules for bundlers, by esbuild;
// declarations by tsc. Run after build-core.mjs.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { buildCommand } from './build-command.mjs';
import { withConstantExports } from './constant-exports.mjs';
import { writeDeclarations } from './declarations.mjs';
import { cutLazyChunks, LAZY_CHUNKS, LOADED, loadedModule, loadLazily } from './lazy-chunks.mjs';
import { writeThirdPartyNotices } from './third-party-notices.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
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

const shared = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['@opentelemetry/api'],
  sourcesContent: true,
  logLevel: 'warning',
};

/** For bundlers: what a program does not import can be left out of it. */
async function buildModules(folder, names, options) {
  const { metafile } = await build({
    ...shared,
    entryPoints: names.map((name) => join(root, `src/${name}.ts`)),
    sourcemap: true,
    outdir: join(dist, folder),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared-[hash]',
    metafile: true,
    ...options,
  });
  return metafile;
}

/** Where a host has no `AsyncLocalStorage`: what stands for it. */
const callStorage = {
  name: 'call-storage',
  setup({ onResolve }) {
    onResolve({ filter: /\/async-storage\.ts$/ }, () => ({ path: join(root, 'src/api/call-storage.ts') }));
  },
};

/** What entries have in common: what every one has, what the AI layer adds, and what a provider adds. */
const BASE = ['src/init.ts'];
const AI = [...BASE, 'src/index.ts'];
const PROVIDER = modulesOf('provider');

function modulesOf(chunk) {
  return LAZY_CHUNKS[chunk].map((module) => `src/${module}.ts`);
}

function commonOf(name) {
  if (name === 'register' || name === 'lazy-provider') return BASE;
  if (/^(?:index|ai-sdk|langchain|mcp|experiments)$/.test(name)) return AI;
  if (/^(?:testing|honeyhive|lazy-(?:dialect|follow|model).*)$/.test(name)) return [...AI, ...PROVIDER];
  return [...BASE, ...PROVIDER];
}

/**
 * An esbuild plugin for entries by name. Each imports the common modules for their effects first: modules that the same
 * entries reach are one chunk, so all of what is common is one file and not one for each set of entries.
 */
const namedEntries = {
  name: 'entries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^entry:/ }, ({ path }) => ({ path, namespace: 'entry' }));
    onResolve({ filter: /^whole:/ }, ({ path }) => ({
      path: join(root, path.slice('whole:'.length)),
      sideEffects: true,
    }));
    onLoad({ filter: /./, namespace: 'entry' }, ({ path }) => {
      const name = path.slice('entry:'.length);
      const modules = name.startsWith('lazy-') ? modulesOf(name.slice('lazy-'.length)) : [`src/${name}.ts`];
      const lines = [...commonOf(name), ...modules].map((module) => `import 'whole:${module}';`);
      lines.push(...modules.map((module) => `export * from './${module}';`));
      return { contents: lines.join('\n'), resolveDir: root };
    });
  },
};

/** The one implementation that Node, Deno and Bun load, by `require` and by `import`. */
async function buildCommonJs() {
  const names = [...entries, ...Object.keys(LAZY_CHUNKS).map((chunk) => `lazy-${chunk}`)];
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: names.map((name) => ({ in: `entry:${name}`, out: name })),
    plugins: [namedEntries, cutLazyChunks(root)],
    sourcemap: 'inline',
    outdir: join(dist, 'cjs'),
    outExtension: { '.js': '.cjs' },
    chunkNames: 'shared-[hash]',
    write: false,
    metafile: true,
  });
  mkdirSync(join(dist, 'cjs'), { recursive: true });
  writeFileSync(join(dist, 'cjs', LOADED), loadedModule());
  copyFileSync(join(root, 'scripts/runtime.cjs'), join(dist, 'cjs/runtime.cjs'));
  const modules = new Map();
  for (const { path, text } of outputFiles) {
    const file = basename(path);
    const { code, map } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: shared.target,
      // Test runners that load CommonJS in a context of their own have no `import()` there.
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcesContent: true,
      sourcefile: file,
    });
    modules.set(file, code);
    writeFileSync(join(dist, 'cjs', `${file}.map`), map);
  }
  for (const [file, code] of withConstantExports(modules)) {
    const head = entries.includes(file.replace(/\.cjs$/, '')) ? 'require("./runtime.cjs"); ' : '';
    writeFileSync(
      join(dist, 'cjs', file),
      // The sources are ES modules, which are strict: `this` of a wrapper would be the global object else.
      `"use strict"; ${head}${loadLazily(withoutRequire(code))}//# sourceMappingURL=${file}.map\n`,
    );
  }
  return metafile;
}

/** In an ES module that a bundler makes of CommonJS there is no `require` for modules of the runtime. */
function withoutRequire(code) {
  return code.replace(
    /\brequire\(("node:\w+")\)/g,
    '(globalThis.process?.getBuiltinModule?.($1) ?? require($1))',
  );
}

/** What `import` gets on runtimes: the CommonJS modules, so that both have one state, under names that can be checked. */
function writeWrappers({ outputs }) {
  mkdirSync(join(dist, 'esm'), { recursive: true });
  for (const { entryPoint, exports: names } of Object.values(outputs)) {
    const entry = entryPoint?.slice('entry:entry:'.length);
    if (!entries.includes(entry)) continue;
    const source = `../cjs/${entry}.cjs`;
    const lines =
      names.length === 0
        ? [`import '${source}';`]
        : [
            `import exported from '${source}';`,
            '',
            ...names.sort().map((name) => `export const ${name} = exported.${name};`),
          ];
    writeFileSync(join(dist, 'esm', `${entry}.mjs`), `${lines.join('\n')}\n`);
  }
}

rmSync(dist, { recursive: true, force: true });
const published = entries.filter((name) => name !== 'bench-hooks');
const modules = await buildModules('module', published);
const browser = await buildModules(
  'browser',
  // Experiments read and write files; the entry for programs written for HoneyHive has them as well.
  published.filter((name) => !['experiments', 'honeyhive'].includes(name)),
  { platform: 'browser', plugins: [callStorage] },
);
const commonJs = await buildCommonJs();
writeWrappers(commonJs);
const command = await buildCommand(root, shared);
writeThirdPartyNotices(root, [modules, browser, commonJs, ...command]);

writeDeclarations(published);
