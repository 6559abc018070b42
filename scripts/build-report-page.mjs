// Bundles the page of experiment reports, script and style, to src/experiments/views/report-page.gen.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const views = new URL('../src/experiments/views/', import.meta.url);
const page = fileURLToPath(new URL('page/page.ts', views));
const { outputFiles } = await build({
  entryPoints: [page],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  write: false,
});
const script = outputFiles[0].text.trim();
const css = readFileSync(new URL('page/page.css', views), 'utf8');
const style = (await transform(css, { loader: 'css', minify: true })).code.trim();
for (const [name, content] of Object.entries({ script, style })) {
  if (/<\/(script|style)|<!--/i.test(content)) throw new Error(`the ${name} would end its element`);
}

const text = [
  '// Written by scripts/build-report-page.mjs.',
  `export const PAGE_SCRIPT = ${JSON.stringify(script)};`,
  `export const PAGE_STYLE = ${JSON.stringify(style)};`,
  '',
].join('\n');
writeFileSync(new URL('report-page.gen.ts', views), text);
