/** What the entries for frameworks give has the types that the frameworks ask for. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';
import { describeFrameworks, FRAMEWORKS } from '../helpers/frameworks.ts';

const TYPESCRIPT = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');

describeFrameworks('the types of the entries', () => {
  test('are those that the packages ask for', { timeout: 90_000 }, async () => {
    const { code, stdout } = await run(TYPESCRIPT, {
      arguments: [
        ...['--noEmit', '--skipLibCheck', '--strict', '--target', 'es2022', '--types', 'node'],
        ...['--module', 'nodenext', '--moduleResolution', 'nodenext'],
        ...['--typeRoots', '../../node_modules/@types', 'programs/types.ts'],
      ],
      cwd: FRAMEWORKS,
      deadlineMillis: 80_000,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});
