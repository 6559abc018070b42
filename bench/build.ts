import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TracerProvider } from '@opentelemetry/api';
import { ROOT } from './repository.ts';
import { SideUnavailable } from './sdk.ts';

export type Engine = 'wasm' | 'ts';

interface Stats {
  engine: string;
  /** Builds before plug-in mode do not say. */
  mode?: string;
}

interface ProviderOptions {
  engine: Engine;
  sampler?: unknown;
}

interface Sink {
  provider: TracerProvider & { stats(): Stats };
  /** Builds the export request of every ended span, releases it, and returns its bytes. */
  drain(): number;
}

/** What the bench asks of a build: the hooks for the rows without a network, the public entry for the rest. */
export interface BenchHooks {
  createSinkProvider(options: ProviderOptions): Sink;
  createPluginSinkProvider?(options: ProviderOptions): Sink;
}

export interface OtelEntry {
  TracerProvider: new (
    options: ProviderOptions & { spanProcessors: unknown[] },
  ) => TracerProvider & {
    forceFlush(): Promise<unknown>;
    shutdown(): Promise<unknown>;
    stats(): Stats;
  };
  BatchSpanProcessor: new (exporter: unknown, options: Record<string, number>) => unknown;
  OTLPTraceExporter?: new (options: { url: string }) => unknown;
  AlwaysOffSampler: new () => unknown;
}

/** One build of ours. Two of them in one process have their own modules, and with them their own arenas. */
export interface Build {
  /** What the report calls it. */
  readonly version: string;
  hooks(): Promise<BenchHooks>;
  otel(): Promise<OtelEntry>;
}

const HOOKS = 'esm/bench-hooks.mjs';
const OTEL = 'esm/otel.mjs';
const DIST = join(ROOT, 'dist');
const COPY = 'before-';

/** Held in a variable, so that neither the type checker nor the bundler needs the build to exist. */
const OTEL_ENTRY = 'spandrel/otel';

/** The build in dist/, its public entry resolved as people resolve it. */
export const currentBuild: Build = {
  version: `spandrel ${JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version}`,
  hooks: () => loadCurrent(() => import(pathToFileURL(join(DIST, HOOKS)).href)),
  otel: () => loadCurrent(() => import(OTEL_ENTRY)),
};

async function loadCurrent<Entry>(load: () => Promise<Entry>): Promise<Entry> {
  const missing = missingBuild();
  if (missing) throw new SideUnavailable(missing);
  return load();
}

/** Why our rows cannot run, or `undefined` if they can. Only a missing build counts; a broken one throws. */
export function missingBuild(): string | undefined {
  if (existsSync(join(DIST, HOOKS))) return undefined;
  return 'expected dist/esm/bench-hooks.mjs, found no such file; run `npm run build`';
}

/** Where the modules of a build are: ES modules, and the CommonJS that they lead to. */
const FOLDERS = ['cjs', 'esm'];

const modulesOf = (folder: string): string[] =>
  FOLDERS.flatMap((name) =>
    existsSync(join(folder, name))
      ? readdirSync(join(folder, name))
          .filter((file) => /\.[cm]js$/.test(file))
          .sort()
          .map((file) => join(name, file))
      : [],
  );

/** The start of a SHA-256 over our modules in a build, to tell two builds apart; `none` without one. */
export function buildDigest(folder: string = DIST): string {
  if (!existsSync(join(folder, HOOKS))) return 'none';
  const hash = createHash('sha256');
  for (const file of modulesOf(folder)) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Copies another build to `build/bench/`, where it finds the one `@opentelemetry/api` that all sides share, and where
 * its modules have addresses of their own even if it is the build in dist/. Returns the folder of the copy.
 *
 * @throws Error when the folder holds no build.
 */
export function adoptBuild(folder: string): string {
  for (const file of [HOOKS, OTEL]) {
    if (existsSync(join(folder, file))) continue;
    throw new Error(
      `--before expected a folder with ${HOOKS} and ${OTEL}, found no ${resolve(folder, file)}`,
    );
  }
  const copy = join(ROOT, 'build/bench', `${COPY}${buildDigest(folder)}`);
  rmSync(copy, { recursive: true, force: true });
  for (const name of FOLDERS) mkdirSync(join(copy, name), { recursive: true });
  for (const file of modulesOf(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    // The source maps stay behind: their paths would lead nowhere from here.
    writeFileSync(join(copy, file), text.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n'));
  }
  return copy;
}

/** A build that `adoptBuild` copied. */
export function adoptedBuild(copy: string): Build {
  return {
    version: `spandrel, build ${basename(copy).slice(COPY.length)}`,
    hooks: () => import(pathToFileURL(join(copy, HOOKS)).href),
    otel: () => import(pathToFileURL(join(copy, OTEL)).href),
  };
}
