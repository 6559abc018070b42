import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { type ExportResult, ExportResultCode, type ReadableSpan } from '../src/api/types.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';
import { recordedSpans, requestOf, truncatedRequest } from './helpers/recorded-spans.ts';

function exported(exporter: InMemorySpanExporter, spans: ReadableSpan[]): ExportResult {
  const results: ExportResult[] = [];
  exporter.export(spans, (result) => results.push(result));
  expect(results).toHaveLength(1);
  return results[0];
}

function names(exporter: InMemorySpanExporter): string[] {
  return exporter.getFinishedSpans().map((span) => span.name);
}

describe('export', () => {
  it('keeps the very objects, in order', () => {
    const exporter = new InMemorySpanExporter();
    const spans = recordedSpans('a', 'b');
    expect(exported(exporter, [spans[1]])).toEqual({ code: ExportResultCode.SUCCESS });
    exported(exporter, [spans[0]]);
    expect(exporter.getFinishedSpans()[0]).toBe(spans[1]);
    expect(names(exporter)).toEqual(['b', 'a']);
  });

  it("works behind upstream's provider and processor", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.getTracer('library').startSpan('work').end();
    await provider.forceFlush();
    expect(names(exporter)).toEqual(['work']);
    await provider.shutdown();
    expect(names(exporter)).toEqual([]);
  });

  it('takes more spans than a call takes arguments', () => {
    const exporter = new InMemorySpanExporter();
    exported(exporter, new Array(200_000).fill(recordedSpans('a')[0]));
    expect(exporter.getFinishedSpans()).toHaveLength(200_000);
  });
});

describe('wire', () => {
  it('decodes and keeps the spans before send returns', () => {
    const exporter = new InMemorySpanExporter();
    const result = exporter.wire().send(requestOf(recordedSpans('parent', 'child')));
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
    const [parent, child] = exporter.getFinishedSpans();
    expect([parent.name, child.name]).toEqual(['parent', 'child']);
    expect(child.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    expect(child.attributes).toEqual({ index: 1 });
    expect(parent.resource.attributes).toEqual({ 'service.name': 'shop' });
    expect(parent.instrumentationScope).toEqual({ name: 'library', version: '1.0.0' });
  });

  it('keeps no view of the bytes of the request', () => {
    const exporter = new InMemorySpanExporter();
    const request = requestOf(recordedSpans('a'));
    exporter.wire().send(request);
    const [before] = structuredCloneOf(exporter);
    request.chunks[0].fill(0xdb);
    expect(structuredCloneOf(exporter)[0]).toEqual(before);
  });

  it('orders the spans of a request by end time, and equal ones from the last on the wire', () => {
    const exporter = new InMemorySpanExporter();
    const spans = recordedSpans('a', 'b', 'c');
    exporter.wire().send(requestOf([spans[2], spans[0], spans[1]]));
    const [first] = recordedSpans('first');
    const [second] = recordedSpans('second');
    exporter.wire().send(requestOf([second, first]));
    expect(names(exporter)).toEqual(['a', 'b', 'c', 'first', 'second']);
  });

  it('fails a request it cannot decode, with the reason, and keeps nothing of it', () => {
    const exporter = new InMemorySpanExporter();
    expect(exporter.wire().send(truncatedRequest())).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/^OTLP bytes, offset \d+: expected/),
    });
    expect(names(exporter)).toEqual([]);
  });

  it('forgets and stops when the pipe closes it', () => {
    const exporter = new InMemorySpanExporter();
    const wire = exporter.wire();
    wire.send(requestOf(recordedSpans('a')));
    wire.close();
    expect(names(exporter)).toEqual([]);
    expect(wire.send(requestOf(recordedSpans('b')))).toMatchObject({ kind: 'failed' });
  });
});

describe('reset', () => {
  it('forgets the spans and goes on collecting, leaving arrays handed out alone', () => {
    const exporter = new InMemorySpanExporter();
    exported(exporter, recordedSpans('a'));
    const handedOut = exporter.getFinishedSpans();
    exporter.reset();
    exported(exporter, recordedSpans('b'));
    expect(names(exporter)).toEqual(['b']);
    expect(handedOut.map((span) => span.name)).toEqual(['a']);
  });
});

describe('shutdown', () => {
  it('forgets the spans and refuses later ones, as objects and as bytes, saying why', async () => {
    const exporter = new InMemorySpanExporter();
    exported(exporter, recordedSpans('a'));
    await exporter.forceFlush();
    await exporter.shutdown();
    expect(names(exporter)).toEqual([]);
    const result = exported(exporter, recordedSpans('b'));
    expect(result.code).toBe(ExportResultCode.FAILED);
    expect(result.error?.message).toMatch(/after; they were not kept. Create a new exporter/);
    expect(exporter.wire().send(requestOf(recordedSpans('c')))).toEqual({
      kind: 'failed',
      reason: result.error?.message,
    });
    expect(names(exporter)).toEqual([]);
  });
});

function structuredCloneOf(exporter: InMemorySpanExporter): unknown[] {
  return exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, status, instrumentationScope }) =>
      structuredClone({ name, attributes, events, status, instrumentationScope }),
    );
}
