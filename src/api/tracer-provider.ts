/** Makes tracers, and holds what their spans share. Trace SDK specification, "Tracer Provider". */
import {
  type TracerProvider as ApiTracerProvider,
  context as contextApi,
  type MeterProvider,
  propagation,
  trace,
} from '@opentelemetry/api';
import type { BatchOptions } from '../config/batch.ts';
import { type EngineOptions, resolveEngineOptions } from '../config/engine.ts';
import { resolvePropagator } from '../config/propagators.ts';
import { resolveBoolean } from '../config/resolve.ts';
import { environmentAttributes } from '../config/resource-environment.ts';
import { resolveSampler } from '../config/sampler.ts';
import { type GeneralLimits, resolveSpanLimits } from '../config/span-limits.ts';
import { warnOnce } from '../diagnostics.ts';
import type { EngineName } from '../engine/engine.ts';
import { openArena } from '../engine/select.ts';
import { SpanQueue, type Stream } from '../export/span-queue.ts';
import { ArenaDestination } from './arena-destination.ts';
import { AttributeList } from './attribute-list.ts';
import { AttributeListPool } from './attribute-list-pool.ts';
import { describe } from './attributes.ts';
import { FULL, overheadLevel, queueLevel, SHORTENED } from './content-level.ts';
import { ownContextManager } from './context.ts';
import type { DestinationFlush, FlushResult } from './flush-result.ts';
import { resourceHeader, scopeFields } from './header-messages.ts';
import { type IdGenerator, RandomIdGenerator } from './ids.ts';
import { Ledger, type ShedCounts } from './ledger.ts';
import type { SpanLimits } from './limits.ts';
import type { Mask } from './mask.ts';
import { overhead } from './overhead.ts';
import { PluginProcessors } from './plugin-processors.ts';
import { defaultResource, resourceFromAttributes } from './resource.ts';
import { completion } from './resource-completion.ts';
import { type Sampler, samplingShortcut } from './sampler.ts';
import { readScope, scopeKey } from './scope.ts';
import { sdkMetrics } from './sdk-metrics.ts';
import type { SDKRegistrationConfig } from './sdk-registration-config.ts';
import type { DestinationStats, SpanDestination, SpanDestinationStats } from './span-destination.ts';
import { SpanMetrics } from './span-metrics.ts';
import type { SpanSettings } from './span-settings.ts';
import { Tracer } from './tracer.ts';
import type { InstrumentationScope, Resource, SpanProcessor } from './types.ts';
import { usableProcessors } from './usable-processors.ts';
import { isArenaProcessor, WireSpanProcessor } from './wire-span-processor.ts';

/** How to make a provider. Every member is optional; those of upstream's providers mean the same here. */
export interface TracerProviderOptions extends EngineOptions {
  /** Whether no span records; contexts are still handed on. Default: `OTEL_SDK_DISABLED`, else `false`. */
  disabled?: boolean;
  /** Default: `OTEL_TRACES_SAMPLER`, else parent-based, sampling every root. */
  sampler?: Sampler;
  /** Default: the `OTEL_*_LIMIT` variables, else 128 of each and no length limit. */
  spanLimits?: SpanLimits;
  /** Limits for every signal, where `spanLimits` leaves them out. */
  generalLimits?: GeneralLimits;
  /**
   * Default: `service.name` and `telemetry.sdk.*`, then `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. One that is
   * given counts as it is.
   */
  resource?: Resource;
  /** Default: random ids. */
  idGenerator?: IdGenerator;
  /** Default: none; spans are then recorded, and dropped when they end. */
  spanProcessors?: SpanProcessor[];
  /**
   * Gets the metrics of this SDK about itself (`otel.sdk.*`, docs/metrics.md): of the provider, and of the processors
   * and exporters of this package in it that have none of their own. Default: none, and nothing is measured.
   */
  meterProvider?: MeterProvider;
  /** Decides what of each string of each span is sent. Default: all of it. */
  mask?: Mask;
  /** Longest time `forceFlush` takes, in milliseconds. Default 30,000. */
  forceFlushTimeoutMillis?: number;
}

export type { BatchOptions, DestinationFlush, DestinationStats, FlushResult };

/** What was left out under load, and how much is now. */
export interface ShedStats {
  /** Captured values that were shortened, and left out. */
  readonly shortened: number;
  readonly omitted: number;
  /** New traces that were not recorded because of `maxCpuPercent`; what would have been their spans nobody knows. */
  readonly unsampled: number;
  /** What becomes of the captured content of a span that ends now. */
  readonly content: 'full' | 'shortened' | 'omitted';
  /** Share of new traces that `maxCpuPercent` lets record now: 1, 1/2, … 1/64. */
  readonly sampling: number;
}

/** The numbers of a provider. `started = live + abandoned + waiting + exported + rejected + failed + Σ dropped +
 * delegated`. */
