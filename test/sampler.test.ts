import { type Context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import {
  AlwaysOnSampler as UpstreamAlwaysOn,
  ParentBasedSampler as UpstreamParentBased,
  type Sampler as UpstreamSampler,
  SamplingDecision as UpstreamSamplingDecision,
  TraceIdRatioBasedSampler as UpstreamTraceIdRatioBased,
} from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  createAlwaysRecordSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '../src/api/sampler.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function decide(
  sampler: Sampler | UpstreamSampler,
  traceId = TRACE_ID,
  context: Context = ROOT_CONTEXT,
): number {
  return sampler.shouldSample(context, traceId, 'name', SpanKind.INTERNAL, {}, []).decision;
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
afterEach(() => vi.restoreAllMocks());

test('decisions have the numbers of opentelemetry-js', () => {
  for (const name of ['NOT_RECORD', 'RECORD', 'RECORD_AND_SAMPLED'] as const) {
    expect(SamplingDecision[name]).toBe(UpstreamSamplingDecision[name]);
  }
});

test('descriptions are those of the specification', () => {
  expect(String(new AlwaysOnSampler())).toBe('AlwaysOnSampler');
  expect(String(new AlwaysOffSampler())).toBe('AlwaysOffSampler');
  expect(String(new TraceIdRatioBasedSampler(0.0001))).toBe('TraceIdRatioBased{0.0001}');
  expect(String(new ParentBasedSampler({ root: new AlwaysOnSampler() }))).toBe(
    String(new UpstreamParentBased({ root: new UpstreamAlwaysOn() })),
  );
});

test('always on samples and always off does not', () => {
  expect(decide(new AlwaysOnSampler())).toBe(2);
  expect(decide(new AlwaysOffSampler())).toBe(0);
});

test('our samplers are samplers to opentelemetry-js, and its are to us', () => {
  const ours: Sampler = new UpstreamAlwaysOn();
  const theirs: UpstreamSampler = new AlwaysOnSampler();
  expect([decide(ours), decide(theirs)]).toEqual([2, 2]);
});

describe('trace id ratio', () => {
  const hex = (length: number) =>
    fc.array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: length, maxLength: length });
  const traceIds = fc.oneof(
    hex(32).map((digits) => digits.join('')),
    fc.string({ maxLength: 40 }),
    fc.constantFrom('', '0'.repeat(32), 'f'.repeat(32), `${'0'.repeat(31)}1`, `${'0'.repeat(31)}g`),
  );
  const ratios = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double(),
    fc.constantFrom(0, 1, 0.5, -1, 2, Number.NaN, Number.POSITIVE_INFINITY, 1 - 2 ** -40, 2 ** -40),
  );

  test('decides and describes itself as opentelemetry-js does', () => {
    fc.assert(
      fc.property(ratios, traceIds, (ratio, traceId) => {
        const ours = new TraceIdRatioBasedSampler(ratio);
        const theirs = new UpstreamTraceIdRatioBased(ratio);
        expect(decide(ours, traceId)).toBe(decide(theirs, traceId));
        expect(Number(/\{(.*)\}/.exec(String(ours))?.[1])).toBe(Number(/\{(.*)\}/.exec(String(theirs))?.[1]));
      }),
      { numRuns: 3_000 },
    );
  });

  test('decides on the exact edge as opentelemetry-js does', () => {
    for (const word of ['00000000', '7fffffff', '80000000', 'fffffffe', 'ffffffff']) {
      const traceId = `${word}${'0'.repeat(16)}00000000`;
      for (const ratio of [0.5, 1, 1 - 2 ** -32, 1 - 2 ** -33]) {
        expect(decide(new TraceIdRatioBasedSampler(ratio), traceId)).toBe(
          decide(new UpstreamTraceIdRatioBased(ratio), traceId),
        );
      }
    }
  });

  test('a greater ratio samples all that a smaller one samples', () => {
    fc.assert(
      fc.property(
        traceIds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (id, a, b) => {
          const [less, more] = a < b ? [a, b] : [b, a];
          expect(decide(new TraceIdRatioBasedSampler(less), id)).toBeLessThanOrEqual(
            decide(new TraceIdRatioBasedSampler(more), id),
          );
        },
      ),
    );
  });

  test('asked about a child decides by its trace id too, and warns once', () => {
    const sampler = new TraceIdRatioBasedSampler(1);
    const child = (traceId: string) =>
      trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags: 0 });
    expect(decide(sampler)).toBe(2);
    expect(decide(sampler, TRACE_ID, child('0'.repeat(32)))).toBe(2);
    expect(said).toEqual([]);
    for (let time = 0; time < 2; time++) expect(decide(sampler, TRACE_ID, child(TRACE_ID))).toBe(2);
    expect(said).toEqual([
      expect.stringMatching(/TraceIdRatioBasedSampler: expected a span without a parent/),
    ]);
  });

  test('samples about the share it was given', () => {
    let seed = 1;
    const digit = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
      return ((seed >>> 24) & 15).toString(16);
    };
    const sampler = new TraceIdRatioBasedSampler(0.25);
    let sampled = 0;
    for (let run = 0; run < 4_000; run++) {
      if (decide(sampler, Array.from({ length: 32 }, digit).join('')) === 2) sampled++;
    }
    expect(sampled / 4_000).toBeGreaterThan(0.22);
    expect(sampled / 4_000).toBeLessThan(0.28);
  });
});

