/** @module Which Node releases and SDKs are compared, and programs run on them with the built package beside. */

import { type ChildProcess, spawn } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValueKinds } from './program-values.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const childMillis = 60_000;

/** A set of upstream's packages with their API, installed in a folder of its own. */
export interface SdkFolder {
  readonly name: 'sdk-2' | 'sdk-3';
  readonly values: ValueKinds;
}

const sdk2: SdkFolder = { name: 'sdk-2', values: 'simple' };
const sdk3: SdkFolder = { name: 'sdk-3', values: 'any' };

/** A Node release with an SDK. */
export interface Combination {
  readonly title: string;
  /** Major version of Node; the one that runs the tests when it is that. */
  readonly node: number;
  readonly sdk: SdkFolder;
}

const combine = (node: number, sdk: SdkFolder, title: string): Combination => ({ node, sdk, title });

/** Upstream 3 asks for Node 22. */
export const combinations: readonly Combination[] = [
  combine(20, sdk2, 'Node 20, opentelemetry-js 2.12, API 1.9'),
  combine(22, sdk2, 'Node 22, opentelemetry-js 2.12, API 1.9'),
  combine(24, sdk2, 'Node 24, opentelemetry-js 2.12, API 1.9'),
  combine(22, sdk3, 'Node 22, opentelemetry-js 3.1, API 1.10'),
  combine(24, sdk3, 'Node 24, opentelemetry-js 3.1, API 1.10'),
];

/** The program of a Node release. */
export function nodeBinary(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  return join(here, `node/node_modules/node-${major}-${process.arch}/bin/node`);
}

/** Node releases that the package is for, and the releases of the API that go with it. */
export const supported: readonly Combination[] = [20, 22, 24].flatMap((node) => [
  combine(node, sdk2, `Node ${node}, API 1.9`),
  combine(node, sdk3, `Node ${node}, API 1.10`),
]);

/** For `requireCounterpart`: says what is missing of a combination. */
export function probeCombination({ node, sdk }: Combination): string | undefined {
  const binary = nodeBinary(node);
  if (!existsSync(binary)) {
    return `Expected Node ${node}; run \`npm ci --prefix test/versions/node\` on Linux, or the tests on Node ${node}.`;
  }
  if (!existsSync(join(here, sdk.name, 'node_modules/@opentelemetry/api'))) {
    return `Expected opentelemetry-js; run \`npm ci --prefix test/versions/${sdk.name}\`.`;
  }
  if (!existsSync(join(root, 'dist/esm/otel.mjs'))) return 'Expected the built package; run `npm run build`.';
  return undefined;
}

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly stderr: string;
}

/**
 * A folder inside an SDK's `node_modules` with programs and the built package in it: both find that SDK's packages,
 * and one copy of the API.
 */
export class Sandbox {
  private readonly folder: string;
  private readonly children = new Set<ChildProcess>();

  constructor(sdk: SdkFolder) {
    this.folder = mkdtempSync(join(here, sdk.name, 'node_modules/.spandrel-'));
    const target = join(this.folder, 'node_modules/spandrel');
    mkdirSync(target, { recursive: true });
    copyFileSync(join(root, 'package.json'), join(target, 'package.json'));
    for (const format of ['esm', 'cjs']) {
      cpSync(join(root, 'dist', format), join(target, 'dist', format), { recursive: true });
    }
  }

  /** Puts a program of this folder, or text, into it. */
  add(file: string, text = readFileSync(join(here, file), 'utf8')): string {
    const path = join(this.folder, file);
    writeFileSync(path, text);
    return path;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** Runs a program on a Node release until it ends, or a minute. */
  run(node: number, argv: readonly string[], environment: Record<string, string> = {}): Promise<ChildEnd> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(OTEL|SPANDREL|VITEST|NODE_)/.test(name),
    );
    const child = spawn(nodeBinary(node), [...argv], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: childMillis,
    });
    this.children.add(child);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        this.children.delete(child);
        resolve({ code, stderr });
      });
    });
  }

  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
