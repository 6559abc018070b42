/** Makes tracers, and holds what their spans share. Trace SDK specification, "Tracer Provider". */
import {
  type TracerProvider as ApiTracerProvider,
  type ContextManager,
  context as contextApi,
  propagation,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import type { BatchOptions } from '../config/batch.ts';
import { type EngineOptions, resolveEngineOptions } from '../config/engine.ts';
import { resolvePropagator } from '../config/propagators.ts';
import { resolveSampler } from '../config/sampler.ts';
import { type GeneralLimits, resolveSpanLimits } from '../config/span-limits.ts';
import { warnOnce } from '../diagnostics.ts';
import type { EngineName } from '../engine/engine.ts';
import { openArena } from '../engine/select.ts';
import type { FlushResult } from '../export/pipe.ts';
import { SpanQueue, type Stream } from '../export/span-queue.ts';
import { AttributeList, AttributeListPool } from './attribute-list.ts';
import { describe } from './attributes.ts';
import { ownContextManager } from './context.ts';
import { resourceHeader, scopeFields } from './header-messages.ts';
import type { IdGenerator } from './ids.ts';
import { type DropReason, Ledger } from './ledger.ts';
import type { SpanLimits } from './limits.ts';
import { defaultResource } from './resource.ts';
import { type Sampler, samplingShortcut } from './sampler.ts';
import type { SpanSettings } from './span-settings.ts';
import { Tracer } from './tracer.ts';
import type { InstrumentationScope, Resource, SpanProcessor } from './types.ts';
import { type Connection, WireSpanProcessor } from './wire-span-processor.ts';

/** How to make a provider. Every member is optional; those of upstream's providers mean the same here. */
export interface TracerProviderOptions extends EngineOptions {
  /** Default: `OTEL_TRACES_SAMPLER`, else parent-based, sampling every root. */
  sampler?: Sampler;
  /** Default: the `OTEL_*_LIMIT` variables, else 128 of each and no length limit. */
  spanLimits?: SpanLimits;
  /** Limits for every signal, where `spanLimits` leaves them out. */
  generalLimits?: GeneralLimits;
  /** Default: `service.name` and `telemetry.sdk.*`. */
  resource?: Resource;
  /** Default: random ids. */
  idGenerator?: IdGenerator;
  /** Default: none; spans are then recorded, and dropped when they end. */
  spanProcessors?: SpanProcessor[];
  /** Accepted as upstream has it, and not used. */
  meterProvider?: unknown;
  /** Longest time `forceFlush` takes, in milliseconds. Default 30,000. */
  forceFlushTimeoutMillis?: number;
}

export type { BatchOptions, FlushResult };

/** The numbers of a provider. `started = live + waiting + exported + rejected + failed + Σ dropped`. */
export interface TracerProviderStats {
  /** Which engine runs. */
  readonly engine: EngineName;
  /** Spans that began to record. */
  readonly started: number;
  /** Spans that did not end yet. */
  readonly live: number;
  /** Finished spans that wait or are in flight, by the first exporter. */
  readonly waiting: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Spans that the receiver took. */
  readonly exported: number;
  /** Spans that the receiver refused in a partial success. */
  readonly rejected: number;
  /** Spans that were refused or given up on. */
  readonly failed: number;
  /** Finished spans that never reached an exporter, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Strings that were cut because one span can hold no more than its text staging. */
  readonly cut: number;
  /** The last export error and its time, in milliseconds since the epoch. */
  readonly lastError: string | undefined;
  readonly lastErrorTime: number | undefined;
  /** Of the whole arena: look-ups in the value memo and the bytes it holds, and the attribute keys known. */
  readonly memo: {
    readonly hits: number;
    readonly misses: number;
    readonly keys: number;
    readonly bytes: number;
  };
}

const DEFAULT_FLUSH_MILLIS = 30_000;
/** Longest time that spans wait for resource attributes that are promises. */
const RESOURCE_WAIT_MILLIS = 5_000;

export class TracerProvider implements ApiTracerProvider {
  readonly settings: SpanSettings;
  private readonly tracers = new Map<string, Tracer>();
  private readonly connections: readonly Connection[];
  private readonly flushMillis: number;
  private stopping: Promise<void> | undefined;

  /** @throws Error when a forced engine cannot start. */
  constructor(options: TracerProviderOptions = {}) {
    const arena = openArena(resolveEngineOptions(options));
    const resource = options.resource ?? defaultResource();
    const queue = new SpanQueue(arena.engine, resourceHeader(arena, resource));
    const processors = (options.spanProcessors ?? []).filter(supported);
    this.flushMillis = options.forceFlushTimeoutMillis ?? DEFAULT_FLUSH_MILLIS;
    this.connections = processors.map((processor) => processor.connect(queue.attach()));
    const sampler = resolveSampler({ sampler: options.sampler });
    queue.maxPieceSpans = Math.min(...this.connections.map(({ maxExportBatchSize }) => maxExportBatchSize));
    const limits = resolveSpanLimits(options.spanLimits, options.generalLimits);
    const { attributeCountLimit, attributeValueLengthLimit } = limits;
    this.settings = {
      arena,
      lists: new AttributeListPool(
        () => new AttributeList(arena.keyTable, attributeCountLimit, attributeValueLengthLimit),
      ),
      keyTable: arena.keyTable,
      queue,
      resource,
      sampler,
      limits,
      shortcut: samplingShortcut(sampler),
      idGenerator: options.idGenerator ?? null,
      ledger: new Ledger(),
      maxQueueSize: Math.min(...this.connections.map(({ maxQueueSize }) => maxQueueSize)),
      notifyEach: this.connections.some(({ notifyEach }) => notifyEach),
      notify: this.notify.bind(this),
      isShutdown: false,
    };
    this.holdFor(resource);
  }

  /** Lets spans leave only once the resource is complete, or was given time enough to be. */
  private holdFor(resource: Resource): void {
    if (resource.asyncAttributesPending !== true || resource.waitForAsyncAttributes === undefined) return;
    const { queue } = this.settings;
    queue.isHeld = true;
    const release = (): void => {
      clearTimeout(timer);
      queue.isHeld = false;
      for (const { pipe } of this.connections) pipe.pump();
    };
    const timer = setTimeout(release, RESOURCE_WAIT_MILLIS);
    (timer as { unref?: () => void }).unref?.();
    // A resource of another make may throw here, or answer with something that is no promise.
    new Promise((resolve) => resolve(resource.waitForAsyncAttributes?.())).then(release, release);
  }

  /** The tracer of an instrumentation scope; the same one for the same name, version and schema URL. */
  getTracer(
    name: string,
    version?: string,
    options?: { schemaUrl?: string; attributes?: InstrumentationScope['attributes'] },
  ): Tracer {
    const scope = {
      name: describe(name ?? ''),
      version: version === undefined ? undefined : describe(version),
      schemaUrl: options?.schemaUrl === undefined ? undefined : describe(options.schemaUrl),
      attributes: options?.attributes,
    };
    const key = scopeKey(scope);
    const known = this.tracers.get(key);
    if (known !== undefined) return known;
    const { arena } = this.settings;
    const stream: Stream = {
      id: arena.newStream(),
      scopeFields: scopeFields(arena, scope),
      openPiece: -1,
      current: undefined,
    };
    const tracer = new Tracer(this.settings, scope, stream);
    this.tracers.set(key, tracer);
    return tracer;
  }

  /**
   * Makes this the global provider, with a context manager and a propagator. `null` leaves one of them out.
   *
   * Defaults: a context manager over AsyncLocalStorage; W3C trace context and baggage.
   */
  register(
    config: { contextManager?: ContextManager | null; propagator?: TextMapPropagator | null } = {},
  ): boolean {
    const registered = trace.setGlobalTracerProvider(this);
    if (config.contextManager !== null) {
      contextApi.setGlobalContextManager(config.contextManager ?? ownContextManager);
    }
    const propagator = config.propagator === undefined ? resolvePropagator() : config.propagator;
    if (propagator) propagation.setGlobalPropagator(propagator);
    return registered;
  }

  /** Sends what has finished. Resolves when it was answered, or at the deadline; never rejects. */
  async forceFlush(options: { timeoutMillis?: number } = {}): Promise<void> {
    await this.flush(options.timeoutMillis ?? this.flushMillis);
  }

  /** As `forceFlush`, and says what happened. */
  async flush(timeoutMillis: number = this.flushMillis): Promise<FlushResult> {
    const millis = checkMillis(timeoutMillis, this.flushMillis);
    const results = await Promise.all(this.connections.map(({ pipe }) => pipe.flush(millis)));
    const { queue } = this.settings;
    if (results.length === 0) return { exported: 0, dropped: 0, waiting: queue.waiting, bytes: 0 };
    return results.reduce((worst, result) => (result.exported < worst.exported ? result : worst));
  }

  /** Flushes, then stops: spans that end afterwards are dropped and counted, new ones do not record. */
  shutdown(timeoutMillis: number = this.flushMillis): Promise<void> {
    this.stopping ??= this.stop(checkMillis(timeoutMillis, this.flushMillis));
    return this.stopping;
  }

  private async stop(timeoutMillis: number): Promise<void> {
    this.settings.isShutdown = true;
    this.settings.queue.isHeld = false;
    await Promise.all(this.connections.map(({ pipe }) => pipe.shutdown(timeoutMillis)));
    const { core } = this.settings.arena.engine;
    for (const tracer of this.tracers.values()) core.dropStream(tracer.stream.id);
  }

  /** The numbers of this provider. Where several processors export, exports are those of the first still at work. */
  stats(): TracerProviderStats {
    const { arena, ledger } = this.settings;
    const first = this.connections.find(({ pipe }) => !pipe.isClosed) ?? this.connections[0];
    const counters = first?.pipe.counters;
    const dropped = { ...ledger.dropped };
    if (counters?.shutdown) dropped.shutdown = (dropped.shutdown ?? 0) + counters.shutdown;
    return {
      engine: arena.engine.name,
      started: ledger.started,
      live: ledger.live,
      waiting: first?.pipe.waitingSpans ?? 0,
      bytes: first?.source.waitingBytes ?? 0,
      exported: counters?.exported ?? 0,
      rejected: counters?.rejected ?? 0,
      failed: counters?.failed ?? 0,
      dropped,
      cut: ledger.cut,
      lastError: counters?.lastError,
      lastErrorTime: counters?.lastErrorTime,
      memo: arena.memo,
    };
  }

  private notify(stream: Stream): void {
    this.settings.queue.closeFull(stream);
    for (const connection of this.connections) connection.notify();
  }
}

/** Equal for equal scopes. Attributes that JSON cannot write tell no scopes apart. */
function scopeKey({ name, version, schemaUrl, attributes }: InstrumentationScope): string {
  try {
    return JSON.stringify([name, version, schemaUrl, attributes]);
  } catch {
    return JSON.stringify([name, version, schemaUrl]);
  }
}

/** A time to wait, or `fallback` with a warning for what is none. */
function checkMillis(millis: unknown, fallback: number): number {
  if (typeof millis === 'number' && millis >= 0) return millis;
  warnOnce(
    'flush-millis',
    `flush, shutdown: expected milliseconds, got ${describe(millis)}; ${fallback} is used.`,
  );
  return fallback;
}

function supported(processor: SpanProcessor): processor is WireSpanProcessor {
  if (processor instanceof WireSpanProcessor && typeof processor.exporter?.wire === 'function') return true;
  warnOnce(
    'foreign-processor',
    `span processor ${describe(processor?.constructor?.name)}: only BatchSpanProcessor and SimpleSpanProcessor of ` +
      'spandrel/otel, with its own exporters, are supported in this version; it gets no spans.',
  );
  return false;
}
