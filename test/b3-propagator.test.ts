import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import * as upstream from '@opentelemetry/propagator-b3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as ours from '../src/api/b3-propagator.ts';
import { suppressTracing } from '../src/api/suppress-tracing.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';

type Headers = Record<string, unknown>;

const TRACE_ID = '5bd66ef5095369c7b0d1f8f4bd33716a';
const SHORT_TRACE_ID = 'b0d1f8f4bd33716a';
const PADDED = `0000000000000000${SHORT_TRACE_ID}`;
const SPAN_ID = 'c532cb4098ac3dd2';
const PARENT_ID = '05e3ac9a4f6e3b90';
const ZERO = '0'.repeat(16);

const { B3Propagator, B3InjectEncoding } = ours;
const single = new B3Propagator();
const multiple = new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });

const extract = (propagator: TextMapPropagator, headers: Headers, context: Context = ROOT_CONTEXT) =>
  propagator.extract(context, headers, defaultTextMapGetter);

function inject(propagator: TextMapPropagator, context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}

const remote = (traceId: string, traceFlags: number): SpanContext => ({
  ...{ traceId, spanId: SPAN_ID, traceFlags },
  isRemote: true,
});
const several = (more: Headers = {}): Headers => ({
  'x-b3-traceid': TRACE_ID,
  'x-b3-spanid': SPAN_ID,
  ...more,
});

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

describe('the names', () => {
  test('are those of @opentelemetry/propagator-b3, with their values', () => {
    for (const [name, value] of Object.entries(upstream)) {
      expect(ours, name).toHaveProperty(name);
      if (typeof value === 'string') expect((ours as Record<string, unknown>)[name], name).toBe(value);
    }
    expect({ ...B3InjectEncoding }).toEqual(
      Object.fromEntries(
        Object.entries(upstream.B3InjectEncoding).filter(([, value]) => typeof value === 'number'),
      ),
    );
  });

  test('fields are those of the encoding', () => {
    for (const injectEncoding of [undefined, ...Object.values(B3InjectEncoding)]) {
      expect(new B3Propagator({ injectEncoding }).fields()).toEqual(
        new upstream.B3Propagator({ injectEncoding }).fields(),
      );
    }
  });
});

