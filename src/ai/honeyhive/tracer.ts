/** @module `HoneyHiveTracer`: a session, and what makes spans in it. */

import { type Tracer, trace as traceApi } from '@opentelemetry/api';
import { messageOf } from '../../api/attributes.ts';
import { activeContext, withContext } from '../../api/context.ts';
import { error as reportError } from '../../diagnostics.ts';
import { onShutdown } from '../../init.ts';
import type { Association } from '../dialects/honeyhive-session.ts';
import type { AnyFunction } from '../trace-options.ts';
import { injectContext, type LinkToken, link } from './carrier.ts';
import { allDestinations, type Destination, destinationOf, forgetDestinations } from './destination.ts';
import { type EnrichSessionParams, type EnrichSpanParams, enrichSpan, updateSession } from './enrich.ts';
import { memberTracer } from './member-tracer.ts';
import { inMembership, type Membership, membership, membershipOf } from './membership.ts';
import { type InitParams, readSessionId, resolveProperties } from './options.ts';
import { type SessionParams, startSession } from './sessions.ts';
import { decorateClass, type TraceClassOptions } from './traced-class.ts';
import { choose, type TraceFunctionOptions, traced } from './traced-function.ts';
import type { Values } from './values.ts';

/** Longest time `flush` and `shutdown` take, in milliseconds. */
const FLUSH_MILLIS = 30_000;

/** What a wrapper of one type takes. */
export type TypedTraceOptions = Omit<TraceFunctionOptions, 'eventType'>;

export class HoneyHiveTracer {
  readonly #given: InitParams;
  /** `undefined`: tracing is off, and everything runs as without it. */
  readonly #destination: Destination | undefined;
  readonly #association: Association;
  #membership: Membership | undefined;

