/**
 * Imports point one way: `ai, experiments → api → engine ← ts, wasm → assembly`, and `export/` sees bytes and counts.
 * Beside these stand `config`, which reads options, and `diagnostics` and `version`, which anyone may use.
 */
import { describe, expect, it } from 'vitest';
import { parseSource, type SourceFile, sourcesOf } from './helpers/engine-sources.ts';

/** Files that programs import; nothing inside does. `bench-hooks.ts` is left out of the package. */
const ENTRIES =
  /^src\/(index|otel|register|experiments|cli|testing|honeyhive|ai-sdk|langchain|mcp|bench-hooks)\.ts$/;

/** Which layers a layer may import values from. Types may come from anywhere below `types`. */
const LAYERS: Readonly<
  Record<string, { readonly values: readonly string[]; readonly types: readonly string[] }>
> = {
  assembly: { values: [], types: [] },
  engine: { values: ['assembly', 'diagnostics'], types: [] },
  export: { values: ['config', 'diagnostics', 'version', 'assembly'], types: ['engine', 'api'] },
  config: { values: ['diagnostics'], types: ['api'] },
  api: { values: ['engine', 'export', 'config', 'diagnostics', 'version', 'assembly'], types: [] },
  exit: { values: ['api', 'config', 'diagnostics'], types: ['export'] },
  init: { values: ['exit', 'api', 'export', 'config', 'diagnostics', 'version'], types: ['engine', 'ai'] },
  ai: { values: ['api', 'init', 'config', 'diagnostics', 'version'], types: ['engine', 'export'] },
  testing: {
    values: ['ai', 'api', 'init', 'export', 'config', 'diagnostics', 'version'],
    types: ['engine'],
  },
  // Speaks REST to a server of its own, so it sends, and has a say at the end of the program.
  'ai/honeyhive': {
    values: ['ai', 'api', 'init', 'export', 'exit', 'config', 'diagnostics', 'version'],
    types: ['engine'],
  },
  // Calls model servers through clients of the program, and reads their `Retry-After` as the exporter does.
  experiments: {
    values: ['ai', 'api', 'init', 'export', 'config', 'diagnostics', 'version'],
    types: ['engine'],
  },
  // A program of its own, over the entries.
  cli: { values: ['experiments', 'diagnostics', 'version'], types: [] },
  diagnostics: { values: [], types: [] },
  version: { values: [], types: [] },
};

