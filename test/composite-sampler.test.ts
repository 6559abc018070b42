import {
  type TraceState as ApiTraceState,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import * as upstream from '@opentelemetry/sampler-composite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ComposableSampler,
  createAlwaysRecordSampler,
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
  createComposableAnnotatingSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
  type Sampler,
  type SamplingIntent,
} from '../src/api/sampler.ts';
import { TraceState } from '../src/api/trace-state.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();

const ID = '5bd66ef5095369c7b0';
const TRACE_ID = `${ID}80000000000000`;
const RANDOM_FLAG = 2;
const under = (state?: ApiTraceState, traceFlags = 1 | RANDOM_FLAG, traceId = TRACE_ID): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'c532cb4098ac3dd2', traceFlags, traceState: state });
const decide = (sampler: Pick<Sampler, 'shouldSample'>, context = ROOT_CONTEXT, traceId = TRACE_ID) => {
  const result = sampler.shouldSample(context, traceId, 'n', SpanKind.INTERNAL, {}, []);
  return { ...result, state: result.traceState?.serialize() };
};
const intending = (intent: Partial<SamplingIntent>): ComposableSampler => ({
  getSamplingIntent: () => ({ threshold: 0n, thresholdReliable: true, ...intent }),
});
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((list) => list.join(''));

/** A seeded source, for shares that must not wander from run to run. */
function traceIdSource(seed: number) {
  let state = seed;
  const word = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0).toString(16).padStart(8, '0');
  };
  return () => word() + word() + word() + word();
}

