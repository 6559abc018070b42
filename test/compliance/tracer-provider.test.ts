/** Trace API and SDK specification, "TracerProvider", in both span modes. */
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { InMemorySpanExporter } from '../../src/export/in-memory-span-exporter.ts';
import { MODES, processorOf, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings, plainAttributes, WireRecorder } from '../helpers/api-recorder.ts';

const lines = captureWarnings();

describe.each(MODES)('in %s mode', (mode) => {
  test('any number of providers may exist, each with a configuration of its own', () => {
    const one = recordIn(mode, { spanLimits: { attributeCountLimit: 1 } });
    const two = recordIn(mode, { spanLimits: { attributeCountLimit: 2 } });
    for (const { tracer } of [one, two]) tracer.startSpan('s', { attributes: { a: 1, b: 1, c: 1 } }).end();
    expect([one, two].map(({ exporter }) => exporter.spans[0].attributes.length)).toEqual([1, 2]);
  });

  test('a tracer has the name, version, schema URL and attributes it was asked for, on the wire too', () => {
    const { exporter, provider } = recordIn(mode);
    const attributes = { 'scope.key': ['x', 'y'] };
    const schemaUrl = 'https://example.com/schema';
    const tracer = provider.getTracer('library', '1.2.3', { schemaUrl, attributes });
    tracer.startSpan('s').end();
    const [{ scope, schemaUrl: sent }] = exporter.requests[0].resourceSpans[0].scopeSpans;
    expect(tracer.scope).toEqual({ name: 'library', version: '1.2.3', schemaUrl, attributes });
    expect([scope.name, scope.version, sent]).toEqual(['library', '1.2.3', schemaUrl]);
    expect(plainAttributes(scope.attributes)).toEqual(attributes);
  });

  test.each([undefined, null, ''])('a tracer named %j works, has an empty name, and is said', (name) => {
    const { exporter, provider } = recordIn(mode);
    expect(lines).toEqual([]);
    const tracer = provider.getTracer(name as never);
    tracer.startSpan('s').end();
    expect(tracer.scope.name).toBe('');
    expect(exporter.spans).toHaveLength(1);
    expect(lines).toEqual([expect.stringMatching(/getTracer: expected the name of the library/)]);
  });

  test('tracers, spans and providers may be used while each is used: what runs in between changes nothing', () => {
    const { exporter, provider, tracer } = recordIn(mode);
    const inner = recordIn(mode);
    const outer = tracer.startSpan('outer', {}, ROOT_CONTEXT);
    outer.setAttribute('value', {
      toJSON() {
        void provider.forceFlush();
        provider.getTracer('within').startSpan('within', {}, ROOT_CONTEXT).setAttribute('a', 1).end();
        inner.tracer.startSpan('of another provider', {}, ROOT_CONTEXT).end();
        return 'read';
      },
    } as never);
    outer.addEvent('after').end();
    const seen = exporter.spans.map((span) => [
      ...[span.name, span.parentSpanId, plainAttributes(span.attributes), span.events.length],
    ]);
    expect(seen).toEqual([
      ['within', '', { a: 1 }, 0],
      ['outer', '', { value: 'read' }, 1],
    ]);
    expect(inner.exporter.spans).toHaveLength(1);
  });

  test('shutdown is once: later calls get the same answer, and tracers of before and after make no records', async () => {
    const { exporter, provider, tracer } = recordIn(mode);
    tracer.startSpan('before').end();
    const first = provider.shutdown();
    expect(provider.shutdown()).toBe(first);
    await first;
    const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
    for (const late of [tracer, provider.getTracer('late')]) {
      const span = late.startSpan('late', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
      expect(span.isRecording()).toBe(false);
      // As without an SDK: the context of the parent is handed on.
      expect(span.spanContext()).toEqual(parent);
      span.end();
    }
    await provider.forceFlush();
    expect(exporter.spans.map(({ name }) => name)).toEqual(['before']);
    expect(exporter.closed).toBe(1);
  });
});

test('flush says whether spans left, were lost, or still wait', async () => {
  const exporter = new WireRecorder();
  exporter.answer = () => Promise.resolve({ kind: 'failed', reason: 'no' });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('t');
  tracer.startSpan('refused').end();
  expect(await provider.flush(1_000)).toMatchObject({ exported: 0, dropped: 1, waiting: 0 });
  exporter.answer = () => new Promise(() => {});
  tracer.startSpan('held').end();
  expect(await provider.flush(10)).toMatchObject({ exported: 0, dropped: 0, waiting: 1 });
});

test('forceFlush and shutdown reach every processor, in plug-in mode those of any make', async () => {
  const calls: string[] = [];
  const watch = (name: string) =>
    processorOf({
      forceFlush: async () => void calls.push(`${name} flush`),
      shutdown: async () => void calls.push(`${name} shutdown`),
    });
  const provider = new TracerProvider({
    spanProcessors: [watch('a'), new SimpleSpanProcessor(new InMemorySpanExporter()), watch('b')],
  });
  await provider.forceFlush();
  expect(calls).toEqual(['a flush', 'b flush']);
  await provider.shutdown();
  expect(calls).toEqual(['a flush', 'b flush', 'a shutdown', 'b shutdown']);
});
