/** Starts and stops tracing for a whole program. */
import {
  context as contextApi,
  type MeterProvider,
  type ProxyTracerProvider,
  propagation as propagationApi,
  type Tracer,
  trace as traceApi,
} from '@opentelemetry/api';
import { checkApiVersion } from './api/api-version.ts';
import { messageOf } from './api/attributes.ts';
import { ownContextManager } from './api/context.ts';
import { exportProcessors } from './api/exporter-options.ts';
import type { SpanLimits } from './api/limits.ts';
import type { Mask } from './api/mask.ts';
import { limitOverhead } from './api/overhead.ts';
import { masks, type RedactOptions, redaction } from './api/redaction.ts';
import { redirection } from './api/redirection.ts';
import { type FlushResult, TracerProvider, type TracerProviderStats } from './api/tracer-provider.ts';
import type { SpanProcessor } from './api/types.ts';
import { usableProcessors } from './api/usable-processors.ts';
import { type ActivationOptions, resolveActivation } from './config/activation.ts';
import type { BatchOptions } from './config/batch.ts';
import { type Content, type ContentOptions, resolveContent } from './config/content.ts';
import { type DialectName, resolveDialect } from './config/dialect.ts';
import type { EngineOptions } from './config/engine.ts';
import { type PropagatorOptions, resolvePropagator } from './config/propagators.ts';
import { warnInvalid } from './config/readers.ts';
import { resolveNumber } from './config/resolve.ts';
import { type ResourceOptions, resolveResource } from './config/resource.ts';
import { resolveSampler, type SamplerOptions } from './config/sampler.ts';
import { resolveSignals, type SignalOptions } from './config/signals.ts';
import { error as reportError, warnOnce } from './diagnostics.ts';
import { installExitHooks } from './exit/exit-hooks.ts';
import { flushAfterRequests } from './exit/request-flushes.ts';
import type { OtlpHttpProtocol } from './export/otlp-http.ts';
import { VERSION } from './version.ts';

/** Options of `init`. Explicit options win over `OTEL_*` variables, which win over defaults. */
export interface InitOptions
  extends ActivationOptions,
    ContentOptions,
    EngineOptions,
    PropagatorOptions,
    ResourceOptions,
    SamplerOptions,
    SignalOptions {
  /**
   * Base URL of the receiver of `'otlp'`, as the four that follow; `v1/traces` is appended. One that ends in it already is used as it is, with a
   * warning. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`.
   */
  endpoint?: string;
  /** Headers of every request, such as an API key. Never logged. */
  headers?: Record<string, string>;
  /** `gzip` compresses off the main thread. Default: `OTEL_EXPORTER_OTLP_COMPRESSION`, else `none`. */
  compression?: 'none' | 'gzip';
  /**
   * Form of requests. Default: `OTEL_EXPORTER_OTLP_PROTOCOL`, else `http/protobuf`. `grpc` is not spoken: it is
   * named in a warning and `http/protobuf` is sent.
   */
  protocol?: OtlpHttpProtocol;
  /** Total time of one attempt to send, in milliseconds. Default: `OTEL_EXPORTER_OTLP_TIMEOUT`, else 10,000. */
  timeoutMillis?: number;
  /** Limits of a span. Default: the `OTEL_*_LIMIT` variables, else 128 of each and no length limit. */
  limits?: SpanLimits;
  /**
   * Further processors, of any make. One that is not exactly ours puts the provider in plug-in mode, where spans are
   * objects until they are exported: slower, and still complete. Default: none.
   */
  spanProcessors?: SpanProcessor[];
  /** The names that inputs, outputs, models, usage and sessions have on the wire. Default: `SPANDREL_DIALECT`, else `genai`. */
  dialect?: DialectName;
  /** Decides what of each string of each span is sent, spans of instrumentations included. Default: all of it. */
  mask?: Mask;
  /** Whether built-in patterns (keys, tokens, card numbers, mail addresses) are replaced, before `mask`. Default `false`. */
  redact?: boolean | RedactOptions;
  /** When batches leave. Default: the `OTEL_BSP_*` variables, else every 5 s or 4 MiB. */
  batch?: BatchOptions;
  /**
   * Most of the main thread that tracing may take, in percent, from 0.1 to 100. Over it, captured content is shortened,
   * then left out, then of new traces 1/2 to 1/64 are recorded, and more again when the load falls. Default: none, or
   * `SPANDREL_MAX_CPU_PERCENT`; nothing is measured then.
   */
  maxCpuPercent?: number;
  /** Gets the metrics of this SDK about itself, `otel.sdk.*` (docs/metrics.md). Default: none are made. */
  meterProvider?: MeterProvider;
}

