import {
  type Span as ApiSpan,
  type Attributes,
  type Context,
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { W3CTraceContextPropagator } from '../src/api/propagation.ts';
import type { Sampler, SamplingResult } from '../src/api/sampler.ts';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  createAlwaysRecordSampler,
  createComposableAnnotatingSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '../src/api/sampler.ts';
import type { Span } from '../src/api/span.ts';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { balance, captureWarnings, plainAttributes, record } from './helpers/api-recorder.ts';
import { unhandledRejections } from './helpers/unhandled-rejections.ts';

const lines = captureWarnings();

const rejecting = () => Promise.reject(new Error('late'));

const remote = {
  ...{ traceId: '0123456789abcdef0123456789abcdef', spanId: 'fedcba9876543210', isRemote: true },
  ...{ traceFlags: TraceFlags.SAMPLED, traceState: createTraceState('vendor=1') },
};
const under = (span: ApiSpan): Context => trace.setSpan(ROOT_CONTEXT, span);
const underContext = (spanContext: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, spanContext);
const isValid = ({ traceId, spanId }: OtlpSpan): boolean =>
  isSpanContextValid({ traceId, spanId, traceFlags: 1 });
const sampler = (shouldSample: (...args: Parameters<Sampler['shouldSample']>) => unknown): Sampler => ({
  shouldSample: shouldSample as Sampler['shouldSample'],
});

describe('samplers', () => {
  test('see the context, the trace id, name, kind, attributes and links of the span to be', () => {
    const calls: unknown[][] = [];
    const { exporter, tracer } = record({
      sampler: sampler((...args) => {
        calls.push(args);
        return { decision: 2 };
      }),
    });
    const context = underContext(remote);
    const attributes: Attributes = { a: 1 };
    const links: Link[] = [{ context: remote }];
    tracer.startSpan('name', { kind: SpanKind.CLIENT, attributes, links }, context).end();
    tracer.startSpan('bare', {}, ROOT_CONTEXT).end();
    expect(calls[0]).toEqual([context, remote.traceId, 'name', SpanKind.CLIENT, attributes, links]);
    expect(calls[1]).toEqual([ROOT_CONTEXT, exporter.spans[1].traceId, 'bare', SpanKind.INTERNAL, {}, []]);
  });

  test('may add attributes and replace the trace state', () => {
    const answer = { decision: 2, attributes: { a: 'sampler' }, traceState: createTraceState('s=1') };
    const { exporter, tracer } = record({ sampler: sampler(() => answer) });
    const span = tracer.startSpan('s', { attributes: { a: 'user', b: 1 } }, underContext(remote));
    span.end();
    expect(span.spanContext().traceState?.serialize()).toBe('s=1');
    expect(exporter.spans[0].traceState).toBe('s=1');
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ a: 'sampler', b: 1 });
  });

  test('sees the attributes as the span will have them, and changes nothing by changing them', () => {
    let seen: unknown;
    const { exporter, tracer } = record({
      spanLimits: { attributeValueLengthLimit: 3, attributeCountLimit: 3 },
      sampler: sampler((_context, _traceId, _name, _kind, attributes) => {
        seen = { ...attributes };
        attributes.a = 'changed';
        return { decision: 2 };
      }),
    });
    const attributes = { a: 'long text', '': 1, nothing: undefined, list: ['text'], b: 1, c: 1 };
    tracer.startSpan('s', { attributes }).end();
    expect(seen).toEqual({ a: 'lon', list: ['tex'], b: 1 });
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ a: 'lon', list: ['tex'], b: 1 });
    expect(attributes.a).toBe('long text');
  });

  test('may replace the trace state of a span that does not record', () => {
    const answer = { decision: 0, traceState: createTraceState('s=1') };
    const { tracer } = record({ sampler: sampler(() => answer) });
    const span = tracer.startSpan('s', {}, underContext(remote));
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toMatchObject({ traceId: remote.traceId, traceFlags: 0 });
    expect(span.spanContext().traceState?.serialize()).toBe('s=1');
    expect(span.spanContext().spanId).not.toBe(remote.spanId);
  });

  test('one that throws costs the span, is said, and harms nobody', () => {
    const { provider, tracer } = record({
      sampler: sampler(() => {
        throw new Error('mine');
      }),
    });
    expect(tracer.startSpan('s').isRecording()).toBe(false);
    expect(provider.stats().started).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/sampler failed: Error: mine/)]);
  });

  test.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a number', () => 2],
    ['no decision', () => ({})],
    ['an unknown decision', () => ({ decision: 7 })],
    ['a promise', async () => ({ decision: 2 })],
    ['what throws when read', () => hostileProxy()],
  ])('one that answers %s costs the span, and does not throw', (_, answer) => {
    const { provider, tracer } = record({ sampler: sampler(answer) });
    const start = () => tracer.startSpan('s');
    expect(start).not.toThrow();
    expect(start().isRecording()).toBe(false);
    expect(balance(provider.stats())).toBe(0);
  });

  test('one that answers with a promise that fails leaves no unhandled rejection', async () => {
    const { tracer } = record({ sampler: sampler(rejecting) });
    const start = () => expect(tracer.startSpan('s').isRecording()).toBe(false);
    expect(await unhandledRejections(start)).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/expected an answer from the sampler, got a promise/)]);
  });

  test.each([
    ['attributes', 'attributes'],
    ['traceState', 'a trace state'],
  ])('%s that are a promise that fails are left out, and the decision counts', async (member, named) => {
    const { exporter, tracer } = record({ sampler: sampler(() => ({ decision: 2, [member]: rejecting() })) });
    const run = () => tracer.startSpan('s', { attributes: { own: 1 } }, underContext(remote)).end();
    expect(await unhandledRejections(run)).toEqual([]);
    expect(plainAttributes(exporter.spans[0].attributes)).toEqual({ own: 1 });
    expect(exporter.spans[0].traceState).toBe('vendor=1');
    expect(lines).toEqual([expect.stringContaining(`the sampler: expected ${named}, got a promise`)]);
  });

  test.each(['threshold', 'updateTraceState'])(
    'a composable one whose %s is a promise that fails costs the span alone',
    async (member) => {
      const intent = { threshold: 0n, thresholdReliable: true };
      const wrong = { ...intent, [member]: member === 'threshold' ? rejecting() : rejecting };
      const { tracer } = record({
        sampler: createCompositeSampler({ getSamplingIntent: () => wrong as never }),
      });
      const start = () => expect(tracer.startSpan('s').isRecording()).toBe(false);
      expect(await unhandledRejections(start)).toEqual([]);
      expect(lines).toEqual([expect.stringContaining('got a promise')]);
    },
  );

  test('one that changes what it was given changes neither the span, nor other spans, nor the caller’s objects', () => {
    const seen: unknown[] = [];
    const { exporter, tracer } = record({
      sampler: sampler((_context, _traceId, _name, _kind, attributes, links) => {
        seen.push({ ...attributes }, [...links]);
        attributes.added = 1;
        delete attributes.mine;
        links.push({ context: remote });
        return { decision: 2 };
      }),
    });
    const attributes: Attributes = { mine: 1 };
    const links: Link[] = [];
    for (const options of [{}, {}, { attributes, links }, { attributes: Object.freeze({ mine: 1 }) }]) {
      tracer.startSpan('s', options, ROOT_CONTEXT).end();
    }
    expect(seen).toEqual([{}, [], {}, [], { mine: 1 }, [], { mine: 1 }, []]);
    expect([attributes, links]).toEqual([{ mine: 1 }, []]);
    expect(exporter.spans.map((span) => [plainAttributes(span.attributes), span.links])).toEqual([
      ...[
        [{}, []],
        [{}, []],
        [{ mine: 1 }, []],
        [{ mine: 1 }, []],
      ],
    ]);
    expect(lines).toEqual([]);
  });

  test.each([null, 'a=1', 7, {}])(
    'one that answers with the trace state %j leaves that of the parent',
    (state) => {
      const { tracer } = record({ sampler: sampler(() => ({ decision: 2, traceState: state })) });
      expect(tracer.startSpan('s', {}, underContext(remote)).spanContext().traceState).toBe(
        remote.traceState,
      );
    },
  );

  test('one that starts spans itself does not mix up their ids', () => {
    let inner: ApiSpan | undefined;
    const { exporter, tracer } = record({
      sampler: sampler((_context, _traceId, name) => {
        if (name === 'outer') inner = tracer.startSpan('inner', {}, ROOT_CONTEXT);
        return { decision: 2 };
      }),
    });
    const outer = tracer.startSpan('outer', {}, underContext(remote));
    outer.end();
    inner?.end();
    expect(exporter.spans.map(({ traceId }) => traceId === remote.traceId)).toEqual([true, false]);
    expect(exporter.spans.map(({ parentSpanId }) => parentSpanId)).toEqual([remote.spanId, '']);
    expect(exporter.spans[0].spanId).not.toBe(exporter.spans[1].spanId);
  });

  test('RECORD records, exports nothing, is counted as not sampled, and is no sampled parent', () => {
    const { exporter, provider, tracer } = record({
      sampler: createAlwaysRecordSampler(new AlwaysOffSampler()),
    });
    const span = tracer.startSpan('s', { attributes: { a: 1 } }, ROOT_CONTEXT) as Span;
    expect(span.isRecording()).toBe(true);
    expect(span.attributes).toEqual({ a: 1 });
    expect(span.spanContext().traceFlags & TraceFlags.SAMPLED).toBe(0);
    span.end();
    expect(exporter.spans).toEqual([]);
    expect(provider.stats()).toMatchObject({ started: 1, live: 0, waiting: 0, dropped: { not_sampled: 1 } });
    const child = record().tracer.startSpan('child', {}, under(span));
    expect(child.isRecording()).toBe(false);
  });

  test('a ratio keeps its share of traces, whole, and the same ones as another process', () => {
    const ratio = () => new TraceIdRatioBasedSampler(0.25);
    const here = record({ sampler: new ParentBasedSampler({ root: ratio() }) });
    let kept = 0;
    for (let index = 0; index < 4000; index += 1) {
      const root = here.tracer.startSpan('root', {}, ROOT_CONTEXT);
      const child = here.tracer.startSpan('child', {}, under(root));
      expect(child.isRecording()).toBe(root.isRecording());
      const { traceId } = root.spanContext();
      expect(ratio().shouldSample(ROOT_CONTEXT, traceId).decision === 2).toBe(root.isRecording());
      if (root.isRecording()) kept += 1;
    }
    // 1000 expected; six standard deviations are 164.
    expect(Math.abs(kept - 1000)).toBeLessThan(164);
  });

  test.each([
    ['always on ignores an unsampled parent', new AlwaysOnSampler(), true],
    ['parent-based follows it', new ParentBasedSampler({ root: new AlwaysOnSampler() }), false],
    ['always off ignores a sampled parent', new AlwaysOffSampler(), false],
  ])('%s', (_, chosen, recording) => {
    const { tracer } = record({ sampler: chosen });
    const sampled = chosen instanceof AlwaysOffSampler ? 1 : 0;
    const span = tracer.startSpan('s', {}, underContext({ ...remote, traceFlags: sampled }));
    expect(span.isRecording()).toBe(recording);
    expect(span.spanContext()).toMatchObject({ traceId: remote.traceId, traceFlags: recording ? 1 : 0 });
  });

  test('a sampler of ours whose method was replaced is asked', () => {
    const patched = new AlwaysOnSampler();
    patched.shouldSample = () => ({ decision: 0 }) as SamplingResult;
    expect(record({ sampler: patched }).tracer.startSpan('s').isRecording()).toBe(false);
    const inner = new ParentBasedSampler({ root: patched });
    expect(record({ sampler: inner }).tracer.startSpan('s', {}, ROOT_CONTEXT).isRecording()).toBe(false);
  });
});

