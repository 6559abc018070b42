/**
 * The identity of the span being started: its ids as lanes (ids.ts), its parent, its flags. One record, filled and
 * read at once, never held across a call of user code: a start makes no object but the span.
 */
import {
  type Span as ApiSpan,
  isSpanContextValid,
  type SpanContext,
  type TraceState,
} from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { describe } from './attributes.ts';
import { hexToLane, type IdGenerator, randomLane, spanIdOf, traceIdOf } from './ids.ts';
import { ownSpanContext, RANDOM, randomFlagOf } from './random-flag.ts';
import { refusePromise } from './refuse-promise.ts';
import { Span } from './span.ts';

const SAMPLED = 1;
const HEX_ID = /^[0-9a-f]+$/;

export interface Identity {
  trace0: number;
  trace1: number;
  trace2: number;
  trace3: number;
  span0: number;
  span1: number;
  parent0: number;
  parent1: number;
  /** Until the span is sampled the random flag alone: whether the low 56 bits of the trace id are random. */
  flags: number;
  parentFlags: number;
  /** Whether the parent came from another process. */
  remote: boolean;
  traceState: TraceState | undefined;
}

export const identity: Identity = {
  trace0: 0,
  trace1: 0,
  trace2: 0,
  trace3: 0,
  span0: 0,
  span1: 0,
  parent0: 0,
  parent1: 0,
  flags: 0,
  parentFlags: 0,
  remote: false,
  traceState: undefined,
};

/**
 * Fills the identity of a span under `parent`: its trace, its own random id. Returns whether the parent was
 * sampled, `undefined` for a root. An invalid parent makes a root.
 */
export function inherit(parent: ApiSpan | undefined): boolean | undefined {
  if (parent instanceof Span) {
    renew();
    identity.trace0 = parent._trace0;
    identity.trace1 = parent._trace1;
    identity.trace2 = parent._trace2;
    identity.trace3 = parent._trace3;
    identity.parent0 = parent._span0;
    identity.parent1 = parent._span1;
    identity.traceState = parent._traceState;
    identity.flags = parent._flags & RANDOM;
    identity.parentFlags = parent._flags & SAMPLED;
    return (parent._flags & SAMPLED) !== 0;
  }
  const context = parent?.spanContext();
  renew();
  if (context !== undefined && isSpanContextValid(context)) return inheritContext(context);
  identity.trace0 = randomLane();
  identity.trace1 = randomLane();
  identity.trace2 = randomLane();
  identity.trace3 = randomLane() || 1;
  identity.parent0 = 0;
  identity.parent1 = 0;
  identity.parentFlags = 0;
  identity.traceState = undefined;
  identity.flags = RANDOM;
  return undefined;
}

function renew(): void {
  identity.span0 = randomLane();
  identity.span1 = randomLane() || 1;
  identity.remote = false;
}

function inheritContext(context: SpanContext): boolean {
  readTraceId(context.traceId);
  identity.parent0 = hexToLane(context.spanId, 0);
  identity.parent1 = hexToLane(context.spanId, 8);
  identity.remote = context.isRemote === true;
  identity.traceState = context.traceState;
  identity.flags = randomFlagOf(context);
  identity.parentFlags = context.traceFlags & 0xff;
  return (context.traceFlags & SAMPLED) !== 0;
}

function readTraceId(traceId: string): void {
  identity.trace0 = hexToLane(traceId, 0);
  identity.trace1 = hexToLane(traceId, 8);
  identity.trace2 = hexToLane(traceId, 16);
  identity.trace3 = hexToLane(traceId, 24);
}

/** Replaces the random trace id by one of a custom generator, if that is valid. */
export function generateTraceId(generator: IdGenerator): void {
  const traceId = ask(() => checkId(generator.generateTraceId(), 32));
  if (traceId === undefined) return;
  readTraceId(traceId);
  identity.flags = ask(() => generator.hasRandomTraceIds) === true ? RANDOM : 0;
}

/** As `generateTraceId`, for the span id. */
export function generateSpanId(generator: IdGenerator): void {
  const spanId = ask(() => checkId(generator.generateSpanId(), 16));
  if (spanId === undefined) return;
  identity.span0 = hexToLane(spanId, 0);
  identity.span1 = hexToLane(spanId, 8);
}

/** Asks user code, which may start spans itself: the identity is afterwards what it was. */
function ask<Answer>(question: () => Answer): Answer | undefined {
  const own = { ...identity };
  let answer: Answer | undefined;
  try {
    answer = question();
    refusePromise(answer, 'the id generator');
  } catch (error) {
    warn('id-generator', `the id generator failed: ${describe(error)}. Random ids are used.`);
  }
  Object.assign(identity, own);
  return answer;
}

function checkId(id: unknown, length: number): string {
  refusePromise(id, 'the id generator');
  if (typeof id === 'string' && id.length === length && HEX_ID.test(id) && !/^0+$/.test(id)) return id;
  throw new TypeError(`expected ${length} lowercase hex digits, not all 0, got ${describe(id)}`);
}

/** The context of a span with this identity. */
export function spanContextOf(of: Identity): SpanContext {
  const traceId = traceIdOf(of.trace0, of.trace1, of.trace2, of.trace3);
  return ownSpanContext(traceId, spanIdOf(of.span0, of.span1), of.flags, of.traceState);
}
