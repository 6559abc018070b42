import type { Tracer } from '@opentelemetry/api';
import { type Build, currentBuild, type Engine } from './build.ts';
import { type SdkFactory, SideUnavailable } from './sdk.ts';

type Mode = 'arena' | 'plug-in';

const NO_EXPORTER = 'expected OTLPTraceExporter among the exports of spandrel/otel, found none';
const NO_PLUGIN_HOOK = 'expected createPluginSinkProvider among the hooks of the build, found none';

/** A processor of another make that does nothing: with it registered, our spans are objects. */
const idleProcessor = {
  onStart() {},
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
};

/** Our SDK as people install it, with one engine and one mode forced and, once open, asserted. */
export function spandrel(engine: Engine, mode: Mode = 'arena', build: Build = currentBuild): SdkFactory {
  const { version } = build;
  return {
    async open({ recording }) {
      const hooks = await build.hooks();
      const sampler = recording ? undefined : new (await build.otel()).AlwaysOffSampler();
      const create = mode === 'arena' ? hooks.createSinkProvider : hooks.createPluginSinkProvider;
      if (!create) throw new SideUnavailable(NO_PLUGIN_HOOK);
      const sink = create({ engine, sampler });
      return {
        engine: assertRuns(engine, mode, sink.provider.stats()),
        version,
        tracer: sink.provider.getTracer('bench', '1.0.0'),
        drain: () => sink.drain(),
      };
    },
    async openExporting(url) {
      const otel = await build.otel();
      if (!otel.OTLPTraceExporter) throw new SideUnavailable(NO_EXPORTER);
      const processor = new otel.BatchSpanProcessor(new otel.OTLPTraceExporter({ url }), {
        maxExportBatchSize: 1024,
        scheduledDelayMillis: 600_000,
      });
      const spanProcessors = mode === 'arena' ? [processor] : [idleProcessor, processor];
      const provider = new otel.TracerProvider({ engine, spanProcessors });
      const tracer: Tracer = provider.getTracer('bench', '1.0.0');
      return {
        engine: assertRuns(engine, mode, provider.stats()),
        version,
        tracer,
        flush: async () => void (await provider.forceFlush()),
        shutdown: async () => void (await provider.shutdown()),
      };
    },
  };
}

/** Returns the engine. A build that does not say its mode has the one. */
function assertRuns(engine: Engine, mode: Mode, actual: { engine: string; mode?: string }): string {
  const { engine: actualEngine, mode: actualMode = 'arena' } = actual;
  if (actualEngine === engine && actualMode === mode) return actualEngine;
  throw new Error(
    `expected the ${engine} engine in ${mode} mode, the SDK runs "${actualEngine}" in ${actualMode} mode; a row must ` +
      'not be printed for it',
  );
}
