/** Starts spans. Trace SDK specification, "Tracer" and "Sampling". */
import {
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  SpanKind,
  type SpanOptions,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import type { Stream } from '../export/span-queue.ts';
import { describe } from './attributes.ts';
import { currentAnchor, monotonicNow } from './clock.ts';
import {
  activeContext,
  isSuppressed,
  type SharedAttributes,
  SpanFrame,
  sharedAttributesOf,
  spanOf,
  withContext,
  withoutSpan,
} from './context.ts';
import { eachLink } from './event.ts';
import { generateSpanId, generateTraceId, identity, inherit, spanContextOf } from './identity.ts';
import { NonRecordingSpan, ShedSpan } from './non-recording-span.ts';
import { type Overhead, overhead } from './overhead.ts';
import { keepParentTraceState } from './parent-trace-state.ts';
import { PluginSpan } from './plugin-span.ts';
import { redirection } from './redirection.ts';
import { refusePromise, swallowRejection } from './refuse-promise.ts';
import { SamplingDecision, type SamplingResult } from './sampler.ts';
import { Span } from './span.ts';
import { validKind } from './span-kind.ts';
import type { SpanSettings } from './span-settings.ts';
import type { InstrumentationScope } from './types.ts';

const NO_OPTIONS: SpanOptions = Object.freeze({});
const SAMPLED = 1;

type StartedSpan = Span | PluginSpan | NonRecordingSpan;

interface StartOptions extends SpanOptions {
  readonly kind: SpanKind;
}

const NO_START: StartOptions = Object.freeze({
  kind: SpanKind.INTERNAL,
  startTime: undefined,
  attributes: undefined,
  links: undefined,
});

export class Tracer implements ApiTracer {
  readonly settings: SpanSettings;
  readonly scope: InstrumentationScope;
  readonly stream: Stream;

  constructor(settings: SpanSettings, scope: InstrumentationScope, stream: Stream) {
    this.settings = settings;
    this.scope = scope;
    this.stream = stream;
  }

  /**
   * Starts a span, a child of the active one unless `context` or `options.root` says otherwise. Attributes that
   * are known now belong into `options`: a sampler sees only those.
   */
  startSpan(name: string, options?: SpanOptions, parentContext?: Context): ApiSpan {
    if (redirection !== null) {
      const other = redirection.tracerFor(this.settings, this.scope, parentContext);
      if (other !== undefined) return other.startSpan(name, options, parentContext);
    }
    if (overhead !== null) return this.startMeasured(overhead, name, options, parentContext);
    try {
      return this.start(name, options ?? NO_OPTIONS, parentContext);
    } catch (error) {
      return unreadable(error);
    }
  }

  private startMeasured(
    budget: Overhead,
    name: string,
    options: SpanOptions | undefined,
    parentContext: Context | undefined,
  ): ApiSpan {
    const begun = budget.beginStart();
    try {
      return this.start(name, options ?? NO_OPTIONS, parentContext);
    } catch (error) {
      return unreadable(error);
    } finally {
      budget.end(begun);
    }
  }

  private start(name: string, given: SpanOptions, parentContext: Context | undefined): ApiSpan {
    const { settings } = this;
    let context = parentContext ?? activeContext();
    if (isSuppressed(context)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    if (settings.isShutdown) return withoutSdk(context, given);
    if (given.root) context = withoutSpan(context);
    const parent = spanOf(context);
    const span = this.startUnder(parent, name, given, context);
    if (settings.metrics !== null) settings.metrics.started(span, parent);
    return span;
  }

  private startUnder(
    parent: ApiSpan | undefined,
    name: string,
    given: SpanOptions,
    context: Context,
  ): StartedSpan {
    const { settings } = this;
    const { shortcut } = settings;
    if (shortcut === 'off') return new NonRecordingSpan(parent, settings.idGenerator);
    if (shortcut === 'parent' && isUnsampled(parent))
      return new NonRecordingSpan(parent, settings.idGenerator);
    // A name's toString and the getters of options may start spans: they run before this one's identity is made.
    const spanName = typeof name === 'string' ? name : describe(name);
    const options = given === NO_OPTIONS ? NO_START : readOptions(given);
    const parentSampled = inherit(parent);
    // Trace SDK specification, "SDK Span creation": the trace id, then the sampler, then the span id.
    if (settings.idGenerator !== null && parentSampled === undefined) generateTraceId(settings.idGenerator);
    if (overhead !== null) {
      // Whatever the sampler would say: traces are shed as a whole.
      if (parent instanceof ShedSpan) return new ShedSpan(parent, settings.idGenerator);
      if (parentSampled === undefined && !overhead.keeps(identity.trace3)) return this.shedRoot();
    }
    if (shortcut === 'ask') return this.startSampled(spanName, options, context, parent);
    if (settings.idGenerator !== null) generateSpanId(settings.idGenerator);
    identity.flags |= SAMPLED;
    return this.begin(spanName, options, undefined, parent, context);
  }

  startActiveSpan<F extends (span: ApiSpan) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: ApiSpan) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: ApiSpan) => unknown>(
    name: string,
    options: SpanOptions,
    context: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: ApiSpan) => unknown>(
    name: string,
    second: SpanOptions | F,
    third?: Context | F,
    fourth?: F,
  ): ReturnType<F> | undefined {
    const fn = fourth ?? (typeof third === 'function' ? third : second);
    if (typeof fn !== 'function') return undefined;
    const options = typeof second === 'function' ? NO_OPTIONS : second;
    const parent = isContext(third) ? third : activeContext();
    const span = this.startSpan(name, options, parent);
    return withContext(new SpanFrame(parent, span), () => (fn as F)(span)) as ReturnType<F>;
  }

  private shedRoot(): ShedSpan {
    const { idGenerator, ledger } = this.settings;
    if (idGenerator !== null) generateSpanId(idGenerator);
    ledger.unsampled += 1;
    return ShedSpan.of(spanContextOf(identity));
  }

  /** Asks the provider's sampler. Its arguments, and its attributes in the span, cost only those who set one. */
  private startSampled(
    name: string,
    options: StartOptions,
    context: Context,
    parent: ApiSpan | undefined,
  ): StartedSpan {
    // A sampler may itself start spans.
    const own = { ...identity };
    const result = this.askSampler(name, options, context, spanContextOf(own).traceId);
    Object.assign(identity, own);
    if (this.settings.idGenerator !== null) generateSpanId(this.settings.idGenerator);
    if (isTraceState(result.traceState)) identity.traceState = result.traceState;
    if (result.decision === SamplingDecision.RECORD_AND_SAMPLED) identity.flags |= SAMPLED;
    if (result.decision === SamplingDecision.NOT_RECORD) return NonRecordingSpan.of(spanContextOf(identity));
    const span = this.begin(name, options, result.attributes, parent, context);
    if (isTraceState(result.traceState) && span instanceof Span) keepParentTraceState(span, own.traceState);
    return span;
  }

  private askSampler(name: string, options: StartOptions, context: Context, traceId: string): SamplingResult {
    try {
      const result = this.settings.sampler.shouldSample(
        context,
        traceId,
        name,
        options.kind,
        // Copies: what a sampler does to them must reach neither the caller's objects nor other spans.
        this.cleanAttributes(options.attributes),
        copyLinks(options.links),
      );
      refusePromise(result, 'the sampler');
      const { decision, attributes, traceState } = result;
      if (decision === 0 || decision === 1 || decision === 2) {
        return {
          decision,
          attributes: dueNow(attributes, 'attributes'),
          traceState: dueNow(traceState, 'a trace state'),
        };
      }
      throw new TypeError(`expected a decision of 0, 1 or 2, got ${describe(decision)}`);
    } catch (error) {
      warn('sampler', `the sampler failed: ${describe(error)}. The span is not recorded.`);
      return { decision: SamplingDecision.NOT_RECORD };
    }
  }

  /** A copy, as the span will have it. */
  private cleanAttributes(attributes: Attributes | undefined): Attributes {
    if (attributes === undefined) return {};
    const { lists } = this.settings;
    const list = lists.acquire();
    try {
      list.setAll(attributes);
      return list.toObject();
    } finally {
      lists.release(list);
    }
  }

  private begin(
    name: string,
    options: StartOptions,
    samplerAttributes: Attributes | undefined,
    parent: ApiSpan | undefined,
    context: Context,
  ): Span | PluginSpan {
    const { ledger, processors } = this.settings;
    const now = monotonicNow();
    if (processors !== null) {
      const span = this.pluginSpan(name, options, parent, now);
      ledger.started += 1;
      fill(span, options, samplerAttributes);
      const shared = sharedAttributesOf(context);
      if (shared !== undefined) share(span, shared);
      processors.onStart(span, context);
      return span;
    }
    // A child shares its parent's anchor, so that the two line up whatever the wall clock does in between.
    const anchor = (parent instanceof Span ? parent._anchor : null) ?? currentAnchor(now);
    const span = new Span(this, name, options.kind, identity, anchor, now, options.startTime);
    ledger.started += 1;
    if (options !== NO_START || samplerAttributes !== undefined) fill(span, options, samplerAttributes);
    const shared = sharedAttributesOf(context);
    if (shared !== undefined) share(span, shared);
    return span;
  }

  private pluginSpan(
    name: string,
    options: StartOptions,
    parent: ApiSpan | undefined,
    now: number,
  ): PluginSpan {
    const context = spanContextOf(identity);
    const hasParent = (identity.parent0 | identity.parent1) !== 0;
    const anchor = (parent instanceof PluginSpan ? parent._anchor : null) ?? currentAnchor(now);
    const { kind, startTime } = options;
    const parentContext = hasParent ? parent?.spanContext() : undefined;
    return new PluginSpan(this, name, kind, context, parentContext, anchor, now, startTime);
  }
}

