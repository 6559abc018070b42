/** The declarations of every entry, as compilers old and new read them, and the manifest, as its checkers do. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { packInto } from '../helpers/packed.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALLED = join(HERE, 'node_modules');
/** Each resolution with a module format it goes with. */
const MODULES = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const;
/** Checks the program alone: the declarations themselves are checked by the tests of each compiler. */
const OUR_OWN = ['--skipLibCheck', 'true'];
const DEADLINE_MILLIS = 60_000;

const describeTypes = requireCounterpart('the project test/types', () =>
  existsSync(join(INSTALLED, 'publint'))
    ? undefined
    : 'Expected the compilers that `npm ci --prefix test/types` installs; run that first.',
);

describeTypes('the declarations', () => {
  const project = mkdtempSync(join(tmpdir(), 'spandrel-types-'));
  let packed: string;

  beforeAll(() => {
    packed = packInto(project);
    const modules = join(project, 'node_modules');
    for (const name of ['@opentelemetry', '@types', 'undici-types']) {
      cpSync(join(INSTALLED, name), join(modules, name), { recursive: true });
    }
    writeFileSync(join(project, 'package.json'), '{}');
    for (const extension of ['mts', 'cts']) {
      copyFileSync(join(HERE, 'programs/consumer.ts'), join(project, `consumer.${extension}`));
    }
    mkdirSync(join(project, 'legacy'));
    copyFileSync(join(HERE, 'programs/legacy-decorators.ts'), join(project, 'legacy/decorators.mts'));
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  async function compile(version: string, files: readonly string[], flags: readonly string[]) {
    const { code, stdout, stderr } = await run(join(INSTALLED, `typescript-${version}/bin/tsc`), {
      arguments: [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        'false',
        '--target',
        'es2022',
        '--lib',
        'es2023',
        ...flags,
        ...files,
      ],
      cwd: project,
      deadlineMillis: DEADLINE_MILLIS,
    });
    return { code, output: stdout + stderr };
  }

  const combinations = [
    ['5.4', 'node16'],
    ['5.4', 'bundler'],
    ['5.9', 'nodenext'],
    ['5.9', 'bundler'],
    ['6', 'nodenext'],
    ['6', 'bundler'],
    ['7', 'nodenext'],
    ['7', 'bundler'],
  ] as const;

  test.each(combinations)(
    'are those of TypeScript %s under %s, for ESM and CommonJS',
    { timeout: DEADLINE_MILLIS },
    async (version, resolution) => {
      // A CommonJS file has no `import` of its own under a bundler's module format.
      const files = resolution === 'bundler' ? ['consumer.mts'] : ['consumer.mts', 'consumer.cts'];
      const flags = ['--module', MODULES[resolution], '--moduleResolution', resolution, '--types', 'node'];
      expect(await compile(version, files, flags)).toEqual({ code: 0, output: '' });
    },
  );

  test('are those of decorators before the standard', { timeout: DEADLINE_MILLIS }, async () => {
    const flags = ['--module', 'nodenext', '--moduleResolution', 'nodenext', '--types', 'node'];
    const result = await compile(
      '5.9',
      ['legacy/decorators.mts'],
      [...flags, ...OUR_OWN, '--experimentalDecorators'],
    );
    expect(result).toEqual({ code: 0, output: '' });
  });

  test('are found by the resolution before `exports`', { timeout: DEADLINE_MILLIS }, async () => {
    const flags = ['--module', 'commonjs', '--moduleResolution', 'node10', '--types', 'node'];
    expect(await compile('5.9', ['consumer.cts'], [...flags, ...OUR_OWN])).toEqual({ code: 0, output: '' });
  });

  test('a wrong use is an error, so that the checks above can fail', {
    timeout: DEADLINE_MILLIS,
  }, async () => {
    writeFileSync(
      join(project, 'wrong.mts'),
      "import { trace } from 'spandrel';\nconst n: number = trace(() => 'a')();\n",
    );
    const flags = ['--module', 'nodenext', '--moduleResolution', 'nodenext', '--types', 'node'];
    const { code, output } = await compile('5.9', ['wrong.mts'], [...flags, ...OUR_OWN]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/wrong\.mts\(2,7\): error TS2322/);
  });

  test('satisfy publint', { timeout: DEADLINE_MILLIS }, async () => {
    const { publint } = await import(/* @vite-ignore */ join(INSTALLED, 'publint/src/index-node.js'));
    const { messages } = await publint({
      pkgDir: join(project, 'node_modules/spandrel'),
      pack: false,
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  test('satisfy are-the-types-wrong', { timeout: DEADLINE_MILLIS }, async () => {
    const { checkPackage, createPackageFromTarballData } = await import(
      /* @vite-ignore */ join(INSTALLED, '@arethetypeswrong/core/dist/index.js')
    );
    const { problems, types } = await checkPackage(createPackageFromTarballData(readFileSync(packed)));
    expect(types).toEqual({ kind: 'included' });
    expect(problems).toEqual([]);
  });
});
