// The exports of a TypeScript module of this repository, for the scripts that write pages from them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param path - below the root of the repository. */
export async function loadTypeScript(path) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../${path}`, import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const text = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${text}`);
}