/** Single imports against the rule, each with its reason. An exception that is gone must leave this list. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/config/detectors.ts → src/api/resource-detectors.ts':
    'names in OTEL_NODE_RESOURCE_DETECTORS become detectors',
  'src/config/propagators.ts → src/api/propagation.ts': 'names in OTEL_PROPAGATORS become propagators',
  'src/config/resource.ts → src/api/resource.ts': 'OTEL_RESOURCE_ATTRIBUTES becomes a resource',
  'src/config/resource.ts → src/api/resource-detectors.ts': 'detectors become a resource',
  'src/config/sampler.ts → src/api/sampler.ts': 'OTEL_TRACES_SAMPLER becomes a sampler',
  'src/diagnostics.ts → src/config/environment.ts': 'OTEL_LOG_LEVEL, before any option is read',
  'src/export/console-span-exporter.ts → src/api/types.ts': 'the value of ExportResultCode',
  'src/export/in-memory-span-exporter.ts → src/api/types.ts': 'the value of ExportResultCode',
};

/** Packages that sources may import; all but the API are part of the runtime or bundled. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@opentelemetry/api': ['api', 'export', 'config', 'init', 'ai', 'ai/honeyhive', 'experiments', 'testing'],
  'csv-parse': ['experiments'],
  hyparquet: ['experiments'],
  'hyparquet-compressors': ['experiments'],
  'jiti/static': ['cli'],
  'log-update': ['experiments'],
  'markdown-table': ['experiments'],
  'string-width': ['experiments'],
  tinyglobby: ['cli'],
};

function layerOf(path: string): string {
  if (path.startsWith('assembly/')) return 'assembly';
  if (path.startsWith('src/ai/honeyhive/')) return 'ai/honeyhive';
  const [, first, second] = path.split('/');
  return second === undefined ? first.replace(/\.ts$/, '') : first;
}

/** The imports of one file that the rules forbid. */
function breaks({ path, imports }: SourceFile): string[] {
  const layer = layerOf(path);
  const rule = LAYERS[layer];
  return imports.flatMap(({ target, isType }) => {
    const edge = `${path} → ${target}`;
    if (ENTRIES.test(target)) return [edge];
    if (ENTRIES.test(path)) return [];
    if (!/^(src|assembly)\//.test(target)) return mayUsePackage(layer, target, isType) ? [] : [edge];
    const other = layerOf(target);
    if (other === layer || rule?.values.includes(other)) return [];
    return isType && rule?.types.includes(other) ? [] : [edge];
  });
}

function mayUsePackage(layer: string, target: string, isType: boolean): boolean {
  // Entries of their own, for Node: nobody who only traces loads it.
  if ((layer === 'experiments' || layer === 'cli') && target.startsWith('node:')) return true;
  if (target.startsWith('node:')) return isType || (layer === 'api' && target === 'node:async_hooks');
  return PACKAGES[target]?.includes(layer) ?? false;
}

/** A chain of value imports that ends where it began, or none. */
function findCycle(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ isType }) => !isType).map(({ target }) => target),
    ]),
  );
  const done = new Set<string>();
  const follow = (path: string, chain: readonly string[]): string[] => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const target of edges.get(path) ?? []) {
      const cycle = follow(target, [...chain, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const path of edges.keys()) {
    const cycle = follow(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe('imports', () => {
  const files = [...sourcesOf('src'), ...sourcesOf('assembly')];

  it('are read from all sources', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(200);
    expect(files.map(({ path }) => layerOf(path)).filter((layer) => !(layer in LAYERS))).toEqual(
      files
        .map(({ path }) => path)
        .filter((path) => ENTRIES.test(path))
        .map(layerOf)
        .filter((layer) => !(layer in LAYERS)),
    );
  });

  it('point one way, but for the exceptions written down', () => {
    expect(files.flatMap(breaks).sort()).toEqual(Object.keys(EXCEPTIONS).sort());
  });

  it('have no cycle of values', () => {
    expect(findCycle(files)).toEqual([]);
  });

  it('reach the wasm and the ts engine only where the engine is chosen', () => {
    const importers = (target: string) =>
      files.filter(({ imports }) => imports.some((edge) => edge.target === target)).map(({ path }) => path);
    expect(importers('src/engine/wasm.ts')).toEqual(['src/engine/select.ts']);
    expect(importers('src/engine/ts.ts')).toEqual(['src/engine/select.ts']);
    expect(importers('src/engine/core.gen.js')).toEqual(['src/engine/ts.ts']);
    expect(importers('src/engine/wasm-bytes.gen.ts')).toEqual(['src/engine/wasm.ts']);
    const contract = files.find(({ path }) => path === 'src/engine/engine.ts');
    expect(contract?.imports).toEqual([]);
  });

  it('of the memory map from export/ are the tables of pieces and blocks, read in one file', () => {
    const users = files.filter(
      ({ path, imports }) =>
        layerOf(path) === 'export' && imports.some(({ target }) => target.startsWith('assembly/')),
    );
    expect(users.map(({ path }) => path)).toEqual(['src/export/arena-pieces.ts']);
    expect(
      users[0].imports.filter(({ target }) => target.startsWith('assembly/')).map(({ target }) => target),
    ).toEqual(['assembly/layout.ts']);
  });
});

describe('the import rules', () => {
  const breaksOf = (path: string, text: string) =>
    breaks(parseSource(path, text)).map((edge) => edge.split(' → ')[1]);

  it.each([
    ['src/engine/a.ts', "import { x } from '../api/span.ts';", ['src/api/span.ts']],
    ['src/engine/a.ts', "import type { X } from '../api/span.ts';", ['src/api/span.ts']],
    ['src/export/a.ts', "import { Span } from '../api/span.ts';", ['src/api/span.ts']],
    ['src/export/a.ts', "import { type A, B } from '../api/types.ts';", ['src/api/types.ts']],
    ['src/export/a.ts', "import { type A, type B } from '../api/types.ts';", []],
    ['src/export/a.ts', "export { B } from '../engine/strings.ts';", ['src/engine/strings.ts']],
    ['src/export/a.ts', "const x = await import('../ai/trace.ts');", ['src/ai/trace.ts']],
    ['src/export/a.ts', "let x: import('../ai/trace.ts').X;", ['src/ai/trace.ts']],
    ['src/api/a.ts', "import { init } from '../init.ts';", ['src/init.ts']],
    ['src/api/a.ts', "import '../index.ts';", ['src/index.ts']],
    ['src/ai/a.ts', "import { x } from '../otel.ts';", ['src/otel.ts']],
    ['src/ai/a.ts', "import { x } from './honeyhive/tracer.ts';", ['src/ai/honeyhive/tracer.ts']],
    ['src/ai/a.ts', "import { x } from '../export/pipe.ts';", ['src/export/pipe.ts']],
    ['src/ai/honeyhive/a.ts', "import { x } from '../../export/pipe.ts';", []],
    ['src/api/a.ts', "import { readFileSync } from 'node:fs';", ['node:fs']],
    ['src/api/a.ts', "import x from 'left-out';", ['left-out']],
    ['assembly/a.ts', "import { x } from '../src/engine/engine.ts';", ['src/engine/engine.ts']],
    ['src/index.ts', "export { x } from './ai/trace.ts';", []],
  ])('judge %s: %s', (path, text, expected) => {
    expect(breaksOf(path, text)).toEqual(expected);
  });

  it('see a cycle of values and none of types', () => {
    const a = parseSource('src/api/a.ts', "import { b } from './b.ts';");
    expect(findCycle([a, parseSource('src/api/b.ts', "import { a } from './a.ts';")])).toHaveLength(3);
    expect(findCycle([a, parseSource('src/api/b.ts', "import type { A } from './a.ts';")])).toEqual([]);
  });
});