export interface TracerProviderStats extends SpanDestinationStats {
  readonly shed: ShedStats;
  /** Which engine runs. */
  readonly engine: EngineName;
  /** What spans are: bytes from their end on, or objects for processors. */
  readonly mode: 'arena' | 'plug-in';
  /** Spans that began to record. */
  readonly started: number;
  /** Spans that did not end yet. */
  readonly live: number;
  /** Spans that were collected without `end()`; known some time after they were. */
  readonly abandoned: number;
  /** Of the whole arena: look-ups in the value memo and the bytes it holds, and the attribute keys known. */
  readonly memo: {
    readonly hits: number;
    readonly misses: number;
    readonly keys: number;
    readonly bytes: number;
  };
}

const DEFAULT_FLUSH_MILLIS = 30_000;

export class TracerProvider implements ApiTracerProvider {
  readonly settings: SpanSettings;
  private readonly tracers = new Map<string, Tracer>();
  private readonly destination: SpanDestination;
  private readonly resourceFields: () => Uint8Array;
  private readonly flushMillis: number;
  private stopping: Promise<void> | undefined;

  /**
   * Spans are bytes from their end on (arena mode) if every processor is exactly our `BatchSpanProcessor` or
   * `SimpleSpanProcessor` with an exporter of ours. With any other, a subclass or a patched one included, they are
   * objects that processors may write to (plug-in mode). The mode is fixed here; a processor pushed into a
   * provider later is not supported.
   *
   * @throws Error when a forced engine cannot start, or the host has no memory for the arena; `init()` says so instead.
   */
  constructor(given: TracerProviderOptions = {}) {
    const options = given ?? {};
    const arena = openArena(resolveEngineOptions(options));
    const resource = options.resource ?? environmentResource();
    const ledger = new Ledger();
    const queue = new SpanQueue(arena.engine);
    const processors = usableProcessors(options.spanProcessors);
    const isDisabled = resolveBoolean('disabled', options.disabled);
    const { meterProvider } = options;
    const metrics = isDisabled || meterProvider === undefined ? null : sdkMetrics(meterProvider);
    if (metrics !== null) observeAll(processors, meterProvider);
    const isArenaMode = processors.every(isArenaProcessor);
    const bytes = new ArenaDestination(isArenaMode ? processors.filter(isArenaProcessor) : [], queue, ledger);
    const plugins = isArenaMode ? null : new PluginProcessors(processors, arena);
    this.flushMillis = options.forceFlushTimeoutMillis ?? DEFAULT_FLUSH_MILLIS;
    this.destination = plugins ?? bytes;
    this.resourceFields = resourceHeader(arena, resource);
    const sampler = resolveSampler({ sampler: options.sampler });
    const limits = resolveSpanLimits(options.spanLimits, options.generalLimits);
    const { attributeCountLimit, attributeValueLengthLimit } = limits;
    this.settings = {
      arena,
      lists: new AttributeListPool(
        () => new AttributeList(arena.keyTable, attributeCountLimit, attributeValueLengthLimit),
        () => ledger.countAbandoned(),
      ),
      keyTable: arena.keyTable,
      queue,
      resource,
      sampler,
      limits,
      shortcut: samplingShortcut(sampler),
      idGenerator: ownIdGenerator(options.idGenerator),
      ledger,
      mask: options.mask ?? null,
      maxQueueSize: bytes.maxQueueSize,
      notifyEach: bytes.notifyEach,
      notify: bytes.notify.bind(bytes),
      processors: plugins,
      metrics: metrics === null ? null : new SpanMetrics(metrics),
      isShutdown: isDisabled,
    };
    if (isArenaMode) this.holdFor(resource, bytes);
  }

  /** Lets spans leave only once the resource is complete, or was given time enough to be. */
  private holdFor(resource: Resource, destination: ArenaDestination): void {
    const complete = completion(resource);
    if (complete === undefined) return;
    const { queue } = this.settings;
    queue.isHeld = true;
    void complete.then(() => {
      queue.isHeld = false;
      destination.pump();
    });
  }

  /** The tracer of an instrumentation scope; the same one for the same name, version and schema URL. */
  getTracer(
    name: string,
    version?: string,
    options?: { schemaUrl?: string; attributes?: InstrumentationScope['attributes'] },
  ): Tracer {
    const scope = readScope(name, version, options);
    const key = scopeKey(scope);
    const known = this.tracers.get(key);
    if (known !== undefined) return known;
    const { arena } = this.settings;
    const stream: Stream = {
      id: arena.newStream(),
      resourceFields: this.resourceFields,
      scopeFields: scopeFields(arena, scope),
      openPiece: -1,
      current: undefined,
    };
    const tracer = new Tracer(this.settings, scope, stream);
    this.tracers.set(key, tracer);
    this.tracerMade(tracer);
    return tracer;
  }

  /** Called for each new tracer. */
  protected tracerMade(_tracer: Tracer): void {}

