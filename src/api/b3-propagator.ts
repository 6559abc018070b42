/** @module The B3 headers of Zipkin, in one header or in several (B3 Propagation specification). */

import {
  type Context,
  createContextKey,
  isSpanContextValid,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { isTracingSuppressed } from './suppress-tracing.ts';

/** Name of the single header. */
export const B3_CONTEXT_HEADER = 'b3';
/** Name of the header of the trace id. */
export const X_B3_TRACE_ID = 'x-b3-traceid';
/** Name of the header of the span id. */
export const X_B3_SPAN_ID = 'x-b3-spanid';
/** Name of the header of the sampling decision. */
export const X_B3_SAMPLED = 'x-b3-sampled';
/** Name of the header of the caller's own parent, which is neither read nor written. */
export const X_B3_PARENT_SPAN_ID = 'x-b3-parentspanid';
/** Name of the header of the debug flag. */
export const X_B3_FLAGS = 'x-b3-flags';

/** Which headers are written. Both are read. */
export const B3InjectEncoding = {
  /** `b3`. */
  SINGLE_HEADER: 0,
  /** `x-b3-traceid` and its siblings. */
  MULTI_HEADER: 1,
} as const;
export type B3InjectEncoding = (typeof B3InjectEncoding)[keyof typeof B3InjectEncoding];

export interface B3PropagatorConfig {
  /** Default: `B3InjectEncoding.SINGLE_HEADER` (Context specification, "B3 Requirements"). */
  injectEncoding?: B3InjectEncoding;
}

// The name is that of `@opentelemetry/propagator-b3`, and keys of one name are one key: either side's flag counts.
const DEBUG_FLAG = createContextKey('OpenTelemetry Context Key B3 Debug Flag');
/** Debug in the single header; what the context holds as well. */
const DEBUG = 'd';

/**
 * Ids are lower-hex, nothing around them; the last two fields may be absent, each for itself. Looks at 69 characters
 * at most, however long the header.
 */
const SINGLE = /^((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/;
const ID = /^(?:[0-9a-f]{16}){1,2}$/;

/** What tracers older than the specification sent counts too ("Multiple Headers", "Sampling State"). */
const ACCEPT: readonly unknown[] = ['1', 'true', 'True'];
const DENY: readonly unknown[] = [undefined, '0', 'false', 'False'];

interface Extracted {
  readonly spanContext: SpanContext;
  readonly debug: boolean;
}

/**
 * Carries the span context in B3 headers.
 *
 * Reads the single header, or, where there is none, the others. Trace ids of 64 bits are padded with zeros on
 * the left. An absent sampling decision counts as "not sampled", as the API has no third state; debug counts as
 * "sampled" and is sent on as debug, whichever headers it came in. What does not follow the grammar, and a
 * decision without ids (`b3: 0`), leaves the context as it is. Of a header that comes several times the first
 * counts. The caller's parent id is neither kept nor sent. Never throws, whatever the carrier does.
 */
export class B3Propagator implements TextMapPropagator {
  private readonly multiple: boolean;

  constructor(config: B3PropagatorConfig = {}) {
    this.multiple = config?.injectEncoding === B3InjectEncoding.MULTI_HEADER;
  }

  /** Writes the headers, unless there is no valid span context or tracing is suppressed. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    try {
      const spanContext = trace.getSpanContext(context);
      if (spanContext === undefined || !isSpanContextValid(spanContext) || isTracingSuppressed(context))
        return;
      const { traceId, spanId, traceFlags } = spanContext;
      const isDebug = Boolean(context.getValue(DEBUG_FLAG));
      const sampled = String(traceFlags & TraceFlags.SAMPLED);
      if (!this.multiple) {
        setter.set(carrier, B3_CONTEXT_HEADER, `${traceId}-${spanId}-${isDebug ? DEBUG : sampled}`);
        return;
      }
      setter.set(carrier, X_B3_TRACE_ID, traceId);
      setter.set(carrier, X_B3_SPAN_ID, spanId);
      // Debug implies the decision, which must not be sent beside it ("Debug Flag").
      if (isDebug) setter.set(carrier, X_B3_FLAGS, '1');
      else setter.set(carrier, X_B3_SAMPLED, sampled);
    } catch (error) {
      warn('b3-inject', `b3: the headers could not be written: ${describe(error)}`);
    }
  }

  /** A context whose parent is the remote span the headers name. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      const get = (name: string): unknown => first(getter.get(carrier, name));
      const single = get(B3_CONTEXT_HEADER);
      const extracted = single ? parseSingle(single) : parseMultiple(get);
      if (extracted === undefined) return context;
      return trace.setSpanContext(withDebug(context, extracted.debug), extracted.spanContext);
    } catch (error) {
      warn('b3-extract', `b3: the headers could not be read: ${describe(error)}`);
      return context;
    }
  }

  /**
   * Names of the headers of the configured encoding, with that of the parent id: it is not written, but one
   * left in a carrier that is used again would belong to another span.
   */
  fields(): string[] {
    if (!this.multiple) return [B3_CONTEXT_HEADER];
    return [X_B3_TRACE_ID, X_B3_SPAN_ID, X_B3_FLAGS, X_B3_SAMPLED, X_B3_PARENT_SPAN_ID];
  }
}

function parseSingle(header: unknown): Extracted | undefined {
  const match = typeof header === 'string' ? SINGLE.exec(header) : null;
  if (match === null) return undefined;
  const [, traceId, spanId, state] = match;
  return build(traceId, spanId, state === '1' || state === DEBUG, state === DEBUG);
}

function parseMultiple(get: (name: string) => unknown): Extracted | undefined {
  const traceId = get(X_B3_TRACE_ID);
  const spanId = get(X_B3_SPAN_ID);
  if (!isId(traceId) || !isId(spanId) || spanId.length !== 16) return undefined;
  const isDebug = get(X_B3_FLAGS) === '1';
  const sampled = get(X_B3_SAMPLED);
  if (isDebug || ACCEPT.includes(sampled)) return build(traceId, spanId, true, isDebug);
  return DENY.includes(sampled) ? build(traceId, spanId, false, false) : undefined;
}

function build(traceId: string, spanId: string, sampled: boolean, debug: boolean): Extracted | undefined {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const spanContext = { traceId: traceId.padStart(32, '0'), spanId, traceFlags, isRemote: true };
  return isSpanContextValid(spanContext) ? { spanContext, debug } : undefined;
}

/** The flag belongs to the trace that was read: one of another trace must not outlive it. */
function withDebug(context: Context, debug: boolean): Context {
  if (debug) return context.setValue(DEBUG_FLAG, DEBUG);
  return context.getValue(DEBUG_FLAG) === undefined ? context : context.deleteValue(DEBUG_FLAG);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

function first(header: unknown): unknown {
  return Array.isArray(header) ? header[0] : header;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
