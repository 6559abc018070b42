/**
 * W3C Trace Context Level 2, requirement by requirement: `vectors/trace-context-requirements.json` lists them by
 * section, `vectors/trace-context.json` has the headers that show each.
 */
import { readFileSync } from 'node:fs';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TraceState, W3CTraceContextPropagator } from '../src/api/propagation.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { record } from './helpers/api-recorder.ts';

type Headers = Record<string, string | string[]>;

interface Vector {
  readonly name: string;
  readonly requirement: string;
}

interface Outgoing {
  /** Names of the headers, in order. */
  readonly names?: string[];
  readonly traceId?: string;
  readonly newTraceId?: true;
  readonly newParentId?: true;
  readonly flags?: string;
  readonly tracestate: string | null;
}

interface Vectors {
  readonly traceparent: (Vector & { header: string | string[] | null; valid: SpanContext | null })[];
  readonly tracestate: (Vector & { header: string | string[]; serialized: string })[];
  readonly outgoing: (Vector & { headers: Headers; expected: Outgoing })[];
  readonly forwarded: (Vector & { headers: Record<string, string> })[];
  readonly mutated: (Vector & { header: string; steps: [string, string, string?][]; serialized: string })[];
}

interface Requirement {
  readonly id: string;
  readonly section: string;
  readonly level: string;
  readonly requirement: string;
  /** File and name of the test that holds what no header can show. */
  readonly heldBy?: string;
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const vectors: Vectors = JSON.parse(read('./vectors/trace-context.json'));
const requirements: Requirement[] = JSON.parse(
  read('./vectors/trace-context-requirements.json'),
).requirements;
const all: Vector[] = [
  ...vectors.traceparent,
  ...vectors.tracestate,
  ...vectors.outgoing,
  ...vectors.forwarded,
  ...vectors.mutated,
];

const TRACEPARENT = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
const [, TRACE_ID, PARENT_ID] = TRACEPARENT.split('-');

const propagator = new W3CTraceContextPropagator();
const extract = (headers: Headers) => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);

function inject(context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  // A sender may be anyone: nothing it sends is worth a line.
  expect(said).toEqual([]);
});

describe('the table', () => {
  test.each(requirements)('$section $level: $requirement', ({ id, heldBy }) => {
    const shown = all.filter(({ requirement }) => requirement === id);
    if (heldBy === undefined) {
      expect(shown.length, `vectors of ${id}`).toBeGreaterThan(0);
      return;
    }
    const [file, name] = heldBy.split(': ');
    expect(read(`../${file}`)).toContain(`test('${name}'`);
  });

  test('has every requirement that a vector names, once, and every vector once', () => {
    const ids = requirements.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(all.filter(({ requirement }) => !ids.includes(requirement))).toEqual([]);
    for (const list of Object.values(vectors).filter((value) => Array.isArray(value))) {
      const names = (list as Vector[]).map(({ name }) => name);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });

  test('covers each section that has rules for a participant', () => {
    const covered = new Set(requirements.map(({ section }) => section));
    expect([...covered]).toEqual([
      ...['2.3', '3.2.1', '3.2.2', '3.2.2.1', '3.2.2.2', '3.2.2.3', '3.2.2.4', '3.2.2.5', '3.2.2.5.1'],
      ...['3.2.2.5.2', '3.2.2.5.3', '3.2.4', '3.3', '3.3.2', '3.3.2.1', '3.3.2.2.1', '3.3.2.2.2', '3.3.3'],
      ...['3.3.3.1', '3.4', '3.5', '6.1'],
    ]);
  });
});

describe('traceparent', () => {
  test.each(vectors.traceparent)('$name', ({ header, valid }) => {
    const context = extract(header === null ? {} : { traceparent: header });
    if (valid === null) expect(context).toBe(ROOT_CONTEXT);
    else expect(trace.getSpanContext(context)).toEqual({ ...valid, isRemote: true });
  });
});

describe('tracestate', () => {
  test.each(vectors.tracestate)('$name', ({ header, serialized }) => {
    const context = extract({ traceparent: TRACEPARENT, tracestate: header });
    expect(trace.getSpanContext(context)?.traceId).toBe(TRACE_ID);
    expect(trace.getSpanContext(context)?.traceState?.serialize() ?? '').toBe(serialized);
    expect(inject(context).tracestate ?? '').toBe(serialized);
  });

  test.each(vectors.mutated)('$name', ({ header, steps, serialized }) => {
    const before = new TraceState(header);
    let state = before;
    for (const [step, key, value] of steps) {
      state = step === 'set' ? state.set(key, String(value)) : state.unset(key);
    }
    expect(state.serialize()).toBe(serialized);
    expect(before.serialize()).toBe(header);
  });
});

describe('what a span started under the headers sends', () => {
  test.each(vectors.outgoing)('$name', ({ headers, expected }) => {
    const context = extract(headers);
    const span = record().tracer.startSpan('s', {}, context);
    const sent = inject(trace.setSpan(context, span));
    const [version, traceId, parentId, flags, ...more] = sent.traceparent.split('-');
    expect([version, more]).toEqual(['00', []]);
    expect(parentId).toBe(span.spanContext().spanId);
    if (expected.traceId !== undefined) expect(traceId).toBe(expected.traceId);
    if (expected.newTraceId) expect(traceId).not.toBe(TRACE_ID);
    if (expected.newParentId) expect(parentId).not.toBe(PARENT_ID);
    if (expected.flags !== undefined) expect(flags).toBe(expected.flags);
    if (expected.names !== undefined) expect(Object.keys(sent)).toEqual(expected.names);
    expect(sent.tracestate ?? null).toBe(expected.tracestate);
  });
});

describe('headers that are sent on where no span is started', () => {
  test.each(vectors.forwarded)('$name', ({ headers }) => {
    expect(inject(extract(headers))).toEqual(headers);
  });
});
