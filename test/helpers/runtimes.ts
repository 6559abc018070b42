/** @module The runtimes the built package is for, each running a program in a process of its own. */

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildResult } from './api-child.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INSTALLED = join(ROOT, 'test/runtimes/node_modules');
/** A child that takes longer is ended: nothing that a test starts outlives it. */
const DEADLINE_MILLIS = 20_000;

/** A runtime and how it runs a program. */
export interface Runtime {
  readonly name: string;
  readonly binary: string;
  /** Before the path of the program. */
  readonly parameters: readonly string[];
}

const isArm = process.arch === 'arm64';

/** What a program needs that sends to a server and reads `OTEL_*`: no file, no child process, no system call. */
export const DENO_PERMISSIONS = ['--allow-net', '--allow-env'];

export const NODE: Runtime = {
  name: `Node ${process.versions.node.split('.')[0]}`,
  binary: process.execPath,
  parameters: [],
};
export const DENO: Runtime = {
  name: 'Deno 2',
  binary: join(INSTALLED, `@deno/linux-${isArm ? 'arm64' : 'x64'}-glibc/deno`),
  parameters: ['run', '--no-prompt', ...DENO_PERMISSIONS],
};
export const BUN: Runtime = {
  name: 'Bun 1',
  binary: join(INSTALLED, `@oven/bun-linux-${isArm ? 'aarch64' : 'x64'}/bin/bun`),
  parameters: [],
};

/** For `requireCounterpart`: says what is missing to run the built package on a runtime. */
export function probeRuntime({ name, binary }: Runtime): string | undefined {
  if (!existsSync(binary)) {
    return `Expected ${name}; run \`npm ci --prefix test/runtimes\` on Linux with glibc.`;
  }
  if (!existsSync(join(ROOT, 'dist/esm/index.mjs')))
    return 'Expected the built package; run `npm run build`.';
  return undefined;
}

/** How a program is run. */
export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Further parameters of the runtime. */
  readonly flags?: readonly string[];
  /** Gets all of its standard output so far, each time there is more. */
  readonly onOutput?: (stdout: string) => void;
}

/** A folder outside the repository in which `spandrel` is installed as npm would. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'spandrel-installed-'));

  constructor() {
    const modules = join(this.folder, 'node_modules');
    mkdirSync(join(modules, 'spandrel'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(modules, 'spandrel/package.json'));
    cpSync(join(ROOT, 'dist'), join(modules, 'spandrel/dist'), { recursive: true });
    const api = '@opentelemetry/api';
    cpSync(join(ROOT, 'node_modules', api), join(modules, api), { recursive: true });
    // Deno finds packages in node_modules by the dependencies of the program's own package.json.
    const dependencies = { spandrel: '*', [api]: '*' };
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  }

  /** Writes a program into the folder; answers its path. */
  add(name: string, source: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, source);
    return file;
  }

  /** Runs a program until it ends by itself. Of the variables that configure tracing it gets only `environment`. */
  run({ binary, parameters }: Runtime, file: string, options: RunOptions = {}): Promise<ChildResult> {
    const { environment = {}, flags = [], onOutput } = options;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(OTEL|SPANDREL|VITEST|NODE_|DENO_|BUN_)/.test(name),
    );
    const started = performance.now();
    const child = spawn(binary, [...parameters, ...flags, file], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...environment },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(stdout);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MILLIS);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(deadline);
        resolve({ code, stdout, stderr, millis: performance.now() - started });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