/** The numbers of `stats()`. `engine` is `none` while tracing is off. */
export type Stats = Omit<TracerProviderStats, 'engine'> & {
  readonly engine: TracerProviderStats['engine'] | 'none';
};

const NOTHING_FLUSHED: FlushResult = { exported: 0, dropped: 0, waiting: 0, bytes: 0, destinations: [] };
const SCOPE = 'spandrel';

interface Running {
  readonly provider: TracerProvider;
  readonly tracer: Tracer;
  readonly content: Content;
  readonly dialect: DialectName;
  readonly removeExitHooks: () => void;
}

let running: Running | undefined;
/** The last provider that was shut down: its final numbers stay readable. */
let ended: TracerProvider | undefined;
/** Why the last `init()` could not start, if it could not. */
let refusal: Pick<Stats, 'lastError' | 'lastErrorTime'> | undefined;
let globalTracer: Tracer | undefined;

/**
 * Starts tracing: spans of `trace`, of instrumentations and of `@opentelemetry/api` are recorded and sent.
 * Synchronous; does no network; never throws. What cannot start is said in one line, and tracing is off. A
 * second call warns and changes nothing; after `shutdown()`, `init()` starts anew, but a tracer that an
 * instrumentation got from `@opentelemetry/api` before stays with the provider that was stopped.
 */
export function init(options: InitOptions = {}): void {
  if (running !== undefined) {
    warnOnce(
      'init-twice',
      'init() was called again; the first call counts. Call shutdown() before another init().',
    );
    return;
  }
  refusal = undefined;
  try {
    running = start(options ?? {});
  } catch (cause) {
    const lastError = `tracing is off: ${messageOf(cause)}`;
    refusal = { lastError, lastErrorTime: Date.now() };
    // By its reason: a second call may be refused for another.
    reportError(`init ${lastError}`, lastError);
  }
}

/** Marks the process for every copy of the package in it: of another version, or in the other module format. */
const STARTED = Symbol.for('spandrel.register');

/** As `init()`, from the environment alone; in a process where any copy has done so already, nothing. */
export function initOnce(): void {
  const marks = globalThis as Record<symbol, unknown>;
  if (marks[STARTED] === true) return;
  marks[STARTED] = true;
  init();
}

const OPTION_NAMES: Readonly<Record<keyof InitOptions, true>> = {
  arenaBytes: true,
  batch: true,
  compression: true,
  content: true,
  detectors: true,
  dialect: true,
  disabled: true,
  endpoint: true,
  engine: true,
  exporters: true,
  flushOnSignals: true,
  headers: true,
  limits: true,
  mask: true,
  maxCpuPercent: true,
  meterProvider: true,
  propagators: true,
  protocol: true,
  redact: true,
  registerGlobal: true,
  resource: true,
  resourceAttributes: true,
  sampler: true,
  samplerArg: true,
  serviceName: true,
  spanProcessors: true,
  timeoutMillis: true,
};

