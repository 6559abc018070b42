// Makes the declarations of the entries: by tsc from src/, without the files that no entry leads to, once for ES modules
// and once for CommonJS. The two are equal; TypeScript tells them apart by the package.json beside them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const types = join(root, 'dist/types');
const made = join(types, 'made');

/** `import './x.ts'`, `from './x.ts'` and `import('./x.ts')`, as tsc leaves them. */
const RELATIVE = /((?:\bfrom|\bimport)\s*\(?\s*['"])(\.[^'"]*)\.ts(?=['"])/g;

/** The text of every declaration file that the entries lead to, by path. */
function reached(entries) {
  const texts = new Map();
  const visit = (path) => {
    if (texts.has(path)) return;
    const text = readFileSync(join(made, path), 'utf8');
    // Typed arrays have no type parameter before TypeScript 5.7; without one it means the same buffers or more.
    const plain = text.replace(/\b(\w+Array)<ArrayBuffer>/g, '$1');
    texts.set(path, plain.replace(RELATIVE, '$1$2.js'));
    for (const [, , target] of text.matchAll(RELATIVE)) visit(`${join(dirname(path), target)}.d.ts`);
  };
  for (const entry of entries) visit(`src/${entry}.d.ts`);
  return texts;
}

export function writeDeclarations(entries) {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
  for (const [folder, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ]) {
    for (const [path, text] of reached(entries)) {
      const file = join(types, folder, path.replace(/^src\//, ''));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    writeFileSync(join(types, folder, 'package.json'), `${JSON.stringify({ type })}\n`);
  }
  rmSync(made, { recursive: true });
}
