import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository root, found from the source tree as well as from the bundle in build/bench. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  const manifest = join(from, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'spandrel') return from;
  const parent = dirname(from);
  if (parent === from)
    throw new Error('expected to run inside the spandrel repository; no package.json found');
  return findRoot(parent);
}