describe('the single header', () => {
  test.each([
    ['accepted', `${TRACE_ID}-${SPAN_ID}-1`, TRACE_ID, 1],
    ['denied', `${TRACE_ID}-${SPAN_ID}-0`, TRACE_ID, 0],
    ['debug', `${TRACE_ID}-${SPAN_ID}-d`, TRACE_ID, 1],
    ['deferred', `${TRACE_ID}-${SPAN_ID}`, TRACE_ID, 0],
    ['with a parent', `${TRACE_ID}-${SPAN_ID}-1-${PARENT_ID}`, TRACE_ID, 1],
    ['deferred, with a parent', `${TRACE_ID}-${SPAN_ID}-${PARENT_ID}`, TRACE_ID, 0],
    ['64-bit trace id', `${SHORT_TRACE_ID}-${SPAN_ID}-1`, PADDED, 1],
    ['64 bits of zeros in front', `${PADDED}-${SPAN_ID}-1`, PADDED, 1],
  ])('%s', (_name, b3, traceId, flags) => {
    for (const header of [b3, [b3], [b3, 'other']]) {
      expect(trace.getSpanContext(extract(single, { b3: header }))).toEqual(remote(traceId, flags));
    }
    const theirs = extract(new upstream.B3Propagator(), { b3 });
    expect(trace.getSpanContext(theirs)).toEqual(remote(traceId, flags));
  });

  test.each([
    ['a decision alone: deny', '0'],
    ['a decision alone: accept', '1'],
    ['a decision alone: debug', 'd'],
    ['uppercase trace id', `${TRACE_ID.toUpperCase()}-${SPAN_ID}-1`],
    ['uppercase span id', `${TRACE_ID}-${SPAN_ID.toUpperCase()}-1`],
    ['uppercase debug', `${TRACE_ID}-${SPAN_ID}-D`],
    ['trace id all zero', `${ZERO}${ZERO}-${SPAN_ID}-1`],
    ['short trace id all zero', `${ZERO}-${SPAN_ID}-1`],
    ['span id all zero', `${TRACE_ID}-${ZERO}-1`],
    ['trace id of 24 digits', `${TRACE_ID.slice(8)}-${SPAN_ID}-1`],
    ['trace id of 48 digits', `${TRACE_ID}${SHORT_TRACE_ID}-${SPAN_ID}-1`],
    ['span id too short', `${TRACE_ID}-${SPAN_ID.slice(1)}-1`],
    ['span id too long', `${TRACE_ID}-${SPAN_ID}0-1`],
    ['no span id', TRACE_ID],
    ['unknown state', `${TRACE_ID}-${SPAN_ID}-2`],
    ['state of two characters', `${TRACE_ID}-${SPAN_ID}-11`],
    ['state in words', `${TRACE_ID}-${SPAN_ID}-true`],
    ['parent id too short', `${TRACE_ID}-${SPAN_ID}-1-${PARENT_ID.slice(1)}`],
    ['uppercase parent id', `${TRACE_ID}-${SPAN_ID}-1-${PARENT_ID.toUpperCase()}`],
    ['a fifth field', `${TRACE_ID}-${SPAN_ID}-1-${PARENT_ID}-1`],
    ['text in front', `x${TRACE_ID}-${SPAN_ID}-1`],
    ['text behind', `${TRACE_ID}-${SPAN_ID}-1 `],
    ['newline behind', `${TRACE_ID}-${SPAN_ID}-1\n`],
    ['trailing dash', `${TRACE_ID}-${SPAN_ID}-`],
    ['two headers joined', `${TRACE_ID}-${SPAN_ID}-1,${TRACE_ID}-${SPAN_ID}-1`],
    ['64 KiB of digits', 'a'.repeat(65_536)],
    ['no text', 7],
  ])('%s leaves the context as it is', (_name, b3) => {
    const context = ROOT_CONTEXT.setValue(Symbol.for('x'), 1);
    expect(extract(single, { b3 }, context)).toBe(context);
    // It decides even so: what the other headers say was not meant to be read.
    expect(extract(single, several({ b3, 'x-b3-sampled': '1' }), context)).toBe(context);
    expect(said).toEqual([]);
  });
});