  /**
   * Makes this the global provider, with a context manager and a propagator. `null` leaves one of them out.
   *
   * Defaults: a context manager over AsyncLocalStorage; W3C trace context and baggage.
   */
  register(config: SDKRegistrationConfig = {}): boolean {
    const { contextManager = ownContextManager, propagator = resolvePropagator() } = config ?? {};
    const registered = trace.setGlobalTracerProvider(this);
    if (contextManager !== null) {
      // One that is not enabled carries nothing across an `await`; the same as upstream's providers do.
      contextManager.enable?.();
      contextApi.setGlobalContextManager(contextManager);
    }
    if (propagator) propagation.setGlobalPropagator(propagator);
    return registered;
  }

  /**
   * Where other SDKs keep their processors, and some plug-ins push theirs (Sentry's `otlpIntegration`). Here the mode of
   * the spans is settled by then: what is pushed gets none, and this says so. @internal
   */
  get _activeSpanProcessor(): { readonly _spanProcessors: { push(...processors: unknown[]): number } } {
    return {
      _spanProcessors: {
        push: () => {
          warnOnce(
            'pushed-processor',
            'a span processor was pushed into a provider that exists already; it gets no spans. Give it to the provider ' +
              'when that is made: spanProcessors.',
          );
          return 0;
        },
      },
    };
  }

  /** Lets spans leave without the attributes of the resource that are not there yet: they will not come. @internal */
  releaseHeld(): void {
    this.destination.releaseHeld();
  }

  /** Sends what has finished. Resolves when it was answered, or at the deadline; never rejects. */
  async forceFlush(options: { timeoutMillis?: number } = {}): Promise<void> {
    await this.flush(options?.timeoutMillis ?? this.flushMillis);
  }

  /** As `forceFlush`, and says what happened. */
  async flush(timeoutMillis: number = this.flushMillis): Promise<FlushResult> {
    return this.destination.flush(checkMillis(timeoutMillis, this.flushMillis), false);
  }

  /** As `flush`, where nobody will wait again: it ends early if no try would come before the deadline. @internal */
  flushLast(millis: number): Promise<FlushResult> {
    return this.destination.flush(millis, true);
  }

  /**
   * Calls `listener` when a span has ended whose parent, if any, is in another process. Until this is called, no span
   * costs anything for it. @internal
   */
  watchRoots(listener: () => void): void {
    const { settings } = this;
    const { notify, processors } = settings;
    settings.notifyEach = true;
    settings.notify = (stream, span) => {
      notify(stream, span);
      if (span._remoteParent || (span._parent0 | span._parent1) === 0) listener();
    };
    processors?.watchRoots(listener);
  }

  /** Flushes, then stops: spans that end afterwards are dropped and counted, new ones do not record. */
  shutdown(timeoutMillis: number = this.flushMillis): Promise<void> {
    this.stopping ??= this.stop(checkMillis(timeoutMillis, this.flushMillis));
    return this.stopping;
  }

  private async stop(timeoutMillis: number): Promise<void> {
    this.settings.isShutdown = true;
    this.destination.releaseHeld();
    await this.destination.shutdown(timeoutMillis);
    const { core } = this.settings.arena.engine;
    for (const tracer of this.tracers.values()) core.dropStream(tracer.stream.id);
    this.settings.ledger.close();
  }

  /**
   * The numbers of this provider. Where several processors export, those of what was exported are of the first that was
   * not shut down, in plug-in mode of the first of ours; `destinations` has each.
   */
  stats(): TracerProviderStats {
    const { arena, ledger, processors } = this.settings;
    const counts = this.destination.stats(ledger);
    return {
      engine: arena.engine.name,
      mode: processors === null ? 'arena' : 'plug-in',
      started: ledger.started,
      live: ledger.live,
      abandoned: ledger.abandoned,
      ...counts,
      shed: shedStats(counts.shed, this.settings),
      memo: arena.memo,
    };
  }
}

function shedStats(counts: ShedCounts, { ledger, arena, queue }: SpanSettings): ShedStats {
  const { unsampled } = ledger;
  const level = Math.max(queueLevel(arena, queue), overheadLevel());
  const content = level === FULL ? 'full' : level === SHORTENED ? 'shortened' : 'omitted';
  return { ...counts, unsampled, content, sampling: overhead?.sampling ?? 1 };
}

function environmentResource(): Resource {
  return defaultResource().merge(resourceFromAttributes(environmentAttributes()));
}

function observeAll(processors: readonly SpanProcessor[], meterProvider: MeterProvider | undefined): void {
  for (const processor of processors) {
    if (processor instanceof WireSpanProcessor) processor.observeWith(meterProvider);
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

/** `null`, for random ids, if that is what the generator makes as well. */
function ownIdGenerator(generator: IdGenerator | undefined): IdGenerator | null {
  if (generator === undefined || generator === null) return null;
  return Object.getPrototypeOf(generator) === RandomIdGenerator.prototype ? null : generator;
}