/** Says once what no option is, and groups of options that are no object. */
function checkOptions(options: InitOptions): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(OPTION_NAMES, name)) continue;
    warnInvalid(`option ${name}`, `one of ${Object.keys(OPTION_NAMES).join(', ')}`);
  }
  for (const name of ['limits', 'batch'] as const) {
    const group: unknown = options[name];
    if (group === undefined || (typeof group === 'object' && group !== null)) continue;
    warnInvalid(`option ${name}`, 'an object', `a value of type ${typeof group}`);
  }
}

function start(options: InitOptions): Running | undefined {
  checkOptions(options);
  const activation = resolveActivation(options);
  if (activation.disabled) {
    // Incoming and outgoing headers are still handed on (General SDK Configuration, OTEL_SDK_DISABLED).
    if (activation.registerGlobal) registerPropagation(options);
    return undefined;
  }
  const provider = new TracerProvider({
    disabled: false,
    engine: options.engine,
    arenaBytes: options.arenaBytes,
    sampler: resolveSampler(options),
    spanLimits: options.limits,
    meterProvider: options.meterProvider,
    mask: maskOf(options),
    resource: resolveResource(options),
    // Ours last: what another processor writes to a span in `onEnd` is exported.
    spanProcessors: [
      ...usableProcessors(options.spanProcessors),
      ...exportProcessors(activation.exporters, options),
    ],
  });
  const content = resolveContent(options);
  limitOverhead(resolveNumber('maxCpuPercent', options.maxCpuPercent));
  // Last of what can fail: a provider that is registered can be stopped.
  if (activation.registerGlobal) {
    registerGlobal(provider, options);
    checkApiVersion(registered());
  }
  flushAfterRequests(provider);
  return {
    provider,
    tracer: provider.getTracer(SCOPE, VERSION),
    content,
    dialect: resolveDialect(options.dialect),
    removeExitHooks: installExitHooks(provider, resolveSignals(options), endOpenCalls),
  };
}

function maskOf({ redact, mask }: InitOptions): Mask | undefined {
  const own = resolveMask(mask);
  const isOff = redact === undefined || redact === null || redact === false;
  return isOff ? own : masks(resolveRedaction(redact), own);
}

/** Fails closed: what is no mask masks everything. */
function resolveMask(mask: unknown): Mask | undefined {
  if (mask === undefined || mask === null) return undefined;
  if (typeof mask === 'function') return mask as Mask;
  warnInvalid('option mask', 'a function', `a value of type ${typeof mask}`, 'everything is masked');
  return () => '[masked]';
}

/** Fails closed as well. Loads the patterns only where they are asked for. */
function resolveRedaction(redact: true | RedactOptions): Mask {
  try {
    if (redact === true) return redaction();
    if (typeof redact === 'object') return redaction(redact);
    throw new TypeError(`expected true, false or an object, got ${typeof redact}`);
  } catch (error) {
    warnInvalid('option redact', 'what it says', messageOf(error), 'everything is masked');
    return () => '[masked]';
  }
}

function registerGlobal(provider: TracerProvider, options: InitOptions): void {
  if (registered().trace !== undefined) {
    warnOnce(
      'global-provider',
      'another OpenTelemetry provider is registered already; spandrel records only its own spans. ' +
        'Call init() first to record those of instrumentations too.',
    );
    return;
  }
  traceApi.setGlobalTracerProvider(provider);
  registerPropagation(options);
}

/** Registers a context manager and the propagators, each unless there is one. */
function registerPropagation(options: InitOptions): void {
  const { context, propagation } = registered();
  if (context === undefined) contextApi.setGlobalContextManager(ownContextManager);
  const propagator = propagation === undefined ? resolvePropagator(options) : undefined;
  if (propagator !== undefined) propagationApi.setGlobalPropagator(propagator);
}

/** What is registered with the API, read where it keeps it: its accessors answer with stand-ins when nothing is. */
export function registered(): {
  version?: unknown;
  trace?: unknown;
  context?: unknown;
  propagation?: unknown;
} {
  return (globalThis as Record<symbol, object | undefined>)[Symbol.for('opentelemetry.js.api.1')] ?? {};
}

