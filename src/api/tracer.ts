/** Starts spans. Trace SDK specification, "Tracer" and "Sampling". */
import {
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import type { Stream } from '../export/span-queue.ts';
import { describe } from './attributes.ts';
import { currentAnchor, monotonicNow } from './clock.ts';
import { activeContext, isSuppressed, SpanFrame, spanOf, withContext, withoutSpan } from './context.ts';
import { hexToLane, randomLane } from './ids.ts';
import { NonRecordingSpan } from './non-recording-span.ts';
import { SamplingDecision, type SamplingResult } from './sampler.ts';
import { type Identity, Span } from './span.ts';
import type { SpanSettings } from './span-settings.ts';
import type { InstrumentationScope } from './types.ts';

const NO_LINKS: Link[] = [];
const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_OPTIONS: SpanOptions = Object.freeze({});
const SAMPLED = 1;
const HEX_ID = /^[0-9a-f]+$/;

/** Filled for the span being started, read by its constructor; never held across a call of user code. */
const identity: Identity = {
  trace0: 0,
  trace1: 0,
  trace2: 0,
  trace3: 0,
  span0: 0,
  span1: 0,
  parent0: 0,
  parent1: 0,
  flags: 0,
  remote: false,
  traceState: undefined,
};

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
  startSpan(name: string, options: SpanOptions = NO_OPTIONS, parentContext?: Context): ApiSpan {
    let context = parentContext ?? activeContext();
    const { settings } = this;
    if (isSuppressed(context) || settings.isShutdown) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    if (options.root) context = withoutSpan(context);
    const parent = spanOf(context);
    const parentSampled = inherit(parent);
    if (settings.idGenerator !== null) this.generateIds(parentSampled === undefined);
    const spanName = typeof name === 'string' ? name : describe(name);
    if (!settings.followsParent) return this.startSampled(spanName, options, context);
    if (parentSampled === false) return new NonRecordingSpan(identity);
    identity.flags = SAMPLED;
    return this.begin(spanName, options, undefined, parent);
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
    const parent = typeof third === 'object' ? third : activeContext();
    const span = this.startSpan(name, options, parent);
    return withContext(new SpanFrame(parent, span), () => (fn as F)(span)) as ReturnType<F>;
  }

  /** Asks the provider's sampler. Its arguments, and its attributes in the span, cost only those who set one. */
  private startSampled(name: string, options: SpanOptions, context: Context): ApiSpan {
    const own = { ...identity };
    const traceId = new NonRecordingSpan(own).spanContext().traceId;
    const result = this.askSampler(name, options, context, traceId);
    Object.assign(identity, own);
    if (result.traceState !== undefined) identity.traceState = result.traceState;
    if (result.decision === SamplingDecision.NOT_RECORD) return new NonRecordingSpan(identity);
    identity.flags = result.decision === SamplingDecision.RECORD_AND_SAMPLED ? SAMPLED : 0;
    return this.begin(name, options, result.attributes, spanOf(context));
  }

  private askSampler(name: string, options: SpanOptions, context: Context, traceId: string): SamplingResult {
    try {
      return this.settings.sampler.shouldSample(
        context,
        traceId,
        name,
        options.kind ?? 0,
        options.attributes ?? NO_ATTRIBUTES,
        options.links ?? NO_LINKS,
      );
    } catch (error) {
      warn('sampler', `the sampler threw ${describe(error)}; the span is not recorded.`);
      return { decision: SamplingDecision.NOT_RECORD };
    }
  }

  private begin(
    name: string,
    options: SpanOptions,
    samplerAttributes: Attributes | undefined,
    parent: ApiSpan | undefined,
  ): ApiSpan {
    const { settings } = this;
    const now = monotonicNow();
    // A child shares its parent's anchor, so that the two line up whatever the wall clock does in between.
    const anchor = (parent instanceof Span ? parent._anchor : null) ?? currentAnchor(now);
    const span = new Span(this, name, options.kind ?? 0, identity, anchor, now, options.startTime);
    settings.ledger.started += 1;
    if (options.attributes !== undefined) span.setAttributes(options.attributes);
    if (samplerAttributes !== undefined) span.setAttributes(samplerAttributes);
    if (options.links !== undefined) span.addLinks(options.links);
    return span;
  }

  /** Replaces the random ids by those of a custom generator, when they are valid. */
  private generateIds(isRoot: boolean): void {
    const generator = this.settings.idGenerator;
    try {
      const spanId = generator?.generateSpanId() ?? '';
      const traceId = isRoot ? (generator?.generateTraceId() ?? '') : undefined;
      if (spanId.length !== 16 || !HEX_ID.test(spanId))
        throw new TypeError('a span id that is not 16 hex digits');
      if (traceId !== undefined) {
        if (traceId.length !== 32 || !HEX_ID.test(traceId)) {
          throw new TypeError('a trace id that is not 32 hex digits');
        }
        readTraceId(traceId);
      }
      identity.span0 = hexToLane(spanId, 0);
      identity.span1 = hexToLane(spanId, 8);
    } catch (error) {
      warn('id-generator', `the id generator gave ${describe(error)}; random ids are used.`);
    }
  }
}

/**
 * Fills the identity of a span under `parent`: its trace, its own random id. Returns whether the parent was
 * sampled, `undefined` for a root. An invalid parent makes a root.
 */
function inherit(parent: ApiSpan | undefined): boolean | undefined {
  identity.span0 = randomLane();
  identity.span1 = randomLane() || 1;
  identity.remote = false;
  if (parent instanceof Span) {
    copyTrace(parent);
    identity.traceState = parent._traceState;
    return (parent._flags & SAMPLED) !== 0;
  }
  if (parent instanceof NonRecordingSpan) {
    copyTrace(parent);
    identity.traceState = parent._traceState;
    return false;
  }
  const parentContext = parent?.spanContext();
  if (parentContext === undefined || !isSpanContextValid(parentContext)) {
    identity.trace0 = randomLane();
    identity.trace1 = randomLane();
    identity.trace2 = randomLane();
    identity.trace3 = randomLane() || 1;
    identity.parent0 = 0;
    identity.parent1 = 0;
    identity.traceState = undefined;
    return undefined;
  }
  readTraceId(parentContext.traceId.toLowerCase());
  identity.parent0 = hexToLane(parentContext.spanId, 0);
  identity.parent1 = hexToLane(parentContext.spanId, 8);
  identity.remote = parentContext.isRemote === true;
  identity.traceState = parentContext.traceState;
  return (parentContext.traceFlags & SAMPLED) !== 0;
}

function copyTrace(parent: Span | NonRecordingSpan): void {
  identity.trace0 = parent._trace0;
  identity.trace1 = parent._trace1;
  identity.trace2 = parent._trace2;
  identity.trace3 = parent._trace3;
  identity.parent0 = parent._span0;
  identity.parent1 = parent._span1;
}

function readTraceId(traceId: string): void {
  identity.trace0 = hexToLane(traceId, 0);
  identity.trace1 = hexToLane(traceId, 8);
  identity.trace2 = hexToLane(traceId, 16);
  identity.trace3 = hexToLane(traceId, 24);
}
