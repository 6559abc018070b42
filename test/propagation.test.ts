import {
  type Context,
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import {
  W3CTraceContextPropagator as UpstreamTraceContextPropagator,
  suppressTracing as upstreamSuppressTracing,
} from '@opentelemetry/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  B3InjectEncoding,
  B3Propagator,
  CompositePropagator,
  TraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '../src/api/propagation.ts';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '../src/api/suppress-tracing.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { unhandledRejections } from './helpers/unhandled-rejections.ts';

const TRACEPARENT = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
const parent: SpanContext = {
  traceId: '5bd66ef5095369c7b0d1f8f4bd33716a',
  spanId: 'c532cb4098ac3dd2',
  traceFlags: 1,
};
type Headers = Record<string, string | string[]>;

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

function extract(propagator: TextMapPropagator, headers: Headers, context: Context = ROOT_CONTEXT): Context {
  return propagator.extract(context, headers, defaultTextMapGetter);
}

function inject(propagator: TextMapPropagator, context: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}

/** What goes wrong in carriers: getters, setters and values that throw. */
const hostile = {
  get(): never {
    throw new TypeError('hostile carrier');
  },
  set(): never {
    throw new TypeError('hostile carrier');
  },
  keys: () => [],
};

describe('traceparent', () => {
  const propagator = new W3CTraceContextPropagator();

  test('what one side injects the other extracts, opentelemetry-js included', () => {
    const hexDigit = fc.constantFrom(...'0123456789abcdef');
    const id = (length: number) =>
      fc
        .array(hexDigit, { minLength: length, maxLength: length })
        .map((digits) => digits.join(''))
        .filter((text) => !/^0+$/.test(text));
    const upstream = new UpstreamTraceContextPropagator();
    fc.assert(
      fc.property(id(32), id(16), fc.integer({ min: 0, max: 3 }), (traceId, spanId, traceFlags) => {
        const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
        const headers = inject(propagator, context);
        expect(headers).toEqual(inject(upstream, context));
        const expected = { traceId, spanId, traceFlags, isRemote: true };
        expect(trace.getSpanContext(extract(propagator, headers))).toEqual(expected);
        expect(trace.getSpanContext(extract(upstream, headers))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('no text whatsoever throws, and what is accepted is a valid version 00 header again', () => {
    const near = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.string({ maxLength: 3 }))
      .map(([index, text]) => TRACEPARENT.slice(0, index) + text + TRACEPARENT.slice(index + text.length));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (traceparent) => {
        const context = extract(propagator, { traceparent });
        if (context === ROOT_CONTEXT) return;
        expect(inject(propagator, context).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('only the flags Level 2 defines are sent', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: 0xff });
    expect(inject(propagator, context).traceparent).toBe(`${TRACEPARENT.slice(0, -2)}03`);
  });

  test('nothing is sent without a valid span context, or where tracing is suppressed by either SDK', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, parent);
    expect(inject(propagator, ROOT_CONTEXT)).toEqual({});
    expect(
      inject(propagator, trace.setSpanContext(ROOT_CONTEXT, { ...parent, spanId: '0'.repeat(16) })),
    ).toEqual({});
    expect(inject(propagator, suppressTracing(context))).toEqual({});
    expect(inject(propagator, upstreamSuppressTracing(context))).toEqual({});
    expect(inject(propagator, unsuppressTracing(suppressTracing(context)))).not.toEqual({});
    expect(isTracingSuppressed(upstreamSuppressTracing(ROOT_CONTEXT))).toBe(true);
  });

  test('a carrier or a trace state that throws is said, and does not throw', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceState: new TraceState('a=1') });
    expect(propagator.extract(context, {}, hostile)).toBe(context);
    expect(() => propagator.inject(context, {}, hostile)).not.toThrow();
    expect(said).toHaveLength(2);
    expect(said.join('')).not.toContain('hostile');
  });

  test('names its fields', () => {
    expect(propagator.fields()).toEqual(['traceparent', 'tracestate']);
  });
});

describe('tracestate', () => {
  const propagator = new W3CTraceContextPropagator();

  test('is not read without a valid traceparent, and not sent when empty', () => {
    expect(extract(propagator, { tracestate: 'foo=1' })).toBe(ROOT_CONTEXT);
    const context = trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceState: createTraceState('') });
    expect(inject(propagator, context)).toEqual({ traceparent: TRACEPARENT });
  });

  test('is read up to 32,768 characters, and above that not at all', () => {
    const find = vi.spyOn(String.prototype, 'indexOf');
    const read = (header: string | string[]) => {
      const context = extract(propagator, { traceparent: TRACEPARENT, tracestate: header });
      return trace.getSpanContext(context)?.traceState?.serialize();
    };
    const padded = (length: number) => `a=1,${' '.repeat(length - 7)}b=2`;
    expect(read(padded(32_768))).toBe('a=1,b=2');
    // Headers and the commas between them count as one.
    expect(read([padded(32_764), 'c=3'])).toBe('a=1,b=2,c=3');
    find.mockClear();
    expect(read(padded(32_769))).toBeUndefined();
    expect(read([padded(32_765), 'c=3'])).toBeUndefined();
    for (const piece of [',', ' ', '=', 'a=1,', 'a,', ' ,'])
      expect(read(piece.repeat(65_536))).toBeUndefined();
    expect(find).not.toHaveBeenCalled();
  });

  test('is immutable: set puts the key first, unset removes it', () => {
    const state = new TraceState('a=1,b=2,c=3');
    expect(state.set('b', '9').serialize()).toBe('b=9,a=1,c=3');
    expect(state.set('d', '4').serialize()).toBe('d=4,a=1,b=2,c=3');
    expect(state.unset('b').serialize()).toBe('a=1,c=3');
    expect(state.unset('z')).toBe(state);
    expect(state.get('c')).toBe('3');
    expect(state.get('z')).toBeUndefined();
    expect(state.serialize()).toBe('a=1,b=2,c=3');
  });

  test.each([
    ['A', '1'],
    ['', '1'],
    ['a'.repeat(257), '1'],
    ['a', ''],
    ['a', '1,b=2'],
    ['a', 'x=y'],
    ['a', '1 '],
    ['a', '\r\nx: y'],
    ['a', 'é'],
    ['a'.repeat(256), 'v'.repeat(256)],
  ])('setting %j to %j changes nothing', (key, value) => {
    const state = new TraceState('a=1');
    expect(state.set(key, value)).toBe(state);
  });

  test('a new entry pushes out others, never itself', () => {
    const full = new TraceState(Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(','));
    const more = full.set('new', '1').serialize().split(',');
    expect([more.length, more[0], more.at(-1)]).toEqual([32, 'new=1', 'k30=1']);
    const long = new TraceState(`a=${'x'.repeat(200)},b=${'x'.repeat(100)}`).set('new', 'y'.repeat(256));
    expect(long.serialize()).toBe(`new=${'y'.repeat(256)},b=${'x'.repeat(100)}`);
  });

  test('whatever is done to it, it is one that would be accepted', () => {
    const key = fc.constantFrom('a', 'b', 't@v', 'k'.repeat(200), 'BAD');
    const value = fc.oneof(fc.string(), fc.constantFrom('v', 'v'.repeat(128), 'v'.repeat(256)));
    fc.assert(
      fc.property(fc.string(), fc.array(fc.tuple(key, value), { maxLength: 40 }), (header, writes) => {
        let state = new TraceState(header);
        for (const [name, text] of writes) state = text === 'v' ? state.unset(name) : state.set(name, text);
        const serialized = state.serialize();
        expect(serialized.length).toBeLessThanOrEqual(512);
        expect(new TraceState(serialized).serialize()).toBe(serialized);
      }),
    );
  });
});

