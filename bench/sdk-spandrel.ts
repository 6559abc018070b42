import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Tracer, TracerProvider } from '@opentelemetry/api';
import { ROOT } from './repository.ts';
import { type SdkFactory, SideUnavailable } from './sdk.ts';

/** What this file asks of the build: one hook for the rows without a network, the public entry for the rest. */
interface BenchHooks {
  createSinkProvider(options: { engine: Engine; sampler?: unknown }): {
    provider: TracerProvider;
    /** Builds the export request of every ended span, releases it, and returns its bytes. */
    drain(): number;
    engine: string;
  };
}

interface OtelEntry {
  TracerProvider: new (options: {
    engine: Engine;
    sampler?: unknown;
    spanProcessors: unknown[];
  }) => TracerProvider & {
    forceFlush(): Promise<unknown>;
    shutdown(): Promise<unknown>;
    stats(): { engine: string };
  };
  BatchSpanProcessor: new (exporter: unknown, options: Record<string, number>) => unknown;
  OTLPTraceExporter?: new (options: { url: string }) => unknown;
  AlwaysOffSampler: new () => unknown;
}

type Engine = 'wasm' | 'ts';

const HOOKS = join(ROOT, 'dist/esm/bench-hooks.mjs');

/** Held in a variable, so that neither the type checker nor the bundler needs the build to exist. */
const OTEL_ENTRY = 'spandrel/otel';

const NO_EXPORTER = 'expected OTLPTraceExporter among the exports of spandrel/otel, found none';

/** Our SDK as people install it, with one engine forced and, once open, asserted. */
export function spandrel(engine: Engine): SdkFactory {
  return {
    async open({ recording }) {
      const hooks: BenchHooks = await loadBuild(() => import(pathToFileURL(HOOKS).href));
      const sampler = recording ? undefined : new (await loadOtel()).AlwaysOffSampler();
      const sink = hooks.createSinkProvider({ engine, sampler });
      return {
        engine: assertEngine(engine, sink.engine),
        version: version(),
        tracer: sink.provider.getTracer('bench', '1.0.0'),
        drain: () => sink.drain(),
      };
    },
    async openExporting(url) {
      const otel = await loadOtel();
      if (!otel.OTLPTraceExporter) throw new SideUnavailable(NO_EXPORTER);
      const processor = new otel.BatchSpanProcessor(new otel.OTLPTraceExporter({ url }), {
        maxExportBatchSize: 1024,
        scheduledDelayMillis: 600_000,
      });
      const provider = new otel.TracerProvider({ engine, spanProcessors: [processor] });
      const tracer: Tracer = provider.getTracer('bench', '1.0.0');
      return {
        engine: assertEngine(engine, provider.stats().engine),
        version: version(),
        tracer,
        flush: async () => void (await provider.forceFlush()),
        shutdown: async () => void (await provider.shutdown()),
      };
    },
  };
}

/** Why our rows cannot run, or `undefined` if they can. Only a missing build counts; a broken one throws. */
export function missingBuild(): string | undefined {
  if (existsSync(HOOKS)) return undefined;
  return 'expected dist/esm/bench-hooks.mjs, found no such file; run `npm run build`';
}

/** The start of a SHA-256 over our modules in dist, to tell two builds apart; `none` without a build. */
export function buildDigest(): string {
  if (missingBuild()) return 'none';
  const folder = dirname(HOOKS);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith('.mjs')) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

const loadOtel = (): Promise<OtelEntry> => loadBuild(() => import(OTEL_ENTRY));

async function loadBuild<Entry>(load: () => Promise<Entry>): Promise<Entry> {
  const missing = missingBuild();
  if (missing) throw new SideUnavailable(missing);
  return load();
}

function version(): string {
  return `spandrel ${JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version}`;
}

function assertEngine(expected: Engine, actual: string): string {
  if (actual === expected) return actual;
  throw new Error(
    `expected the ${expected} engine, the SDK runs "${actual}"; a row must not be printed for it`,
  );
}
