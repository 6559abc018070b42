/** The SDKs that the real servers are shown: ours, and opentelemetry-js where figures are written. */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { type DiagLogger, DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { resetDiagnostics } from '../../../src/diagnostics.ts';
import type { OTLPTraceExporterOptions } from '../../../src/export/otlp-trace-options.ts';
import type { Stats } from '../../../src/init.ts';
import { BatchSpanProcessor, OTLPTraceExporter, TracerProvider } from '../../../src/otel.ts';

/** One SDK that sends to one server. */
export interface Side {
  /** Makes and ends spans, each with its size in an attribute of so many characters. */
  finish(count: number, characters?: number): void;
  /** Flushes until the SDK holds nothing any more. */
  drain(): Promise<void>;
  /** Flushes once, for so long at most. */
  flush(millis: number): Promise<void>;
  stop(): Promise<void>;
  /** Everything it said to `diag` at warn or error. */
  readonly said: readonly string[];
}

/** What either SDK's exporter takes. */
export interface SideOptions {
  readonly url: string;
  readonly compression?: 'none' | 'gzip';
}

export interface Spandrel extends Side {
  stats(): Omit<Stats, 'engine'>;
}

function listen(isOurs: (message: string) => boolean): string[] {
  const said: string[] = [];
  const keep = (message: string): void => {
    if (isOurs(message)) said.push(message);
  };
  const ignore = (): void => {};
  const logger: DiagLogger = { error: keep, warn: keep, info: ignore, debug: ignore, verbose: ignore };
  resetDiagnostics();
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return said;
}

const isSpandrel = (message: string): boolean => message.startsWith('spandrel: ');

function finishWith(tracer: Tracer): Side['finish'] {
  return (count, characters = 0) => {
    const attributes = characters === 0 ? {} : { content: 'x'.repeat(characters) };
    for (let index = 0; index < count; index++) tracer.startSpan('work', { attributes }).end();
  };
}

/** Ours, in this process; stopped with the test. */
export function spandrel(options: OTLPTraceExporterOptions): Spandrel {
  const said = listen(isSpandrel);
  const exporter = new OTLPTraceExporter(options);
  // A full hour: what is sent leaves by a flush, or by the size of a request.
  const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 3_600_000 });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const stop = (): Promise<void> => provider.shutdown(1_000);
  onTestFinished(stop);
  return {
    finish: finishWith(provider.getTracer('servers')),
    async flush(millis) {
      await provider.flush(millis);
    },
    async drain() {
      // Each flush cuts a pause of ours short.
      while (provider.stats().waiting > 0) await provider.flush(600);
    },
    stop,
    said,
    stats: () => provider.stats(),
  };
}

/** The parts of opentelemetry-js that are used here. */
interface Upstream {
  BasicTracerProvider: new (
    options: object,
  ) => { getTracer(name: string): Tracer; forceFlush(): Promise<void>; shutdown(): Promise<void> };
  BatchSpanProcessor: new (exporter: object) => object;
  OTLPTraceExporter: new (
    options: object,
  ) => { export(spans: unknown[], done: (result: unknown) => void): void };
}

/** opentelemetry-js 2.12.1, which does not say what it lost. */
export function upstream(options: SideOptions): Side {
  const require = createRequire(new URL('../../versions/sdk-2/package.json', import.meta.url));
  const { BasicTracerProvider, BatchSpanProcessor, OTLPTraceExporter } = {
    ...require('@opentelemetry/sdk-trace-base'),
    ...require('@opentelemetry/exporter-trace-otlp-proto'),
  } as Upstream;
  const said = listen((message) => !isSpandrel(message));
  const exporter = new OTLPTraceExporter(options);
  const exportSpans = exporter.export.bind(exporter);
  let pending = 0;
  exporter.export = (spans, done) => {
    pending += 1;
    exportSpans(spans, (result) => {
      pending -= 1;
      done(result);
    });
  };
  const processor = new BatchSpanProcessor(exporter);
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const flush = (): Promise<void> => provider.forceFlush().catch(() => {});
  const stop = (): Promise<void> => provider.shutdown().catch(() => {});
  onTestFinished(stop);
  return {
    finish: finishWith(provider.getTracer('servers')),
    flush: async (millis) => {
      await Promise.race([flush(), new Promise((resolve) => setTimeout(resolve, millis))]);
    },
    async drain() {
      // Its flush does not wait for an export under way, nor for what waits behind it.
      for (let round = 0; round < 2; round++) {
        await flush();
        while (pending > 0) await delay(10);
      }
    },
    stop,
    said,
  };
}