  private constructor(given: InitParams, destination?: Destination, association: Association = {}) {
    this.#given = given;
    this.#destination = destination;
    this.#association = association;
    destination?.join({ membership: () => this.#own() as Membership });
  }

  /**
   * Starts tracing, and a session. Does no network: the session's id is made here, and the server is told in the
   * background, so the promise is fulfilled already. Never rejects: what cannot start is said in one line, and the tracer
   * that comes back traces nothing. Inside a session, what is left out is that session's.
   *
   * The first tracer's server gets the spans of the whole program; a tracer with another server or key has spans of its own.
   */
  static async init(params: InitParams = {}): Promise<HoneyHiveTracer> {
    const given = { ...params };
    try {
      const properties = resolveProperties(given);
      const destination = destinationOf(properties);
      onShutdown(forgetDestinations);
      const around = membershipOf(activeContext());
      if (around?.destination === destination) Object.assign(properties, present(around.association));
      const { project, source, disableHttpTracing, runId, datasetId, datapointId } = properties;
      const sessionId =
        properties.sessionId ?? startSession(destination, { ...properties, sessionId: undefined });
      const association = { sessionId, project, source, disableHttpTracing, runId, datasetId, datapointId };
      return new HoneyHiveTracer(properties, destination, association);
    } catch (cause) {
      reportError('honeyhive-init', `HoneyHiveTracer.init: ${messageOf(cause)} Nothing is traced by it.`);
      return new HoneyHiveTracer(given);
    }
  }

  get apiKey(): string | undefined {
    return this.#given.apiKey;
  }

  get project(): string | undefined {
    return this.#given.project;
  }

  /** A UUID, known at once; `undefined` only where tracing is off. */
  get sessionId(): string | undefined {
    return this.#association.sessionId;
  }

  /** Spans that start from now on belong to that session. */
  set sessionId(sessionId: string | undefined) {
    const id = readSessionId(sessionId);
    if (id === undefined) return;
    this.#association.sessionId = id;
    this.#membership = undefined;
  }

  get serverUrl(): string {
    return this.#given.serverUrl ?? '';
  }

  get sessionName(): string {
    return this.#given.sessionName ?? 'unknown session';
  }

  get source(): string {
    return this.#given.source ?? 'unknown source';
  }

  get inputs(): Values {
    return this.#given.inputs ?? {};
  }

  get metadata(): Values {
    return this.#given.metadata ?? {};
  }

  get disableBatch(): boolean {
    return this.#given.disableBatch === true;
  }

  get disableHttpTracing(): boolean {
    return this.#given.disableHttpTracing === true;
  }

  get isEvaluation(): boolean {
    return this.#given.isEvaluation === true;
  }

  get verbose(): boolean {
    return this.#given.verbose === true;
  }

  get runId(): string | undefined {
    return this.#given.runId;
  }

  get datasetId(): string | undefined {
    return this.#given.datasetId;
  }

  get datapointId(): string | undefined {
    return this.#given.datapointId;
  }

  /** The tracer's session, which `init` has started; `null` where tracing is off. */
  async startSession(): Promise<string | null> {
    return this.sessionId ?? null;
  }

  /** Runs `fn` in the tracer's session, or in that of the context; returns what it returns. Makes no span. */
  trace<A extends unknown[], F extends (...args: A) => ReturnType<F>>(fn: F, ...args: A): ReturnType<F> {
    const member = choose(membershipOf(activeContext()), this.#own());
    if (member === undefined) return fn(...args);
    return withContext(inMembership(activeContext(), member), () => fn(...args));
  }

  /** Makes wrappers; see `traceFunction` of the module. A call outside any session belongs to the tracer's. */
  traceFunction(options: TraceFunctionOptions = {}): <F extends AnyFunction>(fn: F) => F {
    return (fn) => traced(fn, options, () => this.#own());
  }

  traceModel<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
    return this.traceFunction({ ...options, eventType: 'model' })(fn);
  }

  traceTool<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
    return this.traceFunction({ ...options, eventType: 'tool' })(fn);
  }

  traceChain<F extends AnyFunction>(fn: F, options: TypedTraceOptions = {}): F {
    return this.traceFunction({ ...options, eventType: 'chain' })(fn);
  }

  /** Not in the original. Traces the methods of a class; the result is a decorator, in both forms of the language. */
  traceClass(
    options: TraceClassOptions = {},
  ): <C extends abstract new (...args: never[]) => unknown>(target: C) => C {
    return decorateClass(options, () => this.#own());
  }

  /** A span of the type `model` that is over already. */
  logModel(params: EnrichSpanParams = {}): void {
    const eventName = params?.eventName || 'model event';
    this.traceModel(() => this.enrichSpan(params), { eventName })();
  }

  enrichSpan(params: EnrichSpanParams = {}): void {
    enrichSpan(params);
  }

  static enrichSpan(params: EnrichSpanParams = {}): void {
    enrichSpan(params);
  }

  /** As `enrichSession` of the module, for the tracer's session where none is named. Its promise waits for nothing. */
  async enrichSession(params: EnrichSessionParams = {}): Promise<void> {
    if (this.#destination !== undefined) updateSession(this.#own(), params);
  }

  /** An OpenTelemetry tracer whose spans are of the tracer's session, such as for the `ai` package. */
  getTracer(): Tracer {
    if (this.#destination === undefined) return traceApi.getTracer('spandrel/honeyhive');
    return memberTracer(this.#destination.tracer, { membership: () => this.#own() as Membership });
  }

  /** Not in the original. Starts a session, in the background, for `withSession`; returns its id, '' where tracing is off. */
  createSession(params: SessionParams = {}): string {
    const { sessionName, project = '', source } = this;
    if (this.#destination === undefined) return '';
    return startSession(this.#destination, { sessionName, source, ...params, project });
  }

  /**
   * Not in the original. Runs `fn` in a session of its own: a new one, or, where `sessionId` is given, one that exists.
   * Everything in it belongs to that session, whatever runs beside it. `fn` gets the id.
   */
  withSession<R>(params: SessionParams, fn: (sessionId: string) => R): R {
    const destination = this.#destination;
    if (destination === undefined) return fn('');
    const sessionId = readSessionId(params?.sessionId) ?? this.createSession(params);
    const source = params?.source ?? this.source;
    const member = membership(destination, { ...this.#association, source, sessionId });
    return withContext(inMembership(activeContext(), member), () => fn(sessionId));
  }

  /**
   * Not in the original. Makes the trace and session of a carrier, written by `injectContext` elsewhere, the active ones
   * from here on, until `unlink`. In a server, call it first in the function that handles one request.
   */
  link(carrier: unknown): LinkToken {
    const own = this.#own();
    return own === undefined ? { dispose: () => {} } : link(carrier, own);
  }

  /** What was active before `link` is so again. */
  unlink(token: LinkToken): void {
    token?.dispose?.();
  }

  /** Writes the active trace and session to a carrier, such as the headers of a request. Returns it. */
  injectContext<Carrier extends object>(carrier: Carrier): Carrier {
    return injectContext(carrier, choose(membershipOf(activeContext()), this.#own()));
  }

  /** Sends spans and REST calls of all tracers; resolves when they are answered, or after 30 s. Never rejects. */
  static async flush(): Promise<void> {
    await Promise.all(allDestinations().map((destination) => destination.flush(FLUSH_MILLIS)));
  }

  async flush(): Promise<void> {
    await this.#destination?.flush(FLUSH_MILLIS);
  }

  /** Not in the original. Flushes, then stops tracing, for all tracers; `init` may then start anew. Never rejects. */
  static async shutdown(): Promise<void> {
    const all = allDestinations();
    await Promise.all(all.map((destination) => destination.shutdown(FLUSH_MILLIS)));
    forgetDestinations();
  }

  #own(): Membership | undefined {
    if (this.#destination === undefined) return undefined;
    this.#membership ??= membership(this.#destination, { ...this.#association });
    return this.#membership;
  }
}

/** The members that have a value. */
function present<Members extends object>(members: Members): Partial<Members> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<Members>;
}
