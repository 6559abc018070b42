/** Trace SDK specification, "Span processor" and "Span exporter": rules that are easy to miss, in both span modes. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import type { Sampler } from '../../src/api/sampler.ts';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import type { ReadableSpan, Span, SpanExporter } from '../../src/api/types.ts';
import { MODES, processorOf, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings, WireRecorder } from '../helpers/api-recorder.ts';
import { HeldExporter } from '../helpers/object-spans.ts';

captureWarnings();

const NEVER = { scheduledDelayMillis: 3_600_000 };
const RECORD_ONLY: Sampler = { shouldSample: () => ({ decision: 1 }), toString: () => 'record' };

/** A provider whose spans wait in a batch processor until someone asks for them. */
function waiting(exporter: WireRecorder | SpanExporter, plugIn: boolean) {
  const processor = new BatchSpanProcessor(exporter, NEVER);
  const spanProcessors = plugIn ? [processorOf(), processor] : [processor];
  return new TracerProvider({ spanProcessors });
}

describe.each(MODES)('in %s mode', (mode) => {
  test('shutdown exports what waits before it closes the exporter', async () => {
    const exporter = new WireRecorder();
    const provider = waiting(exporter, mode === 'plug-in');
    provider.getTracer('t').startSpan('s').end();
    expect(exporter.spans).toEqual([]);
    await provider.shutdown();
    expect([exporter.spans.length, exporter.closed]).toEqual([1, 1]);
  });

  test('a span that only records reaches no exporter, and a sampled one always records', () => {
    const recorded = recordIn(mode, { sampler: RECORD_ONLY });
    const span = recorded.tracer.startSpan('s');
    expect([span.isRecording(), span.spanContext().traceFlags & 1]).toEqual([true, 0]);
    span.end();
    expect(recorded.exporter.spans).toEqual([]);
    const sampled = recordIn(mode).tracer.startSpan('s');
    expect([sampled.isRecording(), sampled.spanContext().traceFlags & 1]).toEqual([true, 1]);
  });

  test('of two processors each ends in an exporter of its own, and one that fails costs the other nothing', async () => {
    const [bad, good] = [new WireRecorder(), new WireRecorder()];
    bad.answer = () => {
      throw new Error('down');
    };
    const ours = [new SimpleSpanProcessor(bad), new SimpleSpanProcessor(good)];
    const provider = new TracerProvider({
      spanProcessors: mode === 'arena' ? ours : [processorOf(), ...ours],
    });
    for (let index = 0; index < 3; index += 1) provider.getTracer('t').startSpan(`s${index}`).end();
    await provider.forceFlush({ timeoutMillis: 100 });
    expect(good.spans.map(({ name }) => name)).toEqual(['s0', 's1', 's2']);
  });
});

test('an exporter of another make gets what waits at shutdown, is flushed and shut down once, and gets no more', async () => {
  const exporter = new HeldExporter();
  exporter.automatic = { code: 0 };
  const provider = waiting(exporter, false);
  const tracer = provider.getTracer('t');
  tracer.startSpan('s').end();
  expect(exporter.sizes).toEqual([]);
  const open = tracer.startSpan('open');
  await Promise.all([provider.shutdown(), provider.shutdown()]);
  open.end();
  await provider.forceFlush();
  expect([exporter.sizes, exporter.stopped]).toEqual([[1], 1]);
});

test('processors are called in the order of registration, for spans that record only', () => {
  const calls: string[] = [];
  const watch = (name: string) =>
    processorOf({
      onStart: (span) => void calls.push(`${name} start ${span.name}`),
      onEnding: (span) => void calls.push(`${name} ending ${span.name}`),
      onEnd: (span) => void calls.push(`${name} end ${span.name}`),
    });
  const provider = new TracerProvider({
    spanProcessors: [watch('a'), watch('b')],
    sampler: {
      shouldSample: (_context, _traceId, name) => ({ decision: name === 'off' ? 0 : 2 }),
      toString: () => 'by name',
    },
  });
  const tracer = provider.getTracer('t');
  tracer.startSpan('off', {}, ROOT_CONTEXT).end();
  tracer.startSpan('on', {}, ROOT_CONTEXT).end();
  const hooks = ['start', 'ending', 'end'];
  expect(calls).toEqual(hooks.flatMap((hook) => [`a ${hook} on`, `b ${hook} on`]));
});

test('onStart gets the span that the program gets, with name, attributes and links, and may write to it', () => {
  const seen: [Span, ReadableSpan['attributes'], number][] = [];
  const provider = new TracerProvider({
    spanProcessors: [
      processorOf({
        onStart(span) {
          seen.push([span, { ...span.attributes }, span.links.length]);
          span.setAttribute('by processor', true);
        },
      }),
    ],
  });
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  const span = provider.getTracer('t').startSpan('s', { attributes: { a: 1 }, links: [{ context }] });
  expect(seen).toEqual([[span, { a: 1 }, 1]]);
  expect(seen[0][0]).toBe(span);
  expect((span as unknown as ReadableSpan).attributes).toEqual({ a: 1, 'by processor': true });
});