describe('against opentelemetry-js', () => {
  const traceIds = fc.tuple(hex(17), hex(14)).map(([head, tail]) => `${head}1${tail}`);
  const entries = fc
    .record({
      th: fc.option(fc.oneof(hex(14), hex(3), fc.constantFrom('0', '8', '', 'x', '123456789012345')), {
        nil: undefined,
      }),
      rv: fc.option(fc.oneof(hex(14), hex(13), fc.constantFrom('', 'g'.repeat(14))), { nil: undefined }),
      rest: fc.uniqueArray(fc.constantFrom('p:8', 'r:62', 'k1:13', 'e:'), { maxLength: 3 }),
    })
    .map(({ th, rv, rest }) =>
      [...(th === undefined ? [] : [`th:${th}`]), ...(rv === undefined ? [] : [`rv:${rv}`]), ...rest].join(
        ';',
      ),
    );
  const states = fc.oneof(
    fc.constant(undefined),
    entries.map((entry) => (entry === '' ? 'a=1' : `a=1,ot=${entry},b=2`)),
  );
  const parents = fc.option(fc.tuple(states, fc.integer({ min: 0, max: 3 })), { nil: undefined });
  const contextOf = (parent: [string | undefined, number] | undefined, traceId: string) =>
    parent === undefined
      ? ROOT_CONTEXT
      : under(parent[0] === undefined ? undefined : createTraceState(parent[0]), parent[1], traceId);

  /**
   * Equal decisions and trace states. Upstream leaves the parent's entry as it is, threshold included, where a span has
   * nothing to hand on; the specification would have the threshold erased ("General requirements").
   */
  function compare(ours: Sampler, theirs: Sampler, context: Context, traceId: string): void {
    const [a, b] = [decide(ours, context, traceId), decide(theirs, context, traceId)];
    expect(a.decision).toBe(b.decision);
    const before = trace.getSpanContext(context)?.traceState?.get('ot');
    const [mine, other] = [a.traceState?.get('ot'), b.traceState?.get('ot')];
    if (mine === undefined && other !== undefined) expect(other).toBe(before);
    else expect(mine).toBe(other);
    for (const key of ['a', 'b']) expect(a.traceState?.get(key)).toBe(b.traceState?.get(key));
  }

  const ratios = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc
      .tuple(fc.double({ min: 0.5, max: 1, noNaN: true }), fc.integer({ min: 0, max: 57 }))
      .map(([m, e]) => m * 2 ** -e),
    fc.constantFrom(0, 1, 0.5, 2 ** -56, 2 ** -57, 1 - 2 ** -53),
  );

  test('probability samples the same spans with the same thresholds, at full precision', () => {
    fc.assert(
      fc.property(ratios, traceIds, parents, (ratio, traceId, parent) => {
        const composable = createComposableProbabilitySampler(ratio, { precision: 14 });
        const ours = createCompositeSampler(composable);
        const theirs = upstream.createCompositeSampler(upstream.createComposableProbabilitySampler(ratio));
        compare(ours, theirs, contextOf(parent, traceId), traceId);
        expect(String(ours)).toBe(String(theirs));
      }),
      { numRuns: 5_000 },
    );
  });

  test('probability samples the same spans at the exact edge of the threshold', () => {
    fc.assert(
      fc.property(ratios, fc.constantFrom(-1n, 0n, 1n), fc.boolean(), (ratio, offset, explicit) => {
        const composable = createComposableProbabilitySampler(ratio, { precision: 14 });
        const { threshold } = composable.getSamplingIntent(
          ROOT_CONTEXT,
          TRACE_ID,
          'n',
          SpanKind.INTERNAL,
          {},
          [],
        );
        const edge = BigInt.asUintN(56, threshold + offset)
          .toString(16)
          .padStart(14, '0');
        const traceId = explicit ? TRACE_ID : `${ID}${edge}`;
        const context = explicit ? under(new TraceState(`ot=rv:${edge}`)) : ROOT_CONTEXT;
        const theirs = upstream.createCompositeSampler(upstream.createComposableProbabilitySampler(ratio));
        compare(createCompositeSampler(composable), theirs, context, traceId);
      }),
      { numRuns: 2_000 },
    );
  });

  test('probability at the default precision is equal for ratios it can say, and else but for the rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_536 }), traceIds, parents, (numerator, traceId, parent) => {
        const ratio = numerator / 65_536;
        const ours = createCompositeSampler(createComposableProbabilitySampler(ratio));
        const theirs = upstream.createCompositeSampler(upstream.createComposableProbabilitySampler(ratio));
        compare(ours, theirs, contextOf(parent, traceId), traceId);
      }),
      { numRuns: 2_000 },
    );
    const next = traceIdSource(3);
    const ours = createCompositeSampler(createComposableProbabilitySampler(1 / 3));
    const theirs = upstream.createCompositeSampler(upstream.createComposableProbabilitySampler(1 / 3));
    const differing = Array.from({ length: 20_000 }, next).filter(
      (traceId) =>
        decide(ours, ROOT_CONTEXT, traceId).decision !== decide(theirs, ROOT_CONTEXT, traceId).decision,
    );
    // The two thresholds are 5.1e-6 apart: 0.1 expected.
    expect(differing.length).toBeLessThanOrEqual(2);
  });

  const pairs: [string, Sampler, Sampler][] = [
    [
      'always on',
      createCompositeSampler(createComposableAlwaysOnSampler()),
      upstream.createCompositeSampler(upstream.createComposableAlwaysOnSampler()),
    ],
    [
      'always off',
      createCompositeSampler(createComposableAlwaysOffSampler()),
      upstream.createCompositeSampler(upstream.createComposableAlwaysOffSampler()),
    ],
    [
      'our composable in theirs',
      createCompositeSampler(upstream.createComposableProbabilitySampler(0.4)),
      upstream.createCompositeSampler(createComposableProbabilitySampler(0.4, { precision: 14 })),
    ],
  ];
  test.each(pairs)('%s', (_, ours, theirs) => {
    fc.assert(
      fc.property(traceIds, parents, (traceId, parent) => {
        compare(ours, theirs, contextOf(parent, traceId), traceId);
      }),
      { numRuns: 1_000 },
    );
  });

  test('parent threshold, wherever the parent’s flag is what its threshold makes of its trace', () => {
    const ours = createCompositeSampler(
      createComposableParentThresholdSampler(createComposableProbabilitySampler(0.5)),
    );
    const theirs = upstream.createCompositeSampler(
      upstream.createComposableParentThresholdSampler(upstream.createComposableProbabilitySampler(0.5)),
    );
    let compared = 0;
    fc.assert(
      fc.property(traceIds, parents, (traceId, parent) => {
        const context = contextOf(parent, traceId);
        const sampled = ((parent?.[1] ?? 0) & 1) !== 0;
        const { decision } = decide(theirs, context, traceId);
        if (parent !== undefined && (decision === 2) !== sampled) {
          // The specification: "we expect the child's decision to match the parent's decision".
          expect(decide(ours, context, traceId).decision).toBe(sampled ? 2 : 0);
          expect(decide(ours, context, traceId).traceState?.get('ot') ?? '').not.toMatch(/th:/);
          return;
        }
        compared += 1;
        compare(ours, theirs, context, traceId);
      }),
      { numRuns: 3_000 },
    );
    expect(compared).toBeGreaterThan(1_500);
  });
});