/** Sends what has finished; resolves when it was answered or after `ms`. Never rejects. */
export async function flush(ms = 30_000): Promise<FlushResult> {
  return running?.provider.flush(ms) ?? NOTHING_FLUSHED;
}

const beforeEnd = new Set<() => void>();
const beforeShutdown = new Set<() => void>();

function endOpenCalls(): void {
  for (const fn of beforeEnd) fn();
}

/** Calls `fn` when the event loop has run dry and at the beginning of every `shutdown`, while spans can still end. Must not throw. */
export function onEnd(fn: () => void): void {
  beforeEnd.add(fn);
}

/** Calls `fn` at the beginning of every `shutdown`. Must not throw. */
export function onShutdown(fn: () => void): void {
  beforeShutdown.add(fn);
}

/** Flushes, then stops tracing. Never rejects. Functions wrapped by `trace` go on without spans. */
export async function shutdown(ms = 30_000): Promise<void> {
  const stopping = running;
  if (stopping === undefined) return;
  endOpenCalls();
  for (const fn of beforeShutdown) fn();
  await stopping.provider.shutdown(ms);
  stopping.removeExitHooks();
  if (running !== stopping) return;
  running = undefined;
  limitOverhead(undefined);
  ended = stopping.provider;
  // The API keeps the first provider it gets; given back, the next init() can register its own.
  if ((traceApi.getTracerProvider() as ProxyTracerProvider).getDelegate?.() === ended) traceApi.disable();
  globalTracer = undefined;
}

/**
 * What was recorded, sent, dropped and why; costs nothing until it is called. After `shutdown()`, the final
 * numbers, with `engine` `none`. After an `init()` that could not start, `lastError` says why.
 */
export function stats(): Stats {
  if (running !== undefined) return running.provider.stats();
  if (ended !== undefined) return { ...ended.stats(), ...refusal, engine: 'none' };
  return {
    engine: 'none',
    mode: 'arena',
    started: 0,
    live: 0,
    abandoned: 0,
    waiting: 0,
    bytes: 0,
    exported: 0,
    rejected: 0,
    failed: 0,
    dropped: {},
    delegated: 0,
    cut: 0,
    shed: { shortened: 0, omitted: 0, unsampled: 0, content: 'full', sampling: 1 },
    lastError: undefined,
    lastErrorTime: undefined,
    ...refusal,
    destinations: [],
    memo: { hits: 0, misses: 0, keys: 0, bytes: 0 },
  };
}

/** The tracer of `trace`, `span` and `startSpan`: ours, or, before `init()`, that of the global provider. */
export function activeTracer(): Tracer {
  return watch === null ? usualTracer() : watch(usualTracer());
}

function usualTracer(): Tracer {
  const redirected = redirection?.active();
  if (redirected !== undefined) return redirected.tracer;
  if (running !== undefined) return running.tracer;
  globalTracer ??= traceApi.getTracer(SCOPE, VERSION);
  return globalTracer;
}

let watch: ((tracer: Tracer) => Tracer) | null = null;

/** Puts `stand` in the place of every tracer that `activeTracer` gives; `null` puts none, which costs a comparison. */
export function watchTracers(stand: typeof watch): void {
  watch = stand;
}

/** Whether `trace` captures arguments and results when not told. */
export function capturesContent(): boolean {
  return (redirection?.active() ?? running)?.content === 'all';
}

/** Whether messages and stack traces of errors are recorded: they often quote what went in. Not with `content: 'none'`. */
export function capturesErrors(): boolean {
  return (redirection?.active() ?? running)?.content !== 'none';
}

/** How the AI layer names things: the option of `init`, before it the default. */
export function activeDialectName(): DialectName {
  return (redirection?.active() ?? running)?.dialect ?? 'genai';
}

/** The provider of `init`, while it runs. */
export function activeProvider(): TracerProvider | undefined {
  return running?.provider;
}
