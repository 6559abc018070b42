// Bundles bench/ with esbuild and runs it with the arguments it was given; bench/options.ts reads them.
// `propagation`, `startup` or `experiments` as the first argument runs the file of that name instead, `wrappers`
// bench/wrappers/main.mjs.
// Packages stay external, and `spandrel` is this package's own dist, so what is measured is what people install.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'build/bench');
const args = process.argv.slice(2);

mkdirSync(output, { recursive: true });
await build({
  absWorkingDir: root,
  // The corpus is an entry of its own: each side of a row imports its own copy of it.
  entryPoints: ['run', 'worker', 'corpus', 'propagation', 'startup', 'experiments'].map(
    (name) => `bench/${name}.ts`,
  ),
  outdir: output,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});

const program =
  ['propagation', 'startup', 'experiments', 'wrappers'].find((name) => name === args[0]) ?? 'run';
const rivals = join(root, program === 'wrappers' ? 'bench/wrappers' : 'bench/rivals');
const needsRivals = !['propagation', 'experiments'].includes(program) && !args.includes('--no-rivals');
if (needsRivals && !existsSync(join(rivals, 'node_modules'))) {
  console.error('bench: installing the rivals, once');
  const installed = spawnSync('npm', ['ci', '--silent'], { cwd: rivals, stdio: 'inherit' });
  if (installed.status !== 0)
    console.error(`bench: npm ci in ${rivals} failed; rows of rivals will say what they miss`);
}

const main = program === 'wrappers' ? join(root, 'bench/wrappers/main.mjs') : join(output, `${program}.mjs`);
spawn(process.execPath, [main, ...args], { stdio: 'inherit' }).on('exit', (code) => {
  process.exitCode = code ?? 1;
});