describe('samples', () => {
  const probability = (ratio: number) => createCompositeSampler(createComposableProbabilitySampler(ratio));

  test.each([0.001, 0.01, 0.1, 1 / 3, 0.5, 0.9])('a share of %d of traces', (ratio) => {
    const next = traceIdSource(7);
    const runs = 20_000;
    let sampled = 0;
    const sampler = probability(ratio);
    for (let run = 0; run < runs; run += 1) {
      if (decide(sampler, ROOT_CONTEXT, next()).decision === 2) sampled += 1;
    }
    // Five standard deviations of the binomial distribution.
    expect(Math.abs(sampled - runs * ratio)).toBeLessThan(5 * Math.sqrt(runs * ratio * (1 - ratio)));
  });

  test('of two ratios the greater samples all that the smaller samples, by id or explicit randomness', () => {
    const ratio = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 2 ** -20, noNaN: true }),
    );
    fc.assert(
      fc.property(ratio, ratio, hex(14), fc.boolean(), (a, b, randomness, explicit) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const context = explicit ? under(new TraceState(`ot=rv:${randomness}`)) : ROOT_CONTEXT;
        const traceId = explicit ? TRACE_ID : `${ID}${randomness}`;
        expect(decide(probability(less), context, traceId).decision).toBeLessThanOrEqual(
          decide(probability(more), context, traceId).decision,
        );
      }),
      { numRuns: 5_000 },
    );
  });

  test('children of a lower ratio are a subset of their parents, and children of one’s threshold are all of them', () => {
    const next = traceIdSource(11);
    const followers = createCompositeSampler(
      createComposableParentThresholdSampler(createComposableAlwaysOffSampler()),
    );
    let [roots, children] = [0, 0];
    for (let run = 0; run < 5_000; run += 1) {
      const traceId = next();
      const root = decide(probability(0.3), ROOT_CONTEXT, traceId);
      const context = under(root.traceState, root.decision === 2 ? 3 : 2, traceId);
      const child = decide(probability(0.1), context, traceId);
      const follower = decide(followers, context, traceId);
      expect(child.decision).toBeLessThanOrEqual(root.decision);
      expect([follower.decision, follower.state]).toEqual([root.decision, root.state]);
      if (root.decision === 2) roots += 1;
      if (child.decision === 2) children += 1;
    }
    expect(children).toBeGreaterThan(300);
    expect(roots).toBeGreaterThan(2 * children);
    expect(lines).toEqual([]);
  });

  test('whether or not the parent’s flag says that the id is random', () => {
    for (const flags of [0, 1, RANDOM_FLAG, 1 | RANDOM_FLAG]) {
      expect(decide(probability(0.5), under(undefined, flags)).decision).toBe(2);
      expect(decide(probability(0.4), under(undefined, flags)).decision).toBe(0);
    }
  });
});

describe('the trace state', () => {
  const on = createCompositeSampler(createComposableAlwaysOnSampler());
  const off = createCompositeSampler(createComposableAlwaysOffSampler());
  const unreliable = createCompositeSampler(intending({ thresholdReliable: false }));
  const rv = 'rv:6e6d1a75832a2f';

  test.each([
    ['a sampled root', on, undefined, 'ot=th:0'],
    ['a root that is not sampled', off, undefined, undefined],
    ['a root sampled with unknown probability', unreliable, undefined, undefined],
    ['a sampled child, before the entries of others', on, 'a=1,ot=th:8;p:1,b=2', 'ot=th:0;p:1,a=1,b=2'],
    ['a sampled child with explicit randomness', on, `ot=th:8;${rv}`, `ot=th:0;${rv}`],
    ['a sampled child, its entry unchanged', on, 'a=1,ot=th:0', 'a=1,ot=th:0'],
    ['a child that is not sampled', off, `a=1,ot=th:0;${rv};p:1`, `ot=${rv};p:1,a=1`],
    ['a child that is not sampled, of nothing else', off, 'a=1,ot=th:0', 'a=1'],
    ['a child sampled with unknown probability', unreliable, `ot=th:0;${rv}`, `ot=${rv}`],
    ['a child of malformed sub-keys', on, 'ot=th:zz;rv:1;P:2;p:1', 'ot=th:0;p:1'],
  ])('of %s', (_, sampler, state, expected) => {
    for (const make of [(text: string) => new TraceState(text), createTraceState]) {
      const context = state === undefined ? ROOT_CONTEXT : under(make(state));
      expect(decide(sampler, context).state).toBe(expected);
    }
  });

  test('is what the intent makes of it, but for the entry ot', () => {
    const sampler = createCompositeSampler(
      intending({
        updateTraceState: (state) => state?.set('mine', '1').unset('a').set('ot', 'th:8;rv:1;x:y'),
      }),
    );
    expect(decide(sampler, under(new TraceState('a=1,b=2,ot=p:1'))).state).toBe('ot=th:0;p:1,mine=1,b=2');
    expect(decide(sampler).state).toBe('ot=th:0,mine=1');
  });

  test('that the intent clears is cleared, but for the entry ot', () => {
    const clearing = (threshold: bigint) =>
      createCompositeSampler(intending({ threshold, updateTraceState: () => undefined }));
    expect(decide(clearing(0n), under(new TraceState('a=1,ot=p:1'))).state).toBe('ot=th:0;p:1');
    expect(decide(clearing(-1n), under(new TraceState('a=1'))).state).toBe('');
  });

  test('of 32 entries keeps the threshold, and stays within what a header may hold', () => {
    const others = Array.from({ length: 32 }, (_, index) => `k${index}=1`).join(',');
    const state = decide(on, under(new TraceState(others))).traceState;
    expect(state?.get('ot')).toBe('th:0');
    expect(new TraceState(state?.serialize()).get('ot')).toBe('th:0');
    expect(state?.get('k31')).toBe(undefined);
  });
});