function unreadable(error: unknown): ApiSpan {
  warn(
    'start-span',
    `startSpan: options or context cannot be read: ${describe(error)}. Nothing is recorded.`,
  );
  return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
}

/** What the API alone would answer: a span that hands its parent's context on ("Behavior in the absence of an SDK"). */
function withoutSdk(context: Context, { root }: SpanOptions): ApiSpan {
  const parent = root ? undefined : spanOf(context)?.spanContext();
  const isValid = parent !== undefined && isSpanContextValid(parent);
  return trace.wrapSpanContext(isValid ? parent : INVALID_SPAN_CONTEXT);
}

function fill(
  span: Span | PluginSpan,
  { attributes, links }: StartOptions,
  samplerAttributes: Attributes | undefined,
): void {
  if (attributes !== undefined) span.setAttributes(attributes);
  if (samplerAttributes !== undefined) span.setAttributes(samplerAttributes);
  if (links !== undefined) span.addLinks(links);
}

/** Attributes of the context; the session's id and what identifies it have places of their own. */
function share(span: Span | PluginSpan, { core, other }: SharedAttributes): void {
  for (const key of Object.keys(core)) span._setCore(key, core[key]);
  for (const key of Object.keys(other)) span.setAttribute(key, other[key]);
}

/** Whether a parent is valid and was not sampled, without its ids being read: its children need none of their own yet. */
function isUnsampled(parent: ApiSpan | undefined): boolean {
  if (parent === undefined) return false;
  if (parent instanceof Span) return (parent._flags & SAMPLED) === 0;
  if (parent instanceof NonRecordingSpan) return true;
  const context = parent.spanContext();
  return (context.traceFlags & SAMPLED) === 0 && isSpanContextValid(context);
}

/** The array a sampler may look at; of an endless or sparse one the beginning. */
function copyLinks(links: unknown): Link[] {
  const copy: Link[] = [];
  if (Array.isArray(links)) eachLink(links, (link) => copy.push(link));
  return copy;
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && typeof (value as Context).getValue === 'function';
}

/** A member of a sampler's result; a promise would answer too late. */
function dueNow<Value>(value: Value, expected: string): Value | undefined {
  if (!swallowRejection(value)) return value;
  warn('sampler-promise', `the sampler: expected ${expected}, got a promise; it is ignored.`);
  return undefined;
}

/** Whether a sampler's trace state is one. A span keeps its parent's otherwise. */
function isTraceState(value: unknown): value is TraceState {
  return typeof value === 'object' && value !== null && typeof (value as TraceState).serialize === 'function';
}

/** The members of the options that count, each read once. */
function readOptions(options: SpanOptions): StartOptions {
  const { kind, startTime, attributes, links } = options;
  return { kind: validKind(kind), startTime, attributes, links };
}
