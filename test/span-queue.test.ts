import { afterEach, describe, expect, it } from 'vitest';
import { FREE_BLOCKS } from '../assembly/layout.ts';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { DEFAULT_BLOCK_SHIFT } from '../src/engine/engine.ts';
import { CapturingExporter } from './helpers/engine-capture.ts';

afterEach(() => resetDiagnostics());

/** A destination that answers 413 to requests over `limit` bytes, and keeps the names of what it took. */
function refusing(engine: 'wasm' | 'ts', limit: number) {
  const exporter = new CapturingExporter();
  const taken: string[] = [];
  exporter.answer = (request) => {
    const names = exporter.take().map(({ name }) => name);
    if (request.byteLength > limit) return { kind: 'failed', reason: '413', tooLarge: true };
    taken.push(...names);
    return { kind: 'delivered', rejected: 0 };
  };
  const provider = new TracerProvider({ engine, spanProcessors: [new BatchSpanProcessor(exporter)] });
  return { provider, taken };
}

describe.each(['wasm', 'ts'] as const)('a request answered with 413, on the %s engine', (engine) => {
  it('is halved until it passes: one span that is too large costs one span', async () => {
    const { provider, taken } = refusing(engine, 20_000);
    const tracers = ['a', 'b', 'c'].map((name) => provider.getTracer(name));
    for (let index = 0; index < 512; index += 1) {
      const text = 'x'.repeat(index === 300 ? 50_000 : 100 + (index % 7) * 50);
      tracers[index % 3].startSpan(`span ${index}`, { attributes: { text } }).end();
    }
    const waiting = provider.stats().bytes;
    expect(waiting).toBeGreaterThan(100_000);
    await provider.forceFlush();
    expect(taken).toHaveLength(511);
    expect(new Set(taken).size).toBe(511);
    expect(taken).not.toContain('span 300');
    expect(provider.stats()).toMatchObject({ exported: 511, failed: 1, waiting: 0, bytes: 0 });
  });

  it('gives every byte back, however it was cut', async () => {
    const { provider } = refusing(engine, 3_000);
    const before = provider.settings.arena.waitingBytes;
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 100; index += 1) {
        provider
          .getTracer(`scope ${index % 4}`)
          .startSpan('s', { attributes: { round, index } })
          .end();
      }
      await provider.forceFlush();
    }
    expect(provider.settings.arena.waitingBytes).toBe(before);
    expect(provider.stats()).toMatchObject({ exported: 500, failed: 0, waiting: 0 });
  });
});

describe.each(['wasm', 'ts'] as const)('a finished span that waits, on the %s engine', (engine) => {
  it('takes its wire bytes, and less than 16 more for what blocks leave over', async () => {
    const exporter = new CapturingExporter();
    const provider = new TracerProvider({ engine, spanProcessors: [new BatchSpanProcessor(exporter)] });
    const { words } = provider.settings.arena.engine;
    const tracer = provider.getTracer('waiting');
    const freeBefore = words[FREE_BLOCKS >> 2];
    const spans = 20_000;
    for (let index = 0; index < spans; index += 1) {
      const span = tracer.startSpan('work');
      for (let key = 0; key < 10; key += 1)
        span.setAttribute(`attribute ${key}`, `value ${index} of ${key} here`);
      span.end();
    }
    const { bytes } = provider.stats();
    const blockBytes = (freeBefore - words[FREE_BLOCKS >> 2]) << DEFAULT_BLOCK_SHIFT;
    expect(bytes / spans).toBeLessThan(1024);
    // The block being filled counts as a whole.
    expect(blockBytes - bytes).toBeLessThan(16 * spans + (1 << DEFAULT_BLOCK_SHIFT));
    await provider.forceFlush();
    const sent = exporter.requests.reduce((sum, { length }) => sum + length, 0);
    expect(sent - bytes).toBeGreaterThan(0);
    expect(sent - bytes).toBeLessThan(512 * exporter.requests.length);
  });
});
