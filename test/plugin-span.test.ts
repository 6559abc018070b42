/** Spans of plug-in mode: what processors written for opentelemetry-js do to them, and what the wire then says. */
import {
  type Span as ApiSpan,
  context as contextApi,
  createContextKey,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { SpanProcessor as UpstreamProcessor } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider, type TracerProviderOptions } from '../src/api/tracer-provider.ts';
import type { ReadableSpan, Span, SpanProcessor } from '../src/api/types.ts';
import { HOSTILE } from './helpers/api-hostile.ts';
import { balance, captureWarnings, plainAttributes, record, WireRecorder } from './helpers/api-recorder.ts';
import { anyAttributes } from './helpers/upstream-spans.ts';

const lines = captureWarnings();

afterEach(() => {
  contextApi.disable();
  trace.disable();
});

type Hooks = Partial<SpanProcessor>;

function processorOf(hooks: Hooks): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {}, ...hooks };
}

/** A provider with a foreign processor before ours; what ours exports is kept. */
function plugged(hooks: Hooks = {}, options: Omit<TracerProviderOptions, 'spanProcessors'> = {}) {
  const exporter = new WireRecorder();
  const provider = new TracerProvider({
    ...options,
    spanProcessors: [processorOf(hooks), new SimpleSpanProcessor(exporter)],
  });
  expect(provider.stats().mode).toBe('plug-in');
  return { exporter, provider, tracer: provider.getTracer('test', '1') };
}

describe('what a processor may do', () => {
  test('write to every field of the span in onEnd, and the wire has it', () => {
    const { exporter, tracer } = plugged({
      onEnd(span) {
        const writable = span as { -readonly [Field in keyof ReadableSpan]: ReadableSpan[Field] };
        writable.name = 'renamed';
        writable.kind = SpanKind.CLIENT;
        writable.status = { code: SpanStatusCode.ERROR, message: 'rewritten' };
        writable.attributes.added = 1;
        delete writable.attributes.secret;
        writable.events.splice(0, 1);
        writable.links = [];
        writable.endTime = [2_000_000_000, 5];
        writable.parentSpanContext = undefined;
      },
    });
    const parent = tracer.startSpan('parent');
    const span = tracer.startSpan(
      'work',
      { attributes: { secret: 'x', kept: true }, links: [{ context: parent.spanContext() }] },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    span.addEvent('first').addEvent('second').end();
    expect(exporter.readable[0]).toMatchObject({
      name: 'renamed',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.ERROR, message: 'rewritten' },
      attributes: { kept: true, added: 1 },
      events: [{ name: 'second' }],
      links: [],
      endTime: [2_000_000_000, 5],
    });
    expect(exporter.spans[0].parentSpanId).toBe('');
  });

  test('keep one identity from onStart to long after onEnd, with symbols and other members', async () => {
    const mark = Symbol('mark');
    const seen: unknown[] = [];
    const { tracer } = plugged({
      onStart(span) {
        seen.push(span);
        Object.defineProperty(span, mark, { value: 7 });
        (span as { extra?: number }).extra = 1;
      },
      onEnd: (span) => void seen.push(span, (span as never)[mark], (span as { extra?: number }).extra),
    });
    const span = tracer.startSpan('work');
    span.end();
    await new Promise(setImmediate);
    expect(seen).toEqual([span, span, 7, 1]);
    expect((seen[0] as ReadableSpan).attributes).toEqual({});
  });

  test('use the span through Proxies, with the Proxy as this', () => {
    const { exporter, tracer } = plugged();
    const span = tracer.startSpan('work') as unknown as Span;
    const traceloop = new Proxy(span, { get: (target, key) => target[key as keyof Span] });
    const braintrust = new Proxy(span, {
      get: (target, key, receiver) => Reflect.get(target, key, receiver),
    });
    traceloop.setAttribute('a', 1).addEvent('e');
    braintrust.setAttributes({ b: 2 }).setStatus({ code: SpanStatusCode.OK });
    expect({ ...braintrust.attributes }).toEqual({ a: 1, b: 2 });
    expect(braintrust.spanContext()).toBe(span.spanContext());
    expect([traceloop.ended, traceloop.isRecording(), braintrust.duration]).toEqual([false, true, [-1, -1]]);
    braintrust.end();
    expect([span.ended, traceloop.ended]).toEqual([true, true]);
    expect(exporter.readable[0]).toMatchObject({ attributes: { a: 1, b: 2 }, status: { code: 1 } });
  });

  test('write in onEnding, after the end time is set; every onEnding comes before any onEnd', () => {
    const order: string[] = [];
    const exporter = new WireRecorder();
    const watch = (name: string): SpanProcessor =>
      processorOf({
        onStart: () => void order.push(`${name} start`),
        onEnding(span) {
          order.push(`${name} ending ${span.endTime[0] > 0} ${span.isRecording()}`);
          span.setAttribute(name, true);
        },
        onEnd: (span) => void order.push(`${name} end ${span.ended}`),
      });
    const provider = new TracerProvider({
      spanProcessors: [watch('a'), watch('b'), new SimpleSpanProcessor(exporter)],
    });
    provider.getTracer('t').startSpan('work').end();
    expect(order).toEqual([
      ...['a start', 'b start', 'a ending true true', 'b ending true true', 'a end true', 'b end true'],
    ]);
    expect(exporter.readable[0].attributes).toEqual({ a: true, b: true });
  });

  test('end the span again, or its children, in its hooks', () => {
    const { exporter, tracer, provider } = plugged({
      onEnding: (span) => span.end(),
      onEnd: (span) => (span as unknown as ApiSpan).end(),
    });
    tracer.startSpan('work').end();
    expect(exporter.spans).toHaveLength(1);
    expect(balance(provider.stats())).toBe(0);
  });

  test('Object.assign to the attributes, and set fields that upstream once had', () => {
    const { exporter, tracer } = plugged({
      onStart(span) {
        (span as { parentSpanId?: string }).parentSpanId = undefined;
      },
      onEnd: (span) => void Object.assign(span.attributes, { 'operation.name': 'x', nothing: undefined }),
    });
    const span = tracer.startSpan('work', { attributes: { a: 1 } }) as unknown as { parentSpanId?: string };
    expect('parentSpanId' in span).toBe(true);
    (span as unknown as ApiSpan).end();
    expect(exporter.readable[0].attributes).toEqual({ a: 1, 'operation.name': 'x' });
  });

  test.each([
    ['freeze the attributes', (span: Span) => void Object.freeze(span.attributes)],
    ['take the attributes away', (span: Span) => void Reflect.set(span, 'attributes', undefined)],
    ['take the events and links away', (span: Span) => void Object.assign(span, { events: null, links: 5 })],
    ['seal the whole span', (span: Span) => void Object.freeze(span)],
  ])('%s: the program sees no exception', (_, onStart) => {
    const { tracer, provider } = plugged({ onStart });
    const span = tracer.startSpan('work', { attributes: { first: 1 } });
    const use = (): void => {
      span.setAttribute('a', 1).setAttributes({ b: 1 }).addEvent('e', { c: 1 });
      span.addLink({ context: span.spanContext() }).setStatus({ code: 1 }).updateName('n');
      span.recordException(new Error('x'));
      span.end();
    };
    expect(use).not.toThrow();
    expect(provider.stats().started).toBe(1);
    expect(lines.some((line) => /unwritable|could not be read/.test(line))).toBe(true);
  });
});

