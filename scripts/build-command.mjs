// Builds the command `spandrel`: a program over the entries, and what it borrows in a bundle that it loads when it runs a file.
import { join } from 'node:path';
import { build } from 'esbuild';

const borrowed = {
  name: 'borrowed',
  setup({ onResolve }) {
    onResolve({ filter: /\/libraries\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './libraries.cjs', external: true } : undefined,
    );
  },
};

/** @returns what esbuild says of both. */
export async function buildCommand(root, shared) {
  const folder = join(root, 'dist/cli');
  const program = await build({
    ...shared,
    splitting: false,
    entryPoints: [join(root, 'src/cli.ts')],
    plugins: [borrowed],
    sourcemap: true,
    metafile: true,
    outfile: join(folder, 'spandrel.mjs'),
  });
  const libraries = await build({
    ...shared,
    splitting: false,
    entryPoints: [join(root, 'src/cli/libraries.ts')],
    format: 'cjs',
    // For those that were ES modules.
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    minify: true,
    metafile: true,
    outfile: join(folder, 'libraries.cjs'),
  });
  return [program.metafile, libraries.metafile];
}
