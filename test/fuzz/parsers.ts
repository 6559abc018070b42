/** @module Every parser of text from outside, each with its generator and what must hold of any answer. */
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import * as upstream from '@opentelemetry/core';
import { B3Propagator as UpstreamB3Propagator } from '@opentelemetry/propagator-b3';
import { wellFormed } from '../../src/api/attributes.ts';
import { B3Propagator } from '../../src/api/b3-propagator.ts';
import { W3CBaggagePropagator } from '../../src/api/baggage-propagator.ts';
import { parseTraceParent, W3CTraceContextPropagator } from '../../src/api/trace-context-propagator.ts';
import { TraceState } from '../../src/api/trace-state.ts';
import { isHeaderValue, parseHeaderList, parseKeyValueList } from '../../src/config/key-value-list.ts';
import { parseRetryAfterMillis } from '../../src/export/retry.ts';
import type { SeededRandom } from '../helpers/engine-random.ts';
import * as make from './text-generators.ts';

export interface Parser {
  readonly name: string;
  readonly make: (random: SeededRandom) => string;
  /** Parses, and says what is wrong with the answer, if anything. */
  readonly check: (text: string) => string | undefined;
}

const traceContext = new W3CTraceContextPropagator();
const baggage = new W3CBaggagePropagator();
const b3 = new B3Propagator();
const upstreamB3 = new UpstreamB3Propagator();

