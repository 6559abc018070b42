/** @module What turns decorators into JavaScript: every compiler that people use, in both forms of the language. */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import ts from 'typescript';

const require = createRequire(fileURLToPath(new URL('../compilers/package.json', import.meta.url)));

export type Compile = (source: string) => Promise<string>;

export interface Compiler {
  readonly compile: Compile;
  /** Whether it is the older form, TypeScript's `experimentalDecorators`. */
  readonly isLegacy: boolean;
  /** The package of `test/compilers` that it needs. */
  readonly needs?: string;
}

const tsc =
  (experimentalDecorators: boolean): Compile =>
  async (source) =>
    ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, experimentalDecorators },
    }).outputText;

const esbuild =
  (experimentalDecorators: boolean): Compile =>
  async (source) =>
    (
      await transform(source, {
        loader: 'ts',
        target: 'es2022',
        tsconfigRaw: { compilerOptions: { experimentalDecorators } },
      })
    ).code;

const swc =
  (isLegacy: boolean): Compile =>
  async (source) => {
    const { code } = await require('@swc/core').transform(source, {
      swcrc: false,
      configFile: false,
      isModule: true,
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        target: 'es2022',
        transform: isLegacy
          ? { legacyDecorator: true, useDefineForClassFields: false }
          : { decoratorVersion: '2022-03' },
      },
    });
    return code;
  };

const babel =
  (version: 'legacy' | '2023-11'): Compile =>
  async (source) => {
    const { code } = await require('@babel/core').transformAsync(source, {
      babelrc: false,
      configFile: false,
      sourceType: 'script',
      filename: 'program.ts',
      presets: [require.resolve('@babel/preset-typescript')],
      plugins: [
        [require.resolve('@babel/plugin-proposal-decorators'), { version }],
        require.resolve('@babel/plugin-transform-class-properties'),
        require.resolve('@babel/plugin-transform-class-static-block'),
      ],
    });
    return code;
  };

export const COMPILERS: Readonly<Record<string, Compiler>> = {
  'tsc, standard': { compile: tsc(false), isLegacy: false },
  'tsc, experimentalDecorators': { compile: tsc(true), isLegacy: true },
  'esbuild, standard': { compile: esbuild(false), isLegacy: false },
  'esbuild, experimentalDecorators': { compile: esbuild(true), isLegacy: true },
  'SWC, standard': { compile: swc(false), isLegacy: false, needs: '@swc/core' },
  'SWC, legacy': { compile: swc(true), isLegacy: true, needs: '@swc/core' },
  'Babel, standard (2023-11)': { compile: babel('2023-11'), isLegacy: false, needs: '@babel/core' },
  'Babel, legacy': { compile: babel('legacy'), isLegacy: true, needs: '@babel/core' },
};

/** For `requireCounterpart`. */
export function probeCompiler({ needs }: Compiler): string | undefined {
  if (needs === undefined) return undefined;
  try {
    require.resolve(needs);
    return undefined;
  } catch {
    return `Expected ${needs}; run \`npm ci --prefix test/compilers\`.`;
  }
}
