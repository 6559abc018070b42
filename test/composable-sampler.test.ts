import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import * as upstream from '@opentelemetry/sampler-composite';
import { describe, expect, test } from 'vitest';
import * as otel from '../src/api/sampler.ts';
import {
  type ComposableSampler,
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
  createComposableAnnotatingSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
} from '../src/api/sampler.ts';
import type { SamplingQuestion } from '../src/api/sampling.ts';
import { TraceState } from '../src/api/trace-state.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();

const HALF = '80000000000000';
const TRACE_ID = `5bd66ef5095369c7b0${HALF}`;
const ask = (context: Context = ROOT_CONTEXT, attributes: Attributes = {}): SamplingQuestion => {
  return [context, TRACE_ID, 'name', SpanKind.SERVER, attributes, []];
};
const under = (traceFlags: number, state?: string, traceId = TRACE_ID) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId: 'c532cb4098ac3dd2', traceFlags, isRemote: true },
    traceState: state === undefined ? undefined : new TraceState(state),
  });

const NONE = { threshold: -1n, thresholdReliable: false };
const named = (name: string, seen?: unknown[][]): ComposableSampler => ({
  getSamplingIntent: (...question) => {
    seen?.push(question);
    return { threshold: 7n, thresholdReliable: true, attributes: { by: name } };
  },
  toString: () => name,
});

test('descriptions are those of opentelemetry-js', () => {
  const isHealthCheck = () => true;
  const describeAll = (library: Omit<typeof upstream, 'default' | 'createCompositeSampler'>) => [
    library.createComposableAlwaysOnSampler(),
    library.createComposableAlwaysOffSampler(),
    ...[0, 2 ** -56, 0.25, 0.5, 1].map((ratio) => library.createComposableProbabilitySampler(ratio)),
    library.createComposableParentThresholdSampler(named('root')),
    library.createComposableAnnotatingSampler(named('root'), { a: 1 }),
    library.createComposableRuleBasedSampler([
      [isHealthCheck, named('a')],
      [
        (
          () => () =>
            true
        )(),
        named('b'),
      ],
    ]),
    library.createComposableRuleBasedSampler([]),
  ];
  expect(describeAll(otel).map(String)).toEqual(describeAll(upstream).map(String));
  expect(String(createCompositeSampler(named('delegate')))).toBe('delegate');
});

test('always on has the lowest threshold, always off has none', () => {
  const on = createComposableAlwaysOnSampler().getSamplingIntent(...ask());
  expect(on).toEqual({ threshold: 0n, thresholdReliable: true });
  expect(createComposableAlwaysOffSampler().getSamplingIntent(...ask())).toEqual(NONE);
});

