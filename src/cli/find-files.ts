/** Evaluation files, by path, folder and glob. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from './usage.ts';

const IN_FOLDER = '**/*.eval.{ts,mts,cts,tsx,js,mjs,cjs,jsx}';
const NOT_LOOKED_INTO = ['**/node_modules/**', '**/.git/**'];
const GLOB = /[*?[\]{}()!]/;

/**
 * Absolute paths, each once: those of a pattern in the order of their names, the patterns in theirs.
 *
 * @throws UsageError for a pattern that finds nothing.
 */
export async function findFiles(patterns: readonly string[], folder: string): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) for (const file of await filesOf(pattern, folder)) found.add(file);
  return [...found];
}

async function filesOf(pattern: string, folder: string): Promise<string[]> {
  const path = resolve(folder, pattern);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) {
    const files = await globbed(IN_FOLDER, path);
    if (files.length > 0) return files;
    throw new UsageError(
      `${pattern}: expected evaluation files in this folder, such as a.eval.ts, found none.`,
    );
  }
  if (stats !== undefined) return [path];
  if (!GLOB.test(pattern))
    throw new UsageError(`${pattern}: expected an evaluation file, found no such file.`);
  const files = await globbed(pattern, folder);
  if (files.length > 0) return files;
  throw new UsageError(`${pattern}: expected at least one file to match, found none in ${folder}.`);
}

async function globbed(pattern: string, folder: string): Promise<string[]> {
  const { glob } = await import('./libraries.ts');
  const files = await glob([pattern], {
    cwd: folder,
    absolute: true,
    ignore: NOT_LOOKED_INTO,
    expandDirectories: false,
  });
  return files.sort();
}
