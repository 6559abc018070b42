// Bundles bench/ with esbuild and runs it with the arguments it was given; bench/options.ts reads them.
// The name of another program as the first argument runs that one instead.
// Packages stay external, and `spandrel` is this package's own dist, so what is measured is what people install.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'build/bench');
const args = process.argv.slice(2);

/** Each program of bench/, and the folder of the packages that it measures ours against. */
const RIVALS = {
  run: 'rivals',
  startup: 'rivals',
  wrappers: 'wrappers',
  experiments: 'rivals-experiments',
  propagation: undefined,
};

mkdirSync(output, { recursive: true });
await build({
  absWorkingDir: root,
  // The corpus is an entry of its own: each side of a row imports its own copy of it.
  entryPoints: [...Object.keys(RIVALS), 'worker', 'corpus'].map((name) => `bench/${name}.ts`),
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

const program = Object.hasOwn(RIVALS, args[0]) ? args[0] : 'run';
const rivals = RIVALS[program] && join(root, 'bench', RIVALS[program]);
if (rivals && !args.includes('--no-rivals') && !existsSync(join(rivals, 'node_modules'))) {
  console.error('bench: installing the rivals, once');
  const installed = spawnSync('npm', ['ci', '--silent'], { cwd: rivals, stdio: 'inherit' });
  if (installed.status !== 0)
    console.error(`bench: npm ci in bench/${RIVALS[program]} failed; rows of rivals will say what they miss`);
}

spawn(process.execPath, [join(output, `${program}.mjs`), ...args], { stdio: 'inherit' }).on(
  'exit',
  (code) => {
    process.exitCode = code ?? 1;
  },
);
