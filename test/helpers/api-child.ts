/** @module Programs that run in a process of their own, as a user's would. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** A child that takes longer is ended: nothing that a test starts outlives it. */
const DEADLINE_MILLIS = 15_000;

export interface ChildResult {
  /** `null` when it was ended at the deadline. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly millis: number;
}

let folder: string | undefined;
let count = 0;

function workFolder(): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'spandrel-api-'));
    // Programs outside the package find its peer dependency as they would inside.
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  }
  return folder;
}

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Bundles a TypeScript program that imports from `./src/…`; returns the path of the result. */
export async function bundle(source: string): Promise<string> {
  count += 1;
  const outfile = join(workFolder(), `program-${count}.mjs`);
  await build({
    stdin: { contents: source, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['@opentelemetry/api'],
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

/** Writes a program as it is; returns its path. */
export function write(source: string, extension: 'mjs' | 'cjs'): string {
  count += 1;
  const file = join(workFolder(), `program-${count}.${extension}`);
  writeFileSync(file, source);
  return file;
}

/** Runs a file until it ends by itself. Variables of this process that configure tracing are not passed on. */
export function run(
  file: string,
  {
    flags = [],
    arguments: parameters = [],
    environment = {},
    cwd = ROOT,
    deadlineMillis = DEADLINE_MILLIS,
    executable = process.execPath,
  }: {
    flags?: string[];
    arguments?: string[];
    environment?: Record<string, string>;
    cwd?: string;
    deadlineMillis?: number;
    /** The program that runs it. Default: this Node. */
    executable?: string;
  } = {},
): Promise<ChildResult> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL|SPANDREL|VITEST|NODE_)/.test(name),
  );
  const started = performance.now();
  const child = spawn(executable, [...flags, file, ...parameters], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMillis);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, stdout, stderr, millis: performance.now() - started });
    });
  });
}
