/** What a program takes on with this package: itself and the API it knows already, and nothing that runs by itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { keepFigures, WRITES_FIGURES } from './faults/figures.ts';
import type { Figures } from './faults/row.ts';
import { run, write } from './helpers/api-child.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<
    string,
    { integrity?: string; resolved?: string; link?: boolean; hasInstallScript?: boolean }
  >;
};

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/supply-chain.test.ts';
type Locked = typeof lock.packages;

/** What installing brings beside the API. */
function broughtBy(itself: string, packages: Locked): Figures {
  const others = Object.entries<Locked[string]>({ [itself]: {}, ...packages }).filter(
    ([path]) => path !== '' && path !== 'node_modules/@opentelemetry/api',
  );
  return {
    'packages brought in': others.length,
    'of them with an install script': others.filter(([, one]) => one.hasInstallScript === true).length,
  };
}

/** Its SDK and exporter, as test/versions installs them. */
function upstream(): Figures | undefined {
  const path = 'test/versions/sdk-2/package-lock.json';
  if (!WRITES_FIGURES) return undefined;
  return broughtBy('', (JSON.parse(readFileSync(path, 'utf8')) as typeof lock).packages);
}

const built = ['dist/esm', 'dist/cjs', 'dist/module'].flatMap((folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.[cm]js$/.test(name) && !name.startsWith('bench-hooks'))
        .map((name) => `${folder}/${name}`)
    : [],
);

describe('the package', () => {
  test('depends on nothing but the API, which the program brings', () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(manifest.bundledDependencies ?? manifest.bundleDependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toEqual(['@opentelemetry/api']);
    keepFigures('security-supply-chain', COMMAND, broughtBy('node_modules/spandrel', {}), upstream());
  });

  test('runs nothing when it is installed', () => {
    const own = Object.keys(manifest.scripts);
    expect(own.filter((name) => /^(pre|post)?(install|prepare|uninstall)$/.test(name))).toEqual([]);
    expect(existsSync('binding.gyp')).toBe(false);
  });

  test('publishes what a list allows', () => {
    expect(manifest.files).toEqual([
      'dist',
      '!dist/*/bench-hooks*',
      'CHANGELOG.md',
      'README.md',
      'LICENSE',
      'THIRD_PARTY_NOTICES',
    ]);
    expect(existsSync('.npmignore')).toBe(false);
  });
});

describe('what it is built with', () => {
  const locked = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && link !== true);

  test('is pinned to exact versions and to the hash of every package', () => {
    const loose = Object.entries({ ...manifest.devDependencies, ...manifest.overrides } as Record<
      string,
      string
    >);
    expect(loose.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(locked.length).toBeGreaterThan(50);
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
  });

  test('comes from no registry that the lockfile names', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
});

/** What code imports or requires; comments of bundled code may say so as well. */
function importsIn(text: string): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const given = ts.isCallExpression(node) ? node.arguments[0] : undefined;
    const isCall =
      ts.isCallExpression(node) && /^(import|require|__require)$/.test(node.expression.getText());
    const declared =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
    const named = declared ?? (isCall ? given : undefined);
    if (named !== undefined && ts.isStringLiteralLike(named)) names.push(named.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('built.js', text, ts.ScriptTarget.ES2022, true));
  return names;
}

describe('what it is built into', () => {
  test.each(built)('%s imports the runtime and the API alone, and makes no code of text', (file) => {
    const text = readFileSync(file, 'utf8');
    const imported = importsIn(text).filter(
      (name) => !/^(\.\/|@opentelemetry\/api$|\.\.\/cjs\/[\w-]+\.cjs$)/.test(name),
    );
    expect(imported.filter((name) => !isBuiltin(name))).toEqual([]);
    expect(text).not.toMatch(/\beval\s*\(|\bnew\s+Function\b|[^.\w]Function\s*\(|\bsetTimeout\(\s*["'`]/);
  });

  test('is read for every way to import', () => {
    const text =
      "import 'a'; export * from 'b'; await import('c'); require('d'); __require(`e`); // require('f')";
    expect(importsIn(text)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('is there to be looked at', () => {
    expect(built.length).toBeGreaterThan(5);
  });

  test.each(['wasm', 'ts'])('sends where code from text is forbidden, by the %s engine', async (engine) => {
    const receiver = await receiveOtlp();
    const file = write(
      `import { init, shutdown, startSpan, stats } from ${JSON.stringify(new URL('../dist/esm/index.mjs', import.meta.url))};
       init();
       startSpan('sent').end();
       console.log(stats().engine);
       try { Function('return 1')(); } catch (error) { console.log(error.name); }
       await shutdown();`,
      'mjs',
    );
    const result = await run(file, {
      flags: ['--disallow-code-generation-from-strings'],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base, SPANDREL_ENGINE: engine },
    });
    expect(result).toMatchObject({ code: 0, stderr: '', stdout: `${engine}\nEvalError\n` });
    expect(receiver.spans.map(({ name }) => name)).toEqual(['sent']);
  });
});
