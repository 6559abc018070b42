/** `assembly/` is compiled by two compilers; these rules keep to what means the same to both. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coreRuleBreaks, exportedSignatures } from './helpers/engine-core-rules.ts';

const folder = new URL('../assembly/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'scalars.d.ts');
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

describe('the shared core', () => {
  it('is all of assembly/', () => {
    expect(files).toEqual(
      expect.arrayContaining(['index.ts', 'mem.ts', 'mem.wasm.ts', 'encode.ts', 'pieces.ts']),
    );
    expect(readdirSync(folder).filter((name) => !files.includes(name))).toEqual(['scalars.d.ts']);
  });

  it.each(files)('keeps to the rules: %s', (name) => {
    expect(coreRuleBreaks(name, read(name))).toEqual([]);
  });

  it('imports only files that are there', () => {
    const imported = files.flatMap((name) =>
      [...read(name).matchAll(/from '\.\/(.+)'/g)].map(([, file]) => file),
    );
    expect([...new Set(imported)].filter((name) => !files.includes(name))).toEqual([]);
  });

  it('has memory primitives of the same names and signatures for both targets', () => {
    const [typescript, wasm] = ['mem.ts', 'mem.wasm.ts'].map((name) => exportedSignatures(read(name)));
    expect(typescript.length).toBeGreaterThan(5);
    expect(wasm).toEqual(typescript);
    for (const signature of wasm)
      expect(signature).toMatch(/^export \w+\((\w+: (i32|f64)(, )?)*\): (i32|f64|void)$/);
  });
});

describe('the lint', () => {
  const inFunction = (body: string) => `function f(a: i32, b: i32): void {\n  ${body}\n}`;
  const bad: [rule: string, source: string][] = [
    ['type', 'function f(a: number): void {}'],
    ['type', 'function f(a: u16): void {}'],
    ['type', 'function f(a: i64): void {}'],
    ['type', 'function f(a): void {}'],
    ['type', 'function f(a: i32) {}'],
    ['type', 'function f(a: i32): bool {}'],
    ['type', 'function f(a: i32[]): void {}'],
    ['type', 'const a = 1;'],
    ['type', 'type Address = i32;'],
    ['type', 'enum A { B }'],
    ['type', inFunction('const c = a;')],
    ['cast', inFunction('const c: i32 = a as i32;')],
    ['cast', inFunction('const c: i32 = <i32>a;')],
    ['arithmetic', inFunction('const c: i32 = a * b;')],
    ['arithmetic', inFunction('const c: i32 = a / b;')],
    ['arithmetic', inFunction('const c: i32 = a % b;')],
    ['arithmetic', inFunction('a *= b;')],
    ['arithmetic', inFunction('a = a ** b;')],
    ['unsigned shift', inFunction('const c: i32 = a >>> b;')],
    ['unsigned shift', inFunction('a >>>= 1;')],
    ['module state', 'let cursor: i32 = 0;'],
    ['module state', 'export var cursor: i32 = 0;'],
    ['class', 'class A {}'],
    ['closure', 'const f: i32 = (a: i32): i32 => a;'],
    ['closure', inFunction('function g(): void {}')],
    ['closure', 'const f: i32 = function (): void {};'],
    ['closure', 'function* f(): void {}'],
    ['closure', 'async function f(): void {}'],
    ['closure', 'function f<T>(): void {}'],
    ['decorator', '@inline function f(): void {}'],
    ['import', "import { a } from './mem';"],
    ['import', "import { a } from '../src/engine/engine.ts';"],
    ['import', "import { a } from 'node:fs';"],
    ['import', "import { a } from './mem.wasm.ts';"],
    ['import', "import a from './mem.ts';"],
    ['import', "import * as a from './mem.ts';"],
    ['import', "import './mem.ts';"],
    ['re-export', "export { a } from './mem.ts';"],
    ['bool', inFunction('const c: i32 = a < b;')],
    ['bool', inFunction('const c: i32 = (a === b) + 1;')],
    ['bool', inFunction('g(!a);')],
    ['bool', inFunction('const c: i32 = a || b;')],
    ['bool', inFunction('if ((a < b) === (b < a)) return;')],
    ['bool', inFunction('const c: i32 = true;')],
    ['allocation', inFunction('g([a]);')],
    ['allocation', inFunction('g({ a });')],
    ['allocation', inFunction("g('text');")],
    ['allocation', inFunction('new A();')],
    ['property', inFunction('Math.imul(a, b);')],
    ['property', inFunction('g(a[0]);')],
    ['exception', inFunction('throw a;')],
    ['iteration', inFunction('for (const c of a) {}')],
    ['range', 'const a: i32 = 0xffffffff;'],
  ];

  it.each(bad)('finds a break of the rule "%s" in %s', (rule, source) => {
    const rules = coreRuleBreaks('some.ts', source).map((text) => text.split(':')[0]);
    expect(rules).toContain(rule);
  });

  it('finds decorators other than inline, and state, in the memory files too', () => {
    expect(coreRuleBreaks('mem.wasm.ts', '@unsafe function f(): void {}')).toHaveLength(1);
    expect(coreRuleBreaks('mem.ts', '@inline function f(): void {}')).toHaveLength(1);
    expect(coreRuleBreaks('mem.ts', 'let at = 0;')).toHaveLength(1);
  });

  it('finds nothing in what both compilers understand alike', () => {
    const source = [
      "import { get32 } from './mem.ts';",
      'export const SIZE: i32 = 16 << 2;',
      'export function f(a: i32, b: f64): i32 {',
      '  let c: i32 = ((a + SIZE) | 0) >> 1;',
      '  while (c < a && !(c === 3 || a !== 4)) c += 1;',
      '  return (c & 7) === 0 ? get32(c) : -1;',
      '}',
    ];
    expect(coreRuleBreaks('some.ts', source.join('\n'))).toEqual([]);
  });

  it('sees a primitive that differs between the halves', () => {
    expect(exportedSignatures('export function a(b: i32): i32 {}')).not.toEqual(
      exportedSignatures('// @ts-ignore\n@inline\nexport function a(b: i32): void {}'),
    );
  });
});