describe('composite', () => {
  const named = (name: string): TextMapPropagator => ({
    inject: (_context, carrier, setter) => setter.set(carrier, 'x', name),
    extract: (context) => context.setValue(Symbol.for('x'), name),
    fields: () => ['x', name],
  });
  const broken = new (class Broken implements TextMapPropagator {
    inject = hostile.get;
    extract = hostile.get;
    fields = hostile.get;
  })();

  test('runs all in order: the last one wins', () => {
    const composite = new CompositePropagator({ propagators: [named('one'), named('two')] });
    expect(inject(composite, ROOT_CONTEXT)).toEqual({ x: 'two' });
    expect(extract(composite, {}).getValue(Symbol.for('x'))).toBe('two');
    expect(composite.fields()).toEqual(['x', 'one', 'two']);
  });

  test('carries trace context and baggage together', () => {
    const composite = new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    });
    const headers = { traceparent: TRACEPARENT, tracestate: 'a=1', baggage: 'b=2' };
    expect(inject(composite, extract(composite, headers))).toEqual(headers);
    expect(composite.fields()).toEqual(['traceparent', 'tracestate', 'baggage']);
  });

  test('one that throws is named once, and the others still run', () => {
    const composite = new CompositePropagator({ propagators: [named('one'), broken] });
    expect(inject(composite, ROOT_CONTEXT)).toEqual({ x: 'one' });
    expect(extract(composite, {}).getValue(Symbol.for('x'))).toBe('one');
    expect(composite.fields()).toEqual(['x', 'one']);
    expect(said).toEqual([
      'spandrel: propagator Broken: expected it not to throw, got TypeError; it is skipped.\n',
    ]);
  });

  test.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['text', 'context', 'string'],
  ])('one that answers with %s leaves the context as it was', (_name, answer, kind) => {
    const wrong = { ...named('wrong'), extract: () => answer as never };
    const composite = new CompositePropagator({
      propagators: [named('one'), wrong, new W3CBaggagePropagator()],
    });
    const context = extract(composite, { baggage: 'a=1' });
    expect(context.getValue(Symbol.for('x'))).toBe('one');
    expect(propagation.getBaggage(context)?.getEntry('a')?.value).toBe('1');
    expect(said).toEqual([
      `spandrel: propagator Object: expected extract to return a context, got ${kind}; it is skipped.\n`,
    ]);
  });

  test('what is no propagator is left out, said once, and the others run', () => {
    const trap = Object.defineProperty({}, 'inject', { get: hostile.get });
    const strangers = [null, undefined, 7, 'b3', {}, { inject() {} }, trap];
    const propagators = [named('one'), ...strangers, named('two')] as TextMapPropagator[];
    const composite = new CompositePropagator({ propagators });
    expect(inject(composite, ROOT_CONTEXT)).toEqual({ x: 'two' });
    expect(extract(composite, {}).getValue(Symbol.for('x'))).toBe('two');
    expect(composite.fields()).toEqual(['x', 'one', 'two']);
    expect(said).toEqual([
      'spandrel: propagators: expected objects with inject and extract, got 7 of 9 without; they are left out.\n',
    ]);
  });

  test.each([[null], [5], ['b3'], [{}]])('a list that is %j is none, and said', (propagators) => {
    const composite = new CompositePropagator({ propagators: propagators as never });
    expect(extract(composite, { traceparent: TRACEPARENT })).toBe(ROOT_CONTEXT);
    expect(said).toHaveLength(1);
  });

  test('one that answers with promises that fail is said, and the others run', async () => {
    const late = () => Promise.reject(new Error('late')) as never;
    const asynchronous = { inject: late, extract: late, fields: late };
    const composite = new CompositePropagator({ propagators: [named('one'), asynchronous] });
    const run = () => {
      expect(inject(composite, ROOT_CONTEXT)).toEqual({ x: 'one' });
      expect(extract(composite, {}).getValue(Symbol.for('x'))).toBe('one');
      expect(composite.fields()).toEqual(['x', 'one']);
    };
    expect(await unhandledRejections(run)).toEqual([]);
    expect(said).toEqual([
      'spandrel: propagator Object: expected inject to write at once, got a promise; what it writes later is lost.\n',
    ]);
  });

  test('an extract that answers with a promise is skipped and said', async () => {
    const late = { ...named('late'), extract: () => Promise.reject(new Error('late')) as never };
    const composite = new CompositePropagator({ propagators: [named('one'), late] });
    const run = () => expect(extract(composite, {}).getValue(Symbol.for('x'))).toBe('one');
    expect(await unhandledRejections(run)).toEqual([]);
    expect(said).toEqual([
      'spandrel: propagator Object: expected extract to return a context, got a promise; it is skipped.\n',
    ]);
  });

  test('fields that are no list are left out, the others stay', () => {
    const odd = { ...named('odd'), fields: () => undefined as never };
    expect(new CompositePropagator({ propagators: [odd, named('one')] }).fields()).toEqual(['x', 'one']);
    const without = { inject: named('a').inject, extract: named('a').extract } as TextMapPropagator;
    expect(new CompositePropagator({ propagators: [without, named('one')] }).fields()).toEqual(['x', 'one']);
  });

  test('a list that is changed later changes nothing', () => {
    const propagators = [named('one')];
    const composite = new CompositePropagator({ propagators });
    propagators.push(named('two'));
    expect(inject(composite, ROOT_CONTEXT)).toEqual({ x: 'one' });
  });

  test('carries W3C and B3 headers side by side, of the same span', () => {
    const composite = new CompositePropagator({
      propagators: [
        new W3CTraceContextPropagator(),
        new B3Propagator(),
        new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
      ],
    });
    const sent = inject(composite, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(Object.keys(sent)).toEqual(['traceparent', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']);
    for (const names of [['traceparent'], ['b3'], ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']]) {
      const carrier = Object.fromEntries(names.map((name) => [name, sent[name]]));
      expect(trace.getSpanContext(extract(composite, carrier))).toEqual({ ...parent, isRemote: true });
    }
  });

  test('without propagators it does nothing', () => {
    const composite = new CompositePropagator();
    expect(extract(composite, { traceparent: TRACEPARENT })).toBe(ROOT_CONTEXT);
    expect(composite.fields()).toEqual([]);
  });
});
