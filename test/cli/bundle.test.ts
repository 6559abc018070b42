/** What the command is built into, and what stays out of the entries that programs import. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const imported = (file: string) =>
  [
    ...readFileSync(file, 'utf8').matchAll(
      /\bfrom\s*["']([^"'\n]+)["']|\b(?:import|require)\(\s*["']([^"'\n]+)["']\s*\)/g,
    ),
  ].map(([, a, b]) => a ?? b);

test('the command that a program installs is a program', () => {
  const file = manifest.bin.spandrel;
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('it imports the runtime and what is beside it alone', () => {
  const own = imported('dist/cli/spandrel.mjs').filter((name) => !name.startsWith('node:'));
  expect(new Set(own)).toEqual(new Set(['./libraries.cjs']));
});

test('it runs where there is nothing but the package and its peer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-installed-'));
  try {
    const installed = join(folder, 'node_modules/spandrel');
    for (const name of ['dist', 'package.json']) cpSync(name, join(installed, name), { recursive: true });
    const peer = 'node_modules/@opentelemetry/api';
    cpSync(peer, join(folder, peer), { recursive: true });
    const text =
      "import { evaluate } from 'spandrel/experiments';\nconst data: number[] = [1];\nawait evaluate({ data, task: () => 1 });\n";
    writeFileSync(join(folder, 'a.eval.ts'), text);
    const { code, stdout, stderr } = await run(join(installed, manifest.bin.spandrel), {
      arguments: ['eval', '*.eval.ts', '--report', 'report.html'],
      environment: { GITHUB_STEP_SUMMARY: '' },
      cwd: folder,
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringContaining('1 item in'),
      stderr: expect.stringContaining('spandrel: wrote report.html'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what it borrows is in no entry', () => {
  const entries = ['dist/esm', 'dist/cjs'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.[cm]js$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  expect(readFileSync('dist/cli/libraries.cjs', 'utf8')).toMatch(/createJiti/);
  expect(entries.filter((file) => /createJiti|fdir/.test(readFileSync(file, 'utf8')))).toEqual([]);
  expect(statSync('dist/cli/libraries.cjs').size).toBeLessThan(1_800_000);
});

test('the licences of what is bundled are handed on', () => {
  const text = readFileSync('THIRD_PARTY_NOTICES', 'utf8');
  for (const name of [
    'jiti',
    'log-update',
    'markdown-table',
    'string-width',
    'tinyglobby',
    'picomatch',
    'fdir',
  ])
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)$`, 'm'));
});
