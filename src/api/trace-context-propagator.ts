/** @module The `traceparent` and `tracestate` headers (W3C Trace Context Level 2). */

import {
  type Context,
  isSpanContextValid,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { randomFlagOf } from './random-flag.ts';
import { isTracingSuppressed } from './suppress-tracing.ts';
import { skipBlank, skipBlankBackwards, TraceState } from './trace-state.ts';

/** Name of the header that identifies the caller's span. */
export const TRACE_PARENT_HEADER = 'traceparent';
/** Name of the header that carries vendors' own state. */
export const TRACE_STATE_HEADER = 'tracestate';

/** The flags Level 2 defines, sampled and random; the others must be sent as zero (§3.2.2.5.3). */
const KNOWN_FLAGS = 0x03;
/** `00-` 32 digits `-` 16 digits `-` 2 digits (§3.2.2.2). */
const VERSION_00_LENGTH = 55;
/** A future version may be longer; the specification asks to refuse "prohibitively large" headers only (§3.2.4). */
const MAXIMUM_LENGTH = 512;

const TRACE_ID_START = 3;
const TRACE_ID_END = 35;
const SPAN_ID_START = 36;
const SPAN_ID_END = 52;
const FLAGS_START = 53;

/**
 * Carries the span context in the W3C headers, the default of every OpenTelemetry SDK.
 *
 * A `traceparent` that is not valid, or that comes twice, leaves the context as it is, so that a new trace
 * starts; a `tracestate` that is not valid is left out, and neither is reported: the sender may be anyone.
 * Never throws, whatever the carrier does.
 */
export class W3CTraceContextPropagator implements TextMapPropagator {
  /** Writes the headers, unless there is no valid span context or tracing is suppressed. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    try {
      const spanContext = trace.getSpanContext(context);
      if (spanContext === undefined || !isSpanContextValid(spanContext) || isTracingSuppressed(context))
        return;
      setter.set(carrier, TRACE_PARENT_HEADER, formatTraceParent(spanContext));
      const traceState = spanContext.traceState?.serialize();
      if (traceState) setter.set(carrier, TRACE_STATE_HEADER, traceState);
    } catch (error) {
      warn('trace-context-inject', `trace context: the headers could not be written: ${describe(error)}`);
    }
  }

  /** A context whose parent is the remote span the headers name. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      const spanContext = parseTraceParent(single(getter.get(carrier, TRACE_PARENT_HEADER)));
      if (spanContext === undefined) return context;
      const header = getter.get(carrier, TRACE_STATE_HEADER);
      const traceState = new TraceState(Array.isArray(header) ? header.join(',') : header);
      return trace.setSpanContext(context, {
        ...spanContext,
        isRemote: true,
        ...(traceState.serialize() === '' ? undefined : { traceState }),
      });
    } catch (error) {
      warn('trace-context-extract', `trace context: the headers could not be read: ${describe(error)}`);
      return context;
    }
  }

  /** Names of the headers this propagator writes. */
  fields(): string[] {
    return [TRACE_PARENT_HEADER, TRACE_STATE_HEADER];
  }
}

/**
 * The span context a `traceparent` header holds, or `undefined` if it is not valid (§3.2.2, §3.2.4). Versions
 * above 00 are read as 00, and may be longer after a further `-`. Flags the specification does not define are
 * cleared.
 */
export function parseTraceParent(header: string | undefined): SpanContext | undefined {
  if (typeof header !== 'string' || header.length > MAXIMUM_LENGTH) return undefined;
  const text = header.slice(
    skipBlank(header, 0, header.length),
    skipBlankBackwards(header, 0, header.length),
  );
  if (text.length < VERSION_00_LENGTH || !hasSeparators(text)) return undefined;
  const version = text.slice(0, 2);
  if (!isLowercaseHex(version) || version === 'ff') return undefined;
  if (text.length > VERSION_00_LENGTH && (version === '00' || text[VERSION_00_LENGTH] !== '-'))
    return undefined;
  const traceId = text.slice(TRACE_ID_START, TRACE_ID_END);
  const spanId = text.slice(SPAN_ID_START, SPAN_ID_END);
  const flags = text.slice(FLAGS_START, VERSION_00_LENGTH);
  if (!isIdentifier(traceId) || !isIdentifier(spanId) || !isLowercaseHex(flags)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS };
}

function formatTraceParent(spanContext: SpanContext): string {
  // Both known flags fit the low digit.
  const flags = (spanContext.traceFlags & KNOWN_FLAGS) | randomFlagOf(spanContext);
  return `00-${spanContext.traceId}-${spanContext.spanId}-0${flags}`;
}

function hasSeparators(text: string): boolean {
  return text[TRACE_ID_START - 1] === '-' && text[TRACE_ID_END] === '-' && text[SPAN_ID_END] === '-';
}

function isLowercaseHex(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}

/** Lowercase hex digits, not all of them zero (§3.2.2.3, §3.2.2.4). */
function isIdentifier(text: string): boolean {
  return isLowercaseHex(text) && !/^0+$/.test(text);
}

/** The one value of a header; two `traceparent` headers are as good as none. */
function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? (header.length === 1 ? header[0] : undefined) : header;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
