/** `otel.sdk.span.*`: as opentelemetry-js counts them, in both modes, and nothing without a MeterProvider. */
import {
  type Span as ApiSpan,
  type TracerProvider as ApiTracerProvider,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import * as upstream from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import * as samplers from '../src/api/sampler.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { flush, init, shutdown, stats } from '../src/init.ts';
import { captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { type Collected, measure } from './helpers/metric-points.ts';
import { processorOf } from './helpers/object-spans.ts';

captureWarnings();
afterEach(() => metrics.disable());

/** Decides by name: 0, 1 or 2. */
const byName = {
  shouldSample: (_context: unknown, _traceId: string, name: string) => ({
    decision: Number(name) as 0 | 1 | 2,
  }),
  toString: () => 'byName',
};

/** A sampler of ours and its counterpart. */
const SAMPLERS: Readonly<Record<string, () => [samplers.Sampler, upstream.Sampler]>> = {
  on: () => [new samplers.AlwaysOnSampler(), new upstream.AlwaysOnSampler()],
  off: () => [new samplers.AlwaysOffSampler(), new upstream.AlwaysOffSampler()],
  parent: () => [
    new samplers.ParentBasedSampler({ root: new samplers.AlwaysOnSampler() }),
    new upstream.ParentBasedSampler({ root: new upstream.AlwaysOnSampler() }),
  ],
  'parent of off': () => [
    new samplers.ParentBasedSampler({ root: new samplers.AlwaysOffSampler() }),
    new upstream.ParentBasedSampler({ root: new upstream.AlwaysOffSampler() }),
  ],
  custom: () => [byName, byName],
};

const PARENTS = {
  none: undefined,
  remote: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, isRemote: true },
  'remote, not sampled': { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 0, isRemote: true },
  'of another SDK': { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 },
};
/** Its span is a root. opentelemetry-js says so too, and counts it under the origin of the parent it has not. */
const INVALID = { traceId: '0'.repeat(32), spanId: 'cd'.repeat(8), traceFlags: 1, isRemote: true };

const step = fc.oneof(
  fc.record({
    do: fc.constant('start' as const),
    name: fc.constantFrom('0', '1', '2'),
    parent: fc.oneof(fc.constantFrom(...(Object.keys(PARENTS) as (keyof typeof PARENTS)[])), fc.nat(9)),
    root: fc.boolean(),
    suppressed: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
  }),
  fc.record({ do: fc.constant('end' as const), span: fc.nat(9) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function run(provider: ApiTracerProvider, steps: readonly Step[]): void {
  const tracer = provider.getTracer('test');
  const spans: ApiSpan[] = [];
  for (const one of steps) {
    if (one.do === 'end') {
      spans[one.span]?.end();
      continue;
    }
    const { parent } = one;
    const span = typeof parent === 'number' ? spans[parent] : undefined;
    const remote = typeof parent === 'string' ? PARENTS[parent] : undefined;
    let context = ROOT_CONTEXT;
    if (span !== undefined) context = trace.setSpan(context, span);
    if (remote !== undefined) context = trace.setSpanContext(context, remote);
    if (one.suppressed) context = suppressTracing(context);
    const started = tracer.startSpan(one.name, { root: one.root }, context);
    // What is suppressed has an invalid context, and is no parent.
    if (!one.suppressed) spans.push(started);
  }
}

/** What must be equal: kind, unit, points. */
function comparable(collected: Collected): unknown {
  return collected.metrics
    .filter(({ descriptor }) => descriptor.name.startsWith('otel.sdk.span.'))
    .map(({ descriptor, dataPointType }) => ({
      name: descriptor.name,
      unit: descriptor.unit,
      dataPointType,
      points: collected.points(descriptor.name).map(([attributes, value]) => ({ ...attributes, value })),
    }))
    .map(({ points, ...rest }) => ({ ...rest, points: points.map((point) => JSON.stringify(point)).sort() }));
}

describe.each(['arena', 'plug-in'] as const)('in %s mode', (mode) => {
  const spanProcessors = () => (mode === 'arena' ? [] : [processorOf({})]);

  test.each(Object.keys(SAMPLERS))(
    'spans are counted as opentelemetry-js counts them, sampler: %s',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          const [ours, theirs] = SAMPLERS[name]();
          const mine = measure();
          const other = measure();
          run(
            new TracerProvider({
              sampler: ours,
              meterProvider: mine.meterProvider,
              spanProcessors: spanProcessors(),
            }),
            steps,
          );
          run(
            new upstream.BasicTracerProvider({
              sampler: theirs,
              meterProvider: other.meterProvider,
              spanProcessors: [],
            }),
            steps,
          );
          expect(comparable(await mine.collect())).toEqual(comparable(await other.collect()));
        }),
        { numRuns: 40 },
      );
    },
  );

  test('live and started are those of stats() where all is sampled', async () => {
    const { meterProvider, collect } = measure();
    const provider = new TracerProvider({ meterProvider, spanProcessors: spanProcessors() });
    const tracer = provider.getTracer('test');
    const spans = Array.from({ length: 7 }, () => tracer.startSpan('s', {}, ROOT_CONTEXT));
    for (const span of spans.slice(0, 3)) {
      span.end();
      span.end();
    }
    const collected = await collect();
    expect(collected.points('otel.sdk.span.started')).toEqual([
      [{ 'otel.span.parent.origin': 'none', 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' }, 7],
    ]);
    expect(collected.points('otel.sdk.span.live')).toEqual([
      [{ 'otel.span.sampling_result': 'RECORD_AND_SAMPLE' }, 4],
    ]);
    expect(provider.stats()).toMatchObject({ mode, started: 7, live: 4 });
  });

  test.each([
    ['on', 'RECORD_AND_SAMPLE'],
    ['off', 'DROP'],
  ])('under an invalid parent a span has none, sampler: %s', async (name, result) => {
    const { meterProvider, collect } = measure();
    const [sampler] = SAMPLERS[name]();
    const provider = new TracerProvider({ sampler, meterProvider, spanProcessors: spanProcessors() });
    provider.getTracer('test').startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, INVALID));
    expect((await collect()).points('otel.sdk.span.started')).toEqual([
      [{ 'otel.span.parent.origin': 'none', 'otel.span.sampling_result': result }, 1],
    ]);
  });

  test('without a MeterProvider no meter is asked for, the global one included', () => {
    const getMeter = vi.fn();
    metrics.setGlobalMeterProvider({ getMeter });
    const provider = new TracerProvider({
      spanProcessors: [...spanProcessors(), new BatchSpanProcessor(new WireRecorder())],
    });
    provider.getTracer('test').startSpan('s').end();
    expect(provider.settings.metrics).toBeNull();
    expect(getMeter).not.toHaveBeenCalled();
  });

  test('a provider that is disabled measures nothing', () => {
    const getMeter = vi.fn();
    const meterProvider = { getMeter };
    const provider = new TracerProvider({ disabled: true, meterProvider, spanProcessors: spanProcessors() });
    provider.getTracer('test').startSpan('s').end();
    expect(getMeter).not.toHaveBeenCalled();
  });

  test('the same attribute objects serve every span, and nobody can change them', () => {
    const seen = new Set<unknown>();
    const instrument = { add: (_: number, attributes: unknown) => seen.add(attributes) };
    const meterProvider = instrumentsOf(instrument);
    const provider = new TracerProvider({ meterProvider, spanProcessors: spanProcessors() });
    const tracer = provider.getTracer('test');
    for (let index = 0; index < 100; index += 1) tracer.startSpan('s', {}, ROOT_CONTEXT).end();
    // One for `started`, one for `live` and its end.
    expect(seen.size).toBe(2);
    expect([...seen].every((attributes) => Object.isFrozen(attributes))).toBe(true);
  });
});

test('init hands its MeterProvider on', async () => {
  const { meterProvider, collect } = measure();
  init({ meterProvider, exporters: [], registerGlobal: false, disabled: false });
  expect(stats().engine).not.toBe('none');
  const { span } = await import('../src/ai/trace.ts');
  span('s', () => {});
  await flush();
  expect((await collect()).sum('otel.sdk.span.started')).toBe(1);
  await shutdown();
});

/** A meter whose every instrument is `instrument`. */
function instrumentsOf(instrument: object): MeterProvider {
  const create = () => instrument;
  const meter = {
    createCounter: create,
    createUpDownCounter: create,
    createHistogram: create,
    createObservableCounter: create,
    createObservableUpDownCounter: create,
    addBatchObservableCallback() {},
    removeBatchObservableCallback() {},
  };
  return { getMeter: () => meter } as unknown as MeterProvider;
}
