// Compiles assembly/ twice: with asc and wasm-opt to build/engine.wasm, which src/engine/wasm-bytes.gen.ts
// carries as hexadecimal digits, and with esbuild to src/engine/core.gen.js, a factory over one ArrayBuffer.
// An argument names another folder to put all of that into: `node scripts/build-core.mjs build/again`.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = resolve(process.argv[2] ?? root);

/** asc asks for `./x.ts` as `x.ts.ts`; the memory primitives come from the WebAssembly half of the pair. */
function readForAsc(filename, baseDir) {
  const single = filename.replace(/\.ts\.ts$/, '.ts').replace(/\bmem\.ts$/, 'mem.wasm.ts');
  try {
    return readFileSync(join(baseDir, single), 'utf8');
  } catch {
    return null;
  }
}

async function compile(target) {
  const { error, stderr } = await asc.main(
    ['--config', 'asconfig.json', '--target', target, '--baseDir', root],
    {
      readFile: readForAsc,
      writeFile: (name, contents) =>
        writeFileSync(join(output, relative(root, resolve(root, name))), contents),
    },
  );
  if (error)
    throw new Error(`asc could not compile assembly/ (${target}): ${error.message}\n${stderr.toString()}`);
}

function optimize() {
  const wasmOpt = join(dirname(createRequire(import.meta.url).resolve('binaryen')), 'bin', 'wasm-opt');
  const features = ['--enable-bulk-memory', '--enable-sign-ext', '--enable-mutable-globals'];
  const passes = ['-O4', '--converge', '--strip-debug', '--strip-dwarf', '--strip-producers'];
  const files = [join(output, 'build/release.wasm'), '-o', join(output, 'build/engine.wasm')];
  execFileSync(process.execPath, [wasmOpt, ...features, ...passes, ...files], { stdio: 'inherit' });
  return readFileSync(join(output, 'build/engine.wasm'));
}

function embed(wasm) {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  const lines = [
    '// Made by scripts/build-core.mjs.',
    `export const wasmSha256 = '${sha256}';`,
    // Base64 hides from gzip what repeats: 3,979 bytes compressed, against 3,097.
    `export const wasmHex = '${wasm.toString('hex')}';`,
    '',
  ];
  writeFileSync(join(output, 'src/engine/wasm-bytes.gen.ts'), lines.join('\n'));
  return sha256;
}

async function bundleCore() {
  await build({
    entryPoints: [join(root, 'assembly/index.ts')],
    outfile: join(output, 'src/engine/core.gen.js'),
    bundle: true,
    format: 'iife',
    globalName: 'core',
    target: 'es2022',
    sourcemap: 'inline',
    sourcesContent: false,
    banner: { js: '// Made by scripts/build-core.mjs.\nexport function createCore(buffer) {' },
    footer: { js: 'return core;\n}' },
    logLevel: 'error',
  });
}

for (const folder of ['build', 'src/engine']) mkdirSync(join(output, folder), { recursive: true });
await compile('release');
const wasm = optimize();
const sha256 = embed(wasm);
await bundleCore();
console.log(`engine.wasm ${wasm.length} bytes, sha256 ${sha256.slice(0, 16)}…`);