describe('the several headers', () => {
  test.each([
    ['accepted', { 'x-b3-sampled': '1' }, 1],
    ['denied', { 'x-b3-sampled': '0' }, 0],
    ['deferred', {}, 0],
    ['accepted, in words of older tracers', { 'x-b3-sampled': 'true' }, 1],
    ['denied, in words of older tracers', { 'x-b3-sampled': 'false' }, 0],
    ['accepted, in capitalised words', { 'x-b3-sampled': 'True' }, 1],
    ['denied, in capitalised words', { 'x-b3-sampled': 'False' }, 0],
    ['debug', { 'x-b3-flags': '1' }, 1],
    ['debug and denied', { 'x-b3-flags': '1', 'x-b3-sampled': '0' }, 1],
    ['debug and nonsense', { 'x-b3-flags': '1', 'x-b3-sampled': 'x' }, 1],
    ['flags that are not debug', { 'x-b3-flags': '2', 'x-b3-sampled': '0' }, 0],
    ['of two values the first counts', { 'x-b3-sampled': ['1', '0'] }, 1],
    ['with a parent', { 'x-b3-parentspanid': PARENT_ID, 'x-b3-sampled': '1' }, 1],
    ['beside an empty single header', { b3: '', 'x-b3-sampled': '1' }, 1],
    ['beside no single header at all', { b3: [], 'x-b3-sampled': '1' }, 1],
  ])('%s', (_name, headers, flags) => {
    for (const propagator of [single, multiple, new upstream.B3Propagator()]) {
      const read = trace.getSpanContext(extract(propagator, several(headers)));
      expect(read).toEqual(remote(TRACE_ID, flags));
    }
  });

  test.each([
    ['no trace id', { 'x-b3-traceid': undefined }],
    ['no span id', { 'x-b3-spanid': undefined }],
    ['uppercase trace id', { 'x-b3-traceid': TRACE_ID.toUpperCase() }],
    ['uppercase span id', { 'x-b3-spanid': SPAN_ID.toUpperCase() }],
    ['trace id of 31 digits', { 'x-b3-traceid': TRACE_ID.slice(1) }],
    ['trace id of three digits', { 'x-b3-traceid': 'abc' }],
    ['trace id all zero', { 'x-b3-traceid': ZERO }],
    ['span id of 32 digits', { 'x-b3-spanid': TRACE_ID }],
    ['span id all zero', { 'x-b3-spanid': ZERO }],
    ['unknown decision', { 'x-b3-sampled': '2' }],
    ['empty decision', { 'x-b3-sampled': '' }],
    ['debug without ids', { 'x-b3-traceid': undefined, 'x-b3-flags': '1' }],
    ['64 KiB of digits', { 'x-b3-traceid': 'a'.repeat(65_536) }],
    ['no text', { 'x-b3-traceid': { length: 16 } }],
  ])('%s leaves the context as it is', (_name, headers) => {
    const context = ROOT_CONTEXT.setValue(Symbol.for('x'), 1);
    expect(extract(multiple, several(headers), context)).toBe(context);
    expect(said).toEqual([]);
  });

  test('a trace id of 64 bits is padded on the left', () => {
    const headers = several({ 'x-b3-traceid': SHORT_TRACE_ID, 'x-b3-sampled': '1' });
    expect(trace.getSpanContext(extract(multiple, headers))).toEqual(remote(PADDED, 1));
  });
});

describe('both at once', () => {
  test('the single header counts', () => {
    const b3 = `${SHORT_TRACE_ID}-${SPAN_ID}-0`;
    const headers = several({ b3, 'x-b3-sampled': '1', 'x-b3-flags': '1' });
    const context = extract(multiple, headers);
    expect(trace.getSpanContext(context)).toEqual(remote(PADDED, 0));
    expect(inject(single, context)).toEqual({ b3: `${PADDED}-${SPAN_ID}-0` });
  });
});