describe('probability', () => {
  const intentOf = (ratio: unknown, precision?: unknown) =>
    createComposableProbabilitySampler(ratio as number, { precision: precision as number }).getSamplingIntent(
      ...ask(),
    );

  test('has a threshold of four digits, as the specification recommends, or of as many as wanted', () => {
    expect(intentOf(0.01)).toEqual({ threshold: 0xfd70a000000000n, thresholdReliable: true });
    expect(intentOf(0.01, 3)).toEqual({ threshold: 0xfd710000000000n, thresholdReliable: true });
    expect(intentOf(0.01, 14)).toEqual({ threshold: 0xfd70a3d70a3d71n, thresholdReliable: true });
    expect(lines).toEqual([]);
  });

  test('of 0, or too small for 56 bits, is that of always off', () => {
    for (const ratio of [0, -0, 1e-20]) expect(intentOf(ratio)).toEqual(NONE);
    expect(lines).toEqual([]);
  });

  test.each([
    [-0.1, NONE],
    [1.1, { threshold: 0n, thresholdReliable: true }],
    [Number.POSITIVE_INFINITY, { threshold: 0n, thresholdReliable: true }],
    [Number.NaN, NONE],
    ['0.5', NONE],
    [undefined, NONE],
    [Symbol('ratio'), NONE],
  ])('of %s counts as the nearer end, and is said', (ratio, intent) => {
    expect(intentOf(ratio)).toEqual(intent);
    expect(lines).toEqual([expect.stringMatching(/expected a ratio from 0 to 1, got .*; [01] is used/)]);
  });

  test.each([0, 15, 1.5, Number.NaN, '4', null])(
    'with precision %s has four digits, and says so',
    (precision) => {
      expect(intentOf(0.01, precision).threshold).toBe(0xfd70a000000000n);
      expect(lines).toEqual([expect.stringMatching(/expected a precision from 1 to 14/)]);
    },
  );

  test.each([
    ['a root', ROOT_CONTEXT, 0],
    ['an invalid parent', under(TraceFlags.SAMPLED, undefined, '0'.repeat(32)), 0],
    ['a parent with a random id', under(TraceFlags.SAMPLED | 2), 0],
    ['a parent with explicit randomness', under(TraceFlags.SAMPLED, `ot=rv:${HALF}`), 0],
    ['a parent whose id may not be random', under(TraceFlags.SAMPLED), 1],
    ['a parent with malformed randomness', under(TraceFlags.SAMPLED, 'ot=rv:8'), 1],
  ])(
    'decides about %s by its id, and warns once when that is only presumed random',
    (_, context, warnings) => {
      const sampler = createComposableProbabilitySampler(0.5);
      for (let time = 0; time < 2; time += 1) {
        expect(sampler.getSamplingIntent(...ask(context)).threshold).toBe(0x80000000000000n);
      }
      expect(lines).toHaveLength(warnings);
    },
  );
});

describe('parent threshold', () => {
  const sampler = createComposableParentThresholdSampler(named('root'));

  test.each([
    ['no parent', ROOT_CONTEXT],
    ['an invalid parent', under(TraceFlags.SAMPLED, 'ot=th:0', '0'.repeat(32))],
  ])('asks the root sampler everything about a span with %s', (_, context) => {
    const seen: unknown[][] = [];
    const question = ask(context, { a: 1 });
    const intent = createComposableParentThresholdSampler(named('root', seen)).getSamplingIntent(...question);
    expect(intent.attributes).toEqual({ by: 'root' });
    expect(seen).toEqual([question]);
  });

  const kept = (threshold: bigint) => ({ threshold, thresholdReliable: true });
  const followed = { threshold: 0n, thresholdReliable: false };
  test.each([
    ['sampled, below its randomness', 1, 'ot=th:7', kept(0x70000000000000n)],
    ['sampled, exactly its randomness', 1, 'ot=th:8', kept(0x80000000000000n)],
    ['sampled, of everything', 1, 'ot=th:0', kept(0n)],
    ['not sampled, above its randomness', 0, 'ot=th:80000000000001', kept(0x80000000000001n)],
    ['sampled by explicit randomness', 1, 'ot=th:c;rv:c0000000000000', kept(0xc0000000000000n)],
    ['sampled against its threshold', 1, 'ot=th:c', followed],
    ['sampled against explicit randomness', 1, 'ot=th:8;rv:70000000000000', followed],
    ['not sampled against its threshold', 0, 'ot=th:8', NONE],
    ['sampled, without a threshold', 1, undefined, followed],
    ['sampled, with a malformed threshold', 1, 'ot=th:x', followed],
    ['not sampled, without a threshold', 0, 'vendor=1', NONE],
  ])('of a parent %s', (_, flags, state, intent) => {
    for (const random of [0, 2]) {
      expect(sampler.getSamplingIntent(...ask(under(flags | random, state)))).toEqual(intent);
    }
  });
});