test('each slot of a parent-based sampler decides, with attributes and a trace state of its own', () => {
  const slot = (name: string): Sampler =>
    sampler(() => ({
      decision: 2,
      attributes: { slot: name },
      traceState: createTraceState(`slot=${name}`),
    }));
  const slots = new ParentBasedSampler({
    ...{ root: slot('root'), localParentSampled: slot('ls'), localParentNotSampled: slot('ln') },
    ...{ remoteParentSampled: slot('rs'), remoteParentNotSampled: slot('rn') },
  });
  const { exporter, tracer } = record({ sampler: slots });
  const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
  const dropped = record({ sampler: new AlwaysOffSampler() }).tracer.startSpan('dropped', {}, ROOT_CONTEXT);
  const parents = [
    under(root),
    under(dropped),
    underContext(remote),
    underContext({ ...remote, traceFlags: 0 }),
  ];
  for (const parent of parents) tracer.startSpan('child', {}, parent).end();
  root.end();
  for (const [index, name] of ['ls', 'ln', 'rs', 'rn', 'root'].entries()) {
    expect(exporter.spans[index].traceState).toBe(`slot=${name}`);
    expect(plainAttributes(exporter.spans[index].attributes)).toEqual({ slot: name });
  }
});

describe('composite samplers', () => {
  const follow = (ratio: number) =>
    createCompositeSampler(createComposableParentThresholdSampler(createComposableProbabilitySampler(ratio)));

  test('put the threshold on sampled spans, and hand it on through headers to a service that agrees', () => {
    const [front, back] = [record({ sampler: follow(0.5) }), record({ sampler: follow(1) })];
    const propagator = new W3CTraceContextPropagator();
    let sampled = 0;
    for (let index = 0; index < 200; index += 1) {
      const root = front.tracer.startSpan('root', {}, ROOT_CONTEXT);
      const child = front.tracer.startSpan('child', {}, under(root));
      const headers: Record<string, string> = {};
      propagator.inject(under(child), headers, defaultTextMapSetter);
      const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      const served = back.tracer.startSpan('served', {}, context);
      const isKept = Number.parseInt(root.spanContext().traceId[18], 16) >= 8;
      for (const span of [root, child, served]) {
        expect(span.isRecording()).toBe(isKept);
        expect(span.spanContext().traceState?.serialize() ?? '').toBe(isKept ? 'ot=th:8' : '');
        span.end();
      }
      if (isKept) sampled += 1;
    }
    for (const { exporter, spans } of [
      { ...front, spans: 2 },
      { ...back, spans: 1 },
    ]) {
      expect(exporter.spans.map(({ traceState }) => traceState)).toEqual(
        Array(spans * sampled).fill('ot=th:8'),
      );
    }
    expect(sampled).toBeGreaterThan(50);
    expect(lines).toEqual([]);
  });

  test('decide by explicit randomness, and hand it on, sampled or not', () => {
    const { tracer } = record({ sampler: createCompositeSampler(createComposableProbabilitySampler(0.25)) });
    for (const [randomness, state] of [
      ['c0000000000000', 'ot=th:c;rv:c0000000000000,vendor=1'],
      ['bfffffffffffff', 'vendor=1,ot=rv:bfffffffffffff'],
    ]) {
      const traceState = createTraceState(`vendor=1,ot=rv:${randomness}`);
      const span = tracer.startSpan('s', {}, underContext({ ...remote, traceState }));
      expect(span.isRecording()).toBe(randomness.startsWith('c'));
      expect(span.spanContext().traceState?.serialize()).toBe(state);
    }
  });

  test('see what the span starts with, and annotate what is sampled', () => {
    const rules = createComposableRuleBasedSampler([
      [
        (_context, _traceId, name, kind, { user }) =>
          name === 'pay' && kind === SpanKind.SERVER && user === 'a',
        createComposableAnnotatingSampler(createComposableProbabilitySampler(1), { rule: 'pay', user: 'b' }),
      ],
    ]);
    const { exporter, tracer } = record({ sampler: createCompositeSampler(rules) });
    tracer.startSpan('pay', { kind: SpanKind.SERVER, attributes: { user: 'a' } }, ROOT_CONTEXT).end();
    tracer.startSpan('pay', { kind: SpanKind.SERVER, attributes: { user: 'c' } }, ROOT_CONTEXT).end();
    expect(exporter.spans.map(({ attributes }) => plainAttributes(attributes))).toEqual([
      { rule: 'pay', user: 'b' },
    ]);
  });

  test('one that fails costs the span, is said, and harms nobody', () => {
    const { provider, tracer } = record({
      sampler: createCompositeSampler({
        getSamplingIntent: () => {
          throw new Error('mine');
        },
      }),
    });
    expect(tracer.startSpan('s').isRecording()).toBe(false);
    expect(provider.stats().started).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/composable sampler failed: Error: mine/)]);
  });
});

