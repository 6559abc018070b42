import { context, propagation, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import type { SendResult } from '../src/export/exporter.ts';
import { balance, captureWarnings, ENGINES, record, WireRecorder } from './helpers/api-recorder.ts';

const lines = captureWarnings();

test.each([
  ['(exporter), as 2.x', (exporter: WireRecorder) => new SimpleSpanProcessor(exporter)],
  ['({ exporter }), as 3.x', (exporter: WireRecorder) => new SimpleSpanProcessor({ exporter })],
])('the constructor takes %s', (_, make) => {
  const exporter = new WireRecorder();
  const provider = new TracerProvider({ spanProcessors: [make(exporter)] });
  provider.getTracer('t').startSpan('s').end();
  expect(exporter.spans).toHaveLength(1);
});

test.each([undefined, null, 5, {}])('an exporter that is %s is said, and nothing throws', (exporter) => {
  const make = () => new TracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter as never)] });
  expect(make).not.toThrow();
  expect(() => make().getTracer('t').startSpan('s').end()).not.toThrow();
  expect(lines).toEqual([expect.stringContaining('SimpleSpanProcessor')]);
});

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('a synchronous exporter has each span, alone, before end() returns', () => {
    const { exporter, provider, tracer } = record({ engine });
    for (let index = 1; index <= 20; index += 1) {
      tracer.startSpan(`s${index}`).end();
      expect(exporter.sizes).toEqual(new Array(index).fill(1));
      expect(provider.stats()).toMatchObject({ exported: index, waiting: 0, bytes: 0 });
    }
    expect(exporter.spans.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, i) => `s${i + 1}`));
  });

  test('while one export is under way, the next spans wait and leave together', async () => {
    const { exporter, provider, tracer } = record({ engine });
    const answers: ((result: SendResult) => void)[] = [];
    exporter.answer = () => new Promise((resolve) => answers.push(resolve));
    for (const name of ['a', 'b', 'c']) tracer.startSpan(name).end();
    expect(exporter.sizes).toEqual([1]);
    expect(provider.stats()).toMatchObject({ waiting: 3, exported: 0 });
    const flushed = provider.forceFlush();
    answers[0]({ kind: 'delivered', rejected: 0 });
    while (answers.length < 2) await Promise.resolve();
    expect(exporter.sizes).toEqual([1, 2]);
    answers[1]({ kind: 'delivered', rejected: 0 });
    await flushed;
    expect(provider.stats()).toMatchObject({ waiting: 0, exported: 3 });
  });
});

test('an exporter that itself traces makes no spans: what runs inside an export is suppressed', () => {
  const { exporter, provider, tracer } = record();
  provider.register();
  exporter.answer = () => {
    tracer.startActiveSpan('nested', (span) => span.end());
    return { kind: 'delivered', rejected: 0 };
  };
  try {
    tracer.startSpan('outer').end();
    expect(exporter.spans.map(({ name }) => name)).toEqual(['outer']);
    expect(provider.stats()).toMatchObject({ started: 1, exported: 1 });
  } finally {
    trace.disable();
    context.disable();
    propagation.disable();
  }
});

test('an exporter that throws costs the spans it was given, counted, and end() does not throw', () => {
  const { exporter, provider, tracer } = record();
  exporter.answer = () => {
    throw new Error('secret');
  };
  expect(() => tracer.startSpan('s').end()).not.toThrow();
  expect(provider.stats()).toMatchObject({ started: 1, failed: 1, waiting: 0 });
  expect(balance(provider.stats())).toBe(0);
  expect(lines.join('\n')).toContain('spans lost');
  expect(lines.join('\n')).not.toContain('secret');
});

test('an exporter that traces makes no span about its own work, on a provider that nobody registered', () => {
  const exporter = new WireRecorder();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('t');
  exporter.answer = () => {
    tracer.startSpan('about the export').end();
    return { kind: 'delivered', rejected: 0 };
  };
  tracer.startSpan('work').end();
  expect(exporter.spans.map(({ name }) => name)).toEqual(['work']);
});
