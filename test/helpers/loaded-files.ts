/** @module Which files of the built package a program loads, and how large they are on the way to a user. */

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import { run, write } from './api-child.ts';

const CJS = fileURLToPath(new URL('../../dist/cjs/', import.meta.url));

/** The files that `source`, the body of an asynchronous function with `load(entry)`, has loaded when it ends. */
export async function loadedFiles(
  source: string,
  environment: Record<string, string> = {},
): Promise<string[]> {
  const program = `
const load = (entry) => require(${JSON.stringify(CJS)} + entry + '.cjs');
(async () => { ${source} })().then(() => {
  const files = Object.keys(require.cache).filter((file) => file.startsWith(${JSON.stringify(CJS)}));
  process.stdout.write(JSON.stringify(files));
});`;
  const { code, stdout, stderr } = await run(write(program, 'cjs'), { environment });
  if (code !== 0) throw new Error(`expected the program to end well, got ${code}: ${stderr}`);
  return (JSON.parse(stdout) as string[]).map((file) => basename(file));
}

const minified = new Map<string, string>();

function minify(file: string): string {
  let text = minified.get(file);
  if (text === undefined) {
    const source = readFileSync(join(CJS, file), 'utf8');
    text = transformSync(source, { minify: true, format: 'cjs', platform: 'node' }).code;
    minified.set(file, text);
  }
  return text;
}

/** Bytes of `files` together, minified and compressed by gzip. */
export function compressedBytes(files: readonly string[]): number {
  return gzipSync(files.map(minify).join(''), { level: 9 }).length;
}

/** The sources of a built file, by its source map. */
export function sourcesOf(file: string): string[] {
  const map = JSON.parse(readFileSync(join(CJS, `${file}.map`), 'utf8')) as { sources: string[] };
  return map.sources.map((source) => join(dirname(join(CJS, file)), source));
}