describe('annotating', () => {
  test('adds to the intent of its delegate, and beats its attributes', () => {
    const seen: unknown[][] = [];
    const updateTraceState = () => undefined;
    const delegate: ComposableSampler = {
      getSamplingIntent: (...question) => ({
        ...named('d', seen).getSamplingIntent(...question),
        updateTraceState,
      }),
    };
    const sampler = createComposableAnnotatingSampler(delegate, { by: 'rule', n: 1 });
    const question = ask();
    expect(sampler.getSamplingIntent(...question)).toEqual({
      ...{ threshold: 7n, thresholdReliable: true, updateTraceState },
      attributes: { by: 'rule', n: 1 },
    });
    expect(seen).toEqual([question]);
  });

  test('has its own attributes: later changes to what it was given, or to an answer, change nothing', () => {
    const attributes: Attributes = { a: 1 };
    const sampler = createComposableAnnotatingSampler(createComposableAlwaysOnSampler(), attributes);
    attributes.a = 2;
    const first = sampler.getSamplingIntent(...ask()).attributes as Attributes;
    expect(Reflect.set(first, 'a', 3)).toBe(false);
    expect(sampler.getSamplingIntent(...ask()).attributes).toEqual({ a: 1 });
  });
});

describe('rule based', () => {
  const route =
    (wanted: string) =>
    (...[, , , , attributes]: SamplingQuestion) =>
      attributes['http.route'] === wanted;
  const sampler = createComposableRuleBasedSampler([
    [route('/health'), createComposableAlwaysOffSampler()],
    [route('/checkout'), named('first')],
    [route('/checkout'), named('second')],
  ]);

  test('asks the sampler of the first rule that is true, and none if none is', () => {
    const intent = (path: string) => sampler.getSamplingIntent(...ask(ROOT_CONTEXT, { 'http.route': path }));
    expect(intent('/health')).toEqual(NONE);
    expect(intent('/checkout').attributes).toEqual({ by: 'first' });
    expect(intent('/elsewhere')).toEqual(NONE);
    expect(createComposableRuleBasedSampler([]).getSamplingIntent(...ask())).toEqual(NONE);
  });

  test('asks predicates and samplers everything it was asked, and no rule after the match', () => {
    const seen: unknown[][] = [];
    const question = ask(ROOT_CONTEXT, { a: 1 });
    const predicate = (...asked: unknown[]) => seen.push(asked) > 1;
    const rules = [
      [predicate, named('no')],
      [predicate, named('yes', seen)],
      [predicate, named('late')],
    ] as const;
    createComposableRuleBasedSampler(rules).getSamplingIntent(...question);
    expect(seen).toEqual([question, question, question]);
  });

  test('keeps the rules it was given', () => {
    const rules: Parameters<typeof createComposableRuleBasedSampler>[0][number][] = [
      [() => true, named('kept')],
    ];
    const own = createComposableRuleBasedSampler(rules);
    rules.length = 0;
    expect(own.getSamplingIntent(...ask()).attributes).toEqual({ by: 'kept' });
  });

  test('refuses a predicate that answers with a promise, which would be true of every span', () => {
    const predicate = (async () => Promise.reject(new Error('mine'))) as unknown as () => boolean;
    const own = createComposableRuleBasedSampler([[predicate, createComposableAlwaysOnSampler()]]);
    expect(() => own.getSamplingIntent(...ask())).toThrow(/predicate predicate, got a promise/);
  });
});

test.each([
  ['createCompositeSampler', createCompositeSampler],
  ['createComposableParentThresholdSampler', createComposableParentThresholdSampler],
  [
    'createComposableAnnotatingSampler',
    (given: ComposableSampler) => createComposableAnnotatingSampler(given, {}),
  ],
  [
    'createComposableRuleBasedSampler',
    (given: ComposableSampler) => createComposableRuleBasedSampler([[() => true, given]]),
  ],
])('%s without a composable sampler samples nothing, and says so', (name, create) => {
  for (const bad of [undefined, null, {}, () => true]) {
    const made = create(bad as unknown as ComposableSampler);
    const sampler = 'shouldSample' in made ? made : createCompositeSampler(made);
    expect(sampler.shouldSample(...ask()).decision).toBe(0);
  }
  expect(lines).toEqual([expect.stringContaining(`${name}: expected a composable sampler, got undefined`)]);
});