describe('the same calls as in arena mode', () => {
  /** Both modes record `work`, and what reached the wire is compared. */
  function bothModes(work: (span: ApiSpan) => void, options: TracerProviderOptions = {}) {
    const modes = [record(options), plugged({}, options)].map(({ exporter, tracer }) => {
      const span = tracer.startSpan('work', { startTime: [1000, 0] });
      work(span);
      span.end([1001, 0]);
      const { traceId: _t, spanId: _s, attributes, ...rest } = exporter.spans[0];
      // A plain object lists keys that are numbers first.
      return { ...rest, attributes: attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
    });
    return modes;
  }

  test('attributes of every kind', () => {
    fc.assert(
      fc.property(anyAttributes, anyAttributes, (first, second) => {
        const [arena, plugin] = bothModes((span) => {
          span.setAttributes(first as never);
          for (const [key, value] of Object.entries(second)) span.setAttribute(key, value as never);
          span.addEvent('e', second as never, [1000, 5]);
          span.addLink({ context: span.spanContext(), attributes: first as never });
        });
        expect({ ...plugin, links: [] }).toEqual({ ...arena, links: [] });
        expect(plugin.links[0].attributes).toEqual(arena.links[0].attributes);
      }),
      { numRuns: 100 },
    );
  });

  test.each(Object.entries(HOSTILE))('%s as a value', (_, make) => {
    const [arena, plugin] = bothModes((span) => {
      span.setAttribute('hostile', make() as never).setAttribute('after', 1);
      span.setAttributes(make() as never);
      span.addEvent('e', { value: make() as never }, [1000, 5]);
    });
    expect(plugin).toEqual(arena);
  });

  test('an empty key, a number as a key, a bigint, __proto__', () => {
    const [arena, plugin] = bothModes((span) => {
      span
        .setAttribute('', 1)
        .setAttribute(5 as never, 1)
        .setAttribute('big', 5n as never);
      span.setAttributes(JSON.parse('{"__proto__": "own", "constructor": 1}'));
    });
    expect(plugin).toEqual(arena);
    expect(plugin.attributes.map(({ key }) => key)).toEqual(['__proto__', 'big', 'constructor']);
  });

  test('limits of every kind, exact counts', () => {
    const spanLimits = {
      ...{ attributeCountLimit: 3, attributeValueLengthLimit: 4, eventCountLimit: 2, linkCountLimit: 2 },
      ...{ attributePerEventCountLimit: 1, attributePerLinkCountLimit: 1 },
    };
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const [arena, plugin] = bothModes(
      (span) => {
        for (const key of ['a', 'b', 'c', 'd', 'a', 'e']) span.setAttribute(key, `${key}😀😀😀😀😀`);
        for (let index = 0; index < 4; index += 1) {
          span.addEvent(`e${index}`, { x: 'long text', y: 2, z: 3 }, [1000, index]);
          span.addLink({ context, attributes: { x: 'long text', y: 2 } });
        }
        span.addLink({ context: { ...context, traceId: 'bad' } });
      },
      { spanLimits },
    );
    expect(plugin).toEqual(arena);
    expect(plugin).toMatchObject({ droppedAttributesCount: 2, droppedEventsCount: 2, droppedLinksCount: 3 });
    expect(plainAttributes(plugin.attributes).a).toBe('a😀😀😀');
    expect(lines.filter((line) => line.includes('lost 2 attributes, 2 events and 3 links'))).toHaveLength(1);
  });

  test('status, names, exceptions, times, ends before the start', () => {
    const [arena, plugin] = bothModes((span) => {
      span
        .setStatus({ code: 2, message: 'no' })
        .setStatus({ code: 0 })
        .setStatus({ code: 7 as never });
      span.setStatus({ code: 1, message: 'kept out' }).setStatus({ code: 2 }).updateName('new');
      span.recordException({ name: 'E', message: 'm', stack: 's' } as never, [1000, 1]);
      span.recordException({} as never);
      span.end([1, 0]);
      span.setAttribute('late', 1).addEvent('late').updateName('late').end();
    });
    expect(plugin).toEqual(arena);
    expect(plugin).toMatchObject({ name: 'new', status: { code: 1 } });
  });
});

describe('its place in the trace', () => {
  test('parents, kinds, trace state and the context that onStart gets', () => {
    const starts: unknown[][] = [];
    const { exporter, tracer } = plugged({
      onStart: (span, parentContext) => void starts.push([span.name, trace.getSpan(parentContext)]),
    });
    const key = createContextKey('k');
    const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER });
    const under = trace.setSpan(ROOT_CONTEXT.setValue(key, 'v'), parent);
    const child = tracer.startSpan('child', {}, under) as unknown as ReadableSpan;
    const root = tracer.startSpan('root', { root: true }, under) as unknown as ReadableSpan;
    expect(starts).toEqual([
      ['parent', undefined],
      ['child', parent],
      ['root', undefined],
    ]);
    expect(child.parentSpanContext).toBe(parent.spanContext());
    expect(root.parentSpanContext).toBeUndefined();
    expect(child.spanContext().traceId).toBe(parent.spanContext().traceId);
    for (const span of [child, root, parent]) (span as unknown as ApiSpan).end();
    expect(exporter.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['child', parent.spanContext().spanId],
      ['root', ''],
      ['parent', ''],
    ]);
  });

  test('a span that is only recorded reaches processors and no exporter', () => {
    const seen: string[] = [];
    const { exporter, provider, tracer } = plugged(
      { onEnd: (span) => void seen.push(span.name) },
      { sampler: { shouldSample: () => ({ decision: 1 }), toString: () => 'record' } },
    );
    tracer.startSpan('work').end();
    expect(seen).toEqual(['work']);
    expect(exporter.spans).toEqual([]);
    expect(provider.stats()).toMatchObject({ started: 1, dropped: { not_sampled: 1 } });
  });

  test('our spans fit where upstream wants its own, and its processors where we want ours', () => {
    const upstream: UpstreamProcessor = {
      onStart: (span, context) => void [span.name.length, context.getValue],
      onEnd: (span) => void span.resource.attributes,
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const { tracer } = plugged(upstream);
    expect(() => tracer.startSpan('work').end()).not.toThrow();
    expect(lines).toEqual([]);
  });
});
