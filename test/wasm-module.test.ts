/** What the engine's module is made of: no import but its memory, no state of its own, no way to grow. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createTsEngine } from '../src/engine/ts.ts';
import { wasmHex, wasmSha256 } from '../src/engine/wasm-bytes.gen.ts';
import { engineSections, opcodesOf, type SectionName } from './helpers/engine-module.ts';

/** The part of the WebAssembly JavaScript interface used here; the types of Node leave it out. */
interface WebAssemblyHost {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): object[];
    exports(module: object): { readonly name: string; readonly kind: string }[];
  };
}

const { Module } = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;
const root = fileURLToPath(new URL('..', import.meta.url));
const built = readFileSync(join(root, 'build/engine.wasm'));
const embedded = Buffer.from(wasmHex, 'hex');
const CORE = [
  'closePiece',
  'commitSpan',
  'configure',
  'dropStream',
  'encodeMessage',
  'freePiece',
  'internKey',
  'recoverText',
];

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A generated file without its source map, which names the sources as seen from where the file lies. */
function withoutSourceMap(file: string): string {
  return readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
}

describe('the embedded module', () => {
  const module = new Module(embedded);
  const sections = engineSections(embedded);

  it('is what the build made, and carries its hash', () => {
    expect(sha256(embedded)).toBe(sha256(built));
    expect(wasmSha256).toBe(sha256(embedded));
  });

  it('imports its memory and nothing else', () => {
    expect(Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('exports exactly the functions of the core, which the TypeScript engine has too', () => {
    const exports = Module.exports(module);
    expect(exports.map(({ name }) => name).sort()).toEqual(CORE);
    expect(new Set(exports.map(({ kind }) => kind))).toEqual(new Set(['function']));
    const { core } = createTsEngine({ arenaBytes: 4 << 20 });
    expect(Object.keys(core).sort()).toEqual(CORE);
  });

  it.each(['start', 'data', 'data count', 'element', 'table', 'global', 'memory'] satisfies SectionName[])(
    'has no %s section',
    (name) => {
      expect(sections.map((section) => section.name)).not.toContain(name);
    },
  );

  it('has no custom section: names, producers and debug data are stripped', () => {
    expect(sections.map(({ name }) => name)).toEqual(['type', 'import', 'function', 'export', 'code']);
  });

  it('never asks how large its memory is, nor for more', () => {
    const opcodes = opcodesOf(root, embedded);
    expect(opcodes).toContain('i32.load');
    expect(opcodes).toContain('memory.copy');
    for (const opcode of ['memory.grow', 'memory.size', 'global.set', 'call_indirect']) {
      expect(opcodes).not.toContain(opcode);
    }
  });

  it('would be found out: a module with what is forbidden', () => {
    const bad = execFileSync(
      process.execPath,
      [join(root, 'node_modules/binaryen/bin/wasm-as'), '-', '-o', '-'],
      {
        input:
          '(module (memory 1) (global $g (mut i32) (i32.const 0)) (data (i32.const 0) "x") (start $f) (func $f (drop (memory.grow (i32.const 1))) (global.set $g (i32.const 1))))',
      },
    );
    const names = engineSections(bad).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['start', 'data', 'global', 'memory']));
    expect(opcodesOf(root, bad)).toEqual(expect.arrayContaining(['memory.grow', 'global.set']));
  });
});

describe('the build', () => {
  const output = mkdtempSync(join(tmpdir(), 'spandrel-core-'));
  afterAll(() => rmSync(output, { recursive: true }));

  it('gives the same bytes again, and what ships is the optimizer output', { timeout: 40_000 }, () => {
    execFileSync(process.execPath, [join(root, 'scripts/build-core.mjs'), output], { stdio: 'pipe' });
    const again = readFileSync(join(output, 'build/engine.wasm'));
    expect(sha256(again)).toBe(sha256(built));
    expect(sha256(again)).not.toBe(sha256(readFileSync(join(output, 'build/release.wasm'))));
    for (const generated of ['src/engine/wasm-bytes.gen.ts', 'src/engine/core.gen.js']) {
      expect(withoutSourceMap(join(output, generated)) === withoutSourceMap(join(root, generated))).toBe(
        true,
      );
    }
  });
});