function extract(propagator: TextMapPropagator, carrier: Record<string, string>): Context {
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

function inject(propagator: TextMapPropagator, context: Context): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagator.inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

const PRINTABLE = /^[\x21-\x7e]*$/;
const VALID_TRACE_PARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/;

function checkTraceParent(text: string): string | undefined {
  const ours = parseTraceParent(text);
  const context = extract(traceContext, { traceparent: text });
  const sent = inject(traceContext, context).traceparent;
  if (ours === undefined) {
    if (sent !== undefined) return `refused, and sent as ${sent}`;
  } else if (!VALID_TRACE_PARENT.test(sent)) return `sent as ${sent}`;
  if (!PRINTABLE.test(text) || text.length > 512) return undefined;
  const theirs = upstream.parseTraceParent(text);
  if ((theirs === null) !== (ours === undefined)) return `ours ${ours?.traceId}, upstream ${theirs?.traceId}`;
  const same = ours?.traceId === theirs?.traceId && ours?.spanId === theirs?.spanId;
  return same && (ours?.traceFlags ?? 0) === ((theirs?.traceFlags ?? 0) & 3)
    ? undefined
    : 'not what upstream reads';
}

const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
/** Keys of Level 1, which is what upstream reads. */
const LEVEL_1 = /^[a-z][_0-9a-z\-*/]{0,255}=/;

function checkTraceState(text: string): string | undefined {
  const sent = new TraceState(text).serialize();
  if (sent.length > 512) return `${sent.length} characters`;
  if (sent === '') return undefined;
  const members = sent.split(',');
  if (members.length > 32) return `${members.length} members`;
  const bad = members.find((member) => !MEMBER.test(member));
  if (bad !== undefined) return `sends ${bad}`;
  if (new TraceState(sent).serialize() !== sent) return 'is another when read again';
  const isComparable = text.length <= 512 && members.every((member) => LEVEL_1.test(member));
  const count = text.split(',').filter((member) => member.trim() !== '').length;
  if (!isComparable || count !== members.length) return undefined;
  const theirs = new upstream.TraceState(text).serialize();
  return theirs === sent ? undefined : `upstream sends ${theirs}`;
}

function checkBaggage(text: string): string | undefined {
  const context = extract(baggage, { baggage: text });
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  if (entries.length > 64) return `${entries.length} entries`;
  const sent = inject(baggage, context).baggage ?? '';
  if (sent.length > 8192) return `${sent.length} characters`;
  if (!/^[\t\x20-\x7e]*$/.test(sent)) return `sends ${JSON.stringify(sent)}`;
  const again = propagation.getBaggage(extract(baggage, { baggage: sent }))?.getAllEntries() ?? [];
  const pairs = (list: typeof entries) =>
    JSON.stringify(list.map(([key, { value }]) => [wellFormed(key), wellFormed(value)]));
  // What grows by encoding may be left out.
  return again.length === entries.length && pairs(again) !== pairs(entries)
    ? `read again: ${sent}`
    : undefined;
}

function checkB3(text: string): string | undefined {
  const context = extract(b3, { b3: text });
  const ours = trace.getSpanContext(context);
  if (ours === undefined) return undefined;
  const sent = inject(b3, context).b3;
  if (!/^[0-9a-f]{32}-[0-9a-f]{16}-[01d]$/.test(sent)) return `sent as ${sent}`;
  const theirs = trace.getSpanContext(extract(upstreamB3, { b3: text }));
  const same = theirs?.traceId === ours.traceId && theirs.spanId === ours.spanId;
  return same && theirs.traceFlags === ours.traceFlags ? undefined : `upstream reads ${theirs?.traceId}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The same list by splitting: what is read must be what `decodeURIComponent` says of every member. */
function checkKeyValues(text: string): string | undefined {
  const list = parseKeyValueList(text, { equalsInValue: true });
  const members = text.split(',').map((member) => member.trim());
  const expected = members
    .filter((member) => member !== '')
    .map((member) => {
      const equals = member.indexOf('=');
      if (equals < 0) return undefined;
      return [decoded(member.slice(0, equals).trim()), decoded(member.slice(equals + 1).trim())];
    });
  const isSound = expected.every((pair) => pair?.[0] && pair[1] !== undefined);
  if (isSound !== 'pairs' in list) return `expected ${isSound ? 'pairs' : 'a fault'}`;
  if ('pairs' in list && JSON.stringify(list.pairs) !== JSON.stringify(expected)) return 'other pairs';
  const headers = parseHeaderList(text);
  if (!('pairs' in headers)) return undefined;
  const bad = headers.pairs.find(([key, value]) => !/^[!-~]+$/.test(key) || !isHeaderValue(value));
  return bad === undefined ? undefined : `a header ${JSON.stringify(bad)}`;
}

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const LONGEST = 300_000;

function checkRetryAfter(text: string): string | undefined {
  const millis = parseRetryAfterMillis(text, undefined, NOW);
  if (millis !== undefined && !(millis > 0 && millis <= LONGEST)) return `${millis} ms`;
  // What Date itself would print is beyond doubt; a year of RFC 9110 has four digits.
  const parsed = Date.parse(text);
  if (parsed >= Date.UTC(10_000, 0) || Number.isNaN(parsed) || new Date(parsed).toUTCString() !== text)
    return undefined;
  const expected = parsed > NOW ? Math.min(parsed - NOW, LONGEST) : undefined;
  return millis === expected ? undefined : `${millis} ms where Date.parse says ${expected}`;
}

const mutate = (grammar: (random: SeededRandom) => string) => (random: SeededRandom) =>
  make.mutated(random, grammar(random));

export const PARSERS: readonly Parser[] = [
  { name: 'traceparent', make: mutate(make.traceParent), check: checkTraceParent },
  { name: 'tracestate', make: mutate(make.traceState), check: checkTraceState },
  { name: 'baggage', make: mutate(make.baggage), check: checkBaggage },
  { name: 'b3', make: mutate(make.b3), check: checkB3 },
  { name: 'OTEL_* key-value lists', make: mutate(make.keyValues), check: checkKeyValues },
  { name: 'percent-encoding', make: mutate((random) => `k=${make.percent(random)}`), check: checkKeyValues },
  { name: 'Retry-After', make: mutate(make.retryAfter), check: checkRetryAfter },
];

/** Parses and nothing else, for measuring. */
export const PARSE_ONLY: Readonly<Record<string, (text: string) => unknown>> = {
  traceparent: parseTraceParent,
  tracestate: (text) => new TraceState(text),
  baggage: (text) => extract(baggage, { baggage: text }),
  b3: (text) => extract(b3, { b3: text }),
  'OTEL_* key-value lists': (text) => parseHeaderList(text),
  'Retry-After': (text) => parseRetryAfterMillis(text, text, NOW),
};

const upstreamTraceContext = new upstream.W3CTraceContextPropagator();
const upstreamBaggage = new upstream.W3CBaggagePropagator();
const TRACE_PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

/** The same headers for opentelemetry-js. */
export const UPSTREAM_PARSE_ONLY: Readonly<Record<string, (text: string) => unknown>> = {
  traceparent: upstream.parseTraceParent,
  tracestate: (text) => extract(upstreamTraceContext, { traceparent: TRACE_PARENT, tracestate: text }),
  baggage: (text) => extract(upstreamBaggage, { baggage: text }),
  b3: (text) => extract(upstreamB3, { b3: text }),
};