describe('an intent', () => {
  test('has its attributes on the span only if it is sampled', () => {
    const annotated = (delegate: ComposableSampler) =>
      createCompositeSampler(createComposableAnnotatingSampler(delegate, { a: 1 }));
    expect(decide(annotated(createComposableAlwaysOnSampler())).attributes).toEqual({ a: 1 });
    const dropped = createAlwaysRecordSampler(annotated(createComposableAlwaysOffSampler()));
    expect(decide(dropped)).toMatchObject({ decision: 1 });
    expect(decide(dropped).attributes).toBe(undefined);
  });

  test.each([
    [-1n, 0],
    [-(2n ** 70n), 0],
    [0n, 2],
    [2n ** 56n - 1n, 0],
    [2n ** 56n, 0],
    [2n ** 70n, 0],
  ])('with threshold %s decides %i', (threshold, decision) => {
    expect(decide(createCompositeSampler(intending({ threshold }))).decision).toBe(decision);
  });

  test('that is not reliable is decided by new randomness, about its share, and not by that of the trace', () => {
    const sampler = createCompositeSampler(intending({ threshold: 2n ** 54n, thresholdReliable: false }));
    const context = under(new TraceState('ot=rv:00000000000000'));
    const runs = 4_000;
    const sampled = Array.from({ length: runs }, () => decide(sampler, context)).filter(
      ({ decision }) => decision === 2,
    );
    // Six standard deviations of the binomial distribution, of a share of 3/4.
    expect(Math.abs(sampled.length - runs * 0.75)).toBeLessThan(6 * Math.sqrt(runs * 0.75 * 0.25));
    expect(sampled[0].state).toBe('ot=rv:00000000000000');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['is undefined', () => undefined],
    ['is null', () => null],
    ['is a promise', async () => ({ threshold: 0n, thresholdReliable: true })],
    [
      'is a promise that fails',
      async () => {
        throw new Error('late');
      },
    ],
    ['has no threshold', () => ({ thresholdReliable: true })],
    ['has a threshold of another type', () => ({ threshold: 0, thresholdReliable: true })],
    ['throws when read', () => hostileProxy()],
    [
      'throws as it updates the trace state',
      () => ({
        threshold: 0n,
        thresholdReliable: true,
        updateTraceState: () => {
          throw new Error('mine');
        },
      }),
    ],
    [
      'makes a trace state of anything',
      () => ({ threshold: 0n, thresholdReliable: true, updateTraceState: () => 'a=1' }),
    ],
  ])('that %s costs the span, is said, and does not throw', (_, answer) => {
    const sampler = createCompositeSampler({
      getSamplingIntent: answer as unknown as ComposableSampler['getSamplingIntent'],
    });
    expect(decide(sampler, under(new TraceState('a=1')))).toMatchObject({ decision: 0 });
    expect(lines).toEqual([
      expect.stringMatching(/the composable sampler failed: .* The span is not recorded/),
    ]);
  });

  test('of a rule that throws costs the span only', () => {
    const rules = createComposableRuleBasedSampler([
      [
        () => {
          throw new Error('mine');
        },
        createComposableAlwaysOnSampler(),
      ],
    ]);
    expect(decide(createCompositeSampler(rules)).decision).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/Error: mine/)]);
  });

  test('for a trace id that is not one is not sampled', () => {
    const on = createCompositeSampler(createComposableAlwaysOnSampler());
    for (const bad of ['', 'x', '0'.repeat(32), null as never])
      expect(decide(on, ROOT_CONTEXT, bad).decision).toBe(0);
  });
});