describe('what is sent', () => {
  test.each([
    [1, '1'],
    [0, '0'],
    [3, '1'],
    [2, '0'],
  ])('flags %i as %s', (traceFlags, sampled) => {
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags });
    expect(inject(single, context)).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-${sampled}` });
    expect(inject(multiple, context)).toEqual({
      ...{ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': SPAN_ID, 'x-b3-sampled': sampled },
    });
  });

  test('debug stays debug, whichever headers it came in, and for the children too', () => {
    const cameIn = [{ b3: `${TRACE_ID}-${SPAN_ID}-d` }, several({ 'x-b3-flags': '1' })];
    for (const headers of cameIn) {
      const child = { traceId: TRACE_ID, spanId: PARENT_ID, traceFlags: 1 };
      const context = trace.setSpanContext(extract(single, headers), child);
      expect(inject(single, context)).toEqual({ b3: `${TRACE_ID}-${PARENT_ID}-d` });
      expect(inject(multiple, context)).toEqual({
        ...{ 'x-b3-traceid': TRACE_ID, 'x-b3-spanid': PARENT_ID, 'x-b3-flags': '1' },
      });
    }
  });

  test('the debug flag of one trace does not reach the next', () => {
    const debug = extract(single, { b3: `${TRACE_ID}-${SPAN_ID}-d` });
    for (const headers of [{ b3: `${PADDED}-${SPAN_ID}-1` }, several({ 'x-b3-sampled': '1' })]) {
      expect(inject(single, extract(single, headers, debug)).b3).toMatch(/-1$/);
    }
  });

  test('debug that opentelemetry-js read is sent as debug', () => {
    const context = extract(new upstream.B3Propagator(), { b3: `${TRACE_ID}-${SPAN_ID}-d` });
    expect(inject(single, context)).toEqual({ b3: `${TRACE_ID}-${SPAN_ID}-d` });
  });

  test('nothing without a valid span context, or where tracing is suppressed', () => {
    const context = extract(single, { b3: `${TRACE_ID}-${SPAN_ID}-1` });
    for (const propagator of [single, multiple]) {
      expect(inject(propagator, ROOT_CONTEXT)).toEqual({});
      expect(inject(propagator, suppressTracing(context))).toEqual({});
      const invalid = { traceId: TRACE_ID, spanId: ZERO, traceFlags: 1 };
      expect(inject(propagator, trace.setSpanContext(ROOT_CONTEXT, invalid))).toEqual({});
    }
  });

  test('a carrier that throws is said, and does not throw', () => {
    const throws = (): never => {
      throw new TypeError('hostile carrier');
    };
    const context = extract(single, { b3: `${TRACE_ID}-${SPAN_ID}-1` });
    expect(single.extract(context, {}, { get: throws, keys: () => [] })).toBe(context);
    expect(() => multiple.inject(context, {}, { set: throws })).not.toThrow();
    expect(said).toHaveLength(2);
    expect(said.join('')).not.toContain('hostile');
  });
});

describe('beside opentelemetry-js', () => {
  const id = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((digits) => digits.join(''))
      .filter((text) => !/^0+$/.test(text));
  const contexts = fc.record({
    traceId: id(32),
    spanId: id(16),
    traceFlags: fc.integer({ min: 0, max: 255 }),
  });
  const sampled = fc.constantFrom(undefined, '0', '1', 'true', 'False', 'x', '');
  const headers = fc.record({
    b3: fc.oneof(
      fc.constant(undefined),
      fc
        .tuple(fc.oneof(id(16), id(32)), id(16), fc.constantFrom('', '-0', '-1', '-d'), fc.boolean())
        .map(
          ([traceId, spanId, state, parent]) =>
            `${traceId}-${spanId}${state}${parent ? `-${PARENT_ID}` : ''}`,
        ),
    ),
    'x-b3-traceid': fc.oneof(fc.constant(undefined), id(16), id(32), fc.constantFrom(ZERO, 'xyz')),
    'x-b3-spanid': fc.oneof(fc.constant(undefined), id(16), fc.constantFrom(ZERO, 'xyz')),
    'x-b3-sampled': sampled,
    'x-b3-flags': fc.constantFrom(undefined, '0', '1'),
  });

  test.each(Object.values(B3InjectEncoding))(
    'encoding %i: the same headers for the same spans',
    (injectEncoding) => {
      const mine = new B3Propagator({ injectEncoding });
      const theirs = new upstream.B3Propagator({ injectEncoding });
      fc.assert(
        fc.property(contexts, (spanContext) => {
          const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
          const sent = inject(mine, context);
          expect(sent).toEqual(inject(theirs, context));
          expect(trace.getSpanContext(extract(mine, sent))).toEqual(
            trace.getSpanContext(extract(theirs, sent)),
          );
        }),
      );
    },
  );

  test('the same span for the same headers, whatever is in them', () => {
    fc.assert(
      fc.property(headers, (carrier) => {
        const mine = trace.getSpanContext(extract(single, carrier));
        const theirs = trace.getSpanContext(extract(new upstream.B3Propagator(), carrier));
        expect(mine).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  test('no text whatsoever throws, and what is accepted is valid', () => {
    const near = fc.tuple(fc.integer({ min: 0, max: 70 }), fc.string({ maxLength: 3 })).map(([at, text]) => {
      const header = `${TRACE_ID}-${SPAN_ID}-1-${PARENT_ID}`;
      return header.slice(0, at) + text + header.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        for (const carrier of [
          { b3: text },
          several({ 'x-b3-traceid': text }),
          several({ 'x-b3-spanid': text }),
        ]) {
          const read = trace.getSpanContext(extract(single, carrier));
          if (read !== undefined)
            expect(inject(single, trace.setSpanContext(ROOT_CONTEXT, read)).b3).toMatch(/-[01]$/);
        }
        expect(said).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
