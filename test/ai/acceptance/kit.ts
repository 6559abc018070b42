/** What a case of the acceptance suite gets: the package, and what it recorded. The same in every runtime. */
import type * as api from '@opentelemetry/api';
import type * as spandrel from '../../../src/index.ts';
import type * as otel from '../../../src/otel.ts';

export interface RecordedSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly events: readonly string[];
}

export interface Kit extends Pick<typeof spandrel, 'currentSpan' | 'enrichSpan' | 'lazy' | 'span'> {
  readonly trace: typeof spandrel.trace;
  readonly startSpan: typeof spandrel.startSpan;
  readonly withSession: typeof spandrel.withSession;
  readonly init: typeof spandrel.init;
  readonly shutdown: typeof spandrel.shutdown;
  readonly stats: typeof spandrel.stats;
  readonly api: typeof api;
  readonly otel: typeof otel;
  /** Starts tracing into memory. */
  start(options?: spandrel.InitOptions): Promise<void>;
  /** The spans that have ended. */
  spans(): Promise<RecordedSpan[]>;
  /** The one of that name; throws where there is none, or another. */
  one(name: string): Promise<RecordedSpan>;
}

/** A case: does something with the package, and throws where it is not as expected. */
export type Case = (kit: Kit) => void | Promise<void>;

export interface Modules {
  readonly spandrel: typeof spandrel;
  readonly otel: typeof otel;
  readonly api: typeof api;
  /** Whether spans are objects for a processor of another make. */
  readonly asObjects: boolean;
}

const FOREIGN = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };

/** Runs one case with a provider of its own. */
export async function runCase(run: Case, { spandrel, otel, api, asObjects }: Modules): Promise<void> {
  const exporter = new otel.InMemorySpanExporter();
  const own = new otel.SimpleSpanProcessor(exporter);
  const spans = async (): Promise<RecordedSpan[]> => {
    await spandrel.flush();
    return exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      spanId: span.spanContext().spanId,
      parentId: span.parentSpanContext?.spanId,
      attributes: span.attributes,
      status: span.status.code,
      events: span.events.map(({ name }) => name),
    }));
  };
  const kit: Kit = {
    ...spandrel,
    api,
    otel,
    async start(options) {
      const spanProcessors = asObjects ? [FOREIGN, own] : [own];
      spandrel.init({ exporters: [], spanProcessors, ...options });
    },
    spans,
    async one(name) {
      const named = (await spans()).filter((span) => span.name === name);
      if (named.length !== 1) throw new Error(`expected one span "${name}", got ${named.length}`);
      return named[0];
    },
  };
  try {
    await run(kit);
  } finally {
    await spandrel.shutdown();
    api.trace.disable();
    api.context.disable();
    api.propagation.disable();
  }
}
