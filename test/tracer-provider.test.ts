import { describe, expect, it } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';

describe.each(['wasm', 'ts'] as const)('TracerProvider on the %s engine', (engine) => {
  it('hands a finished span to a simple processor before end() returns', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ engine, spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const span = provider
      .getTracer('test', '1.2')
      .startSpan('work', { attributes: { model: 'm', tokens: 12 } });
    span.setAttribute('text', 'grüße 🌊').setAttribute('ratio', 0.5).setAttribute('ok', true);
    span.end();
    const [finished] = exporter.getFinishedSpans();
    expect(provider.stats().engine).toBe(engine);
    expect(finished.name).toBe('work');
    expect(finished.attributes).toEqual({ model: 'm', tokens: 12, text: 'grüße 🌊', ratio: 0.5, ok: true });
    expect(finished.spanContext()).toMatchObject({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
    });
    expect(finished.instrumentationScope).toMatchObject({ name: 'test', version: '1.2' });
  });
});