describe('id generators', () => {
  const ids = { generateTraceId: () => 'a'.repeat(32), generateSpanId: () => 'b'.repeat(16) };

  test('give the ids of roots, and only the span id of children', () => {
    const { exporter, tracer } = record({ idGenerator: ids });
    tracer.startSpan('root', {}, ROOT_CONTEXT).end();
    tracer.startSpan('child', {}, underContext(remote)).end();
    const [root, child] = exporter.spans;
    expect([root.traceId, root.spanId]).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
    expect([child.traceId, child.spanId]).toEqual([remote.traceId, 'b'.repeat(16)]);
  });

  test('make ids for spans that do not record too', () => {
    const { tracer } = record({ idGenerator: ids, sampler: new AlwaysOffSampler() });
    const context = tracer.startSpan('s', {}, ROOT_CONTEXT).spanContext();
    expect([context.traceId, context.spanId]).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
  });

  test('are asked once a span, also for one whose parent was not sampled', () => {
    let asked = 0;
    const generateSpanId = () => (++asked).toString(16).padStart(16, '0');
    const { tracer } = record({ idGenerator: { ...ids, generateSpanId } });
    const unsampled = underContext({ ...remote, traceFlags: TraceFlags.NONE });
    expect(tracer.startSpan('s', {}, unsampled).spanContext().spanId).toBe('0000000000000001');
  });

  test.each([
    ['a sampler that is asked', sampler(() => ({ decision: 2 })), ['trace', 'sample', 'span']],
    ['a sampler that is not', new AlwaysOnSampler(), ['trace', 'span']],
  ])('make the trace id first and the span id last, with %s', (_, chosen, expected) => {
    const order: string[] = [];
    const log = <Answer>(what: string, answer: Answer): Answer => {
      order.push(what);
      return answer;
    };
    if (!(chosen instanceof AlwaysOnSampler)) {
      chosen.shouldSample = () => log('sample', { decision: 2 }) as SamplingResult;
    }
    const idGenerator = {
      generateTraceId: () => log('trace', 'a'.repeat(32)),
      generateSpanId: () => log('span', 'b'.repeat(16)),
    };
    const { tracer } = record({ idGenerator, sampler: chosen });
    tracer.startSpan('root', {}, ROOT_CONTEXT);
    expect(order.splice(0)).toEqual(expected);
    tracer.startSpan('child', {}, underContext(remote));
    expect(order).toEqual(expected.slice(1));
  });

  const refuse = (): never => {
    throw new Error('no ids');
  };
  test.each([
    ['throws', refuse, ids.generateTraceId],
    ['throws for traces', ids.generateSpanId, refuse],
    ['gives a short span id', () => 'abc', ids.generateTraceId],
    ['gives a long trace id', ids.generateSpanId, () => 'a'.repeat(33)],
    ['gives capitals', () => 'B'.repeat(16), ids.generateTraceId],
    ['gives a zero span id', () => '0'.repeat(16), ids.generateTraceId],
    ['gives a zero trace id', ids.generateSpanId, () => '0'.repeat(32)],
    ['gives no text', () => 5 as never, ids.generateTraceId],
    ['gives nothing', () => undefined as never, () => null as never],
  ])(
    'one that %s gets random ids instead of those, and one warning',
    (_, generateSpanId, generateTraceId) => {
      const { exporter, tracer } = record({ idGenerator: { generateSpanId, generateTraceId } });
      tracer.startSpan('a', {}, ROOT_CONTEXT).end();
      tracer.startSpan('b', {}, ROOT_CONTEXT).end();
      const [a, b] = exporter.spans;
      expect([a, b].map(isValid)).toEqual([true, true]);
      const isGood = [generateTraceId === ids.generateTraceId, generateSpanId === ids.generateSpanId];
      expect([a.traceId === b.traceId, a.spanId === b.spanId]).toEqual(isGood);
      expect(lines).toEqual([expect.stringContaining('id generator')]);
    },
  );

  test.each([
    ['generateTraceId', { ...ids, generateTraceId: rejecting }],
    ['generateSpanId', { ...ids, generateSpanId: rejecting }],
    ['hasRandomTraceIds', { ...ids, hasRandomTraceIds: null }],
  ])('a promise from %s that fails is refused and costs nothing else', async (member, given) => {
    const { exporter, tracer } = record({
      idGenerator: (member === 'hasRandomTraceIds'
        ? { ...given, hasRandomTraceIds: rejecting() }
        : given) as never,
    });
    const run = () => tracer.startSpan('s', {}, ROOT_CONTEXT).end();
    expect(await unhandledRejections(run)).toEqual([]);
    expect(isValid(exporter.spans[0])).toBe(true);
    expect(lines).toEqual([
      expect.stringMatching(/expected an answer from the id generator, got a promise\. Random ids are used/),
    ]);
  });

  test('one that starts spans itself does not mix up the parent', () => {
    const other = record();
    const { exporter, tracer } = record({
      idGenerator: {
        ...ids,
        generateSpanId: () => {
          other.tracer.startSpan('inner', {}, ROOT_CONTEXT).end();
          return 'b'.repeat(16);
        },
      },
    });
    tracer.startSpan('s', {}, underContext(remote)).end();
    expect(exporter.spans[0]).toMatchObject({
      traceId: remote.traceId,
      parentSpanId: remote.spanId,
      flags: 0x301,
    });
  });
});