describe('parent based', () => {
  const named = (name: string): Sampler => ({
    shouldSample: () => ({ decision: SamplingDecision.RECORD, attributes: { by: name } }),
    toString: () => name,
  });
  const slots = {
    root: named('root'),
    remoteParentSampled: named('remoteParentSampled'),
    remoteParentNotSampled: named('remoteParentNotSampled'),
    localParentSampled: named('localParentSampled'),
    localParentNotSampled: named('localParentNotSampled'),
  };
  const parent = (isRemote: boolean, traceFlags: number, traceId = TRACE_ID) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags, isRemote });

  test.each([
    ['no parent', ROOT_CONTEXT, 'root', 2],
    ['invalid parent', parent(true, 1, '0'.repeat(32)), 'root', 2],
    ['remote, sampled', parent(true, TraceFlags.SAMPLED), 'remoteParentSampled', 2],
    ['remote, not sampled', parent(true, TraceFlags.NONE), 'remoteParentNotSampled', 0],
    ['remote, random and not sampled', parent(true, 2), 'remoteParentNotSampled', 0],
    ['local, sampled', parent(false, TraceFlags.SAMPLED | 2), 'localParentSampled', 2],
    ['local, not sampled', parent(false, TraceFlags.NONE), 'localParentNotSampled', 0],
  ])('%s', (_name, context, slot, decision) => {
    const asked = new ParentBasedSampler(slots).shouldSample(context, TRACE_ID, 'n', SpanKind.CLIENT, {}, []);
    expect(asked.attributes).toEqual({ by: slot });
    expect(decide(new ParentBasedSampler({ root: new AlwaysOnSampler() }), TRACE_ID, context)).toBe(decision);
    expect(decide(new UpstreamParentBased({ root: new UpstreamAlwaysOn() }), TRACE_ID, context)).toBe(
      decision,
    );
  });

  test('passes everything it was asked on', () => {
    const shouldSample = vi.fn(() => ({ decision: SamplingDecision.NOT_RECORD }));
    const sampler = new ParentBasedSampler({ root: { shouldSample, toString: () => 's' } });
    const question = [ROOT_CONTEXT, TRACE_ID, 'n', SpanKind.SERVER, { a: 1 }, []] as const;
    sampler.shouldSample(...(question as unknown as Parameters<Sampler['shouldSample']>));
    expect(shouldSample.mock.calls).toEqual([question]);
  });

  test('without a root it samples every root and says so', () => {
    const sampler = new ParentBasedSampler({} as { root: Sampler });
    expect(decide(sampler)).toBe(2);
    expect(said.join('')).toMatch(/ParentBasedSampler: expected a sampler as root/);
  });
});

describe('always record', () => {
  const deciding = (decision: SamplingDecision): Sampler => ({
    shouldSample: () => ({ decision, attributes: { kept: true } }),
    toString: () => 'inner',
  });

  test.each([
    [SamplingDecision.NOT_RECORD, SamplingDecision.RECORD],
    [SamplingDecision.RECORD, SamplingDecision.RECORD],
    [SamplingDecision.RECORD_AND_SAMPLED, SamplingDecision.RECORD_AND_SAMPLED],
  ])('%i becomes %i, the rest of the answer stays', (given, expected) => {
    const sampler = createAlwaysRecordSampler(deciding(given));
    const result = sampler.shouldSample(ROOT_CONTEXT, TRACE_ID, 'n', SpanKind.INTERNAL, {}, []);
    expect(result).toEqual({ decision: expected, attributes: { kept: true } });
    expect(String(sampler)).toBe('AlwaysRecordSampler{inner}');
  });

  test('without a delegate it records, exports nothing and says so', () => {
    expect(decide(createAlwaysRecordSampler(undefined as unknown as Sampler))).toBe(1);
    expect(said.join('')).toMatch(/createAlwaysRecordSampler: expected a sampler/);
  });
});
