import { isValidSpanId, isValidTraceId, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hexToLane, RandomIdGenerator, spanIdOf, traceIdOf } from '../src/api/ids.ts';
import { record } from './helpers/api-recorder.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe('a lane', () => {
  test('is four bytes of an id, in memory order, whatever the case of its digits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, upper) => {
        const hex = Buffer.from(bytes).toString('hex');
        const [a, b, c, d] = [0, 8, 16, 24].map((at) =>
          hexToLane(`pad${upper ? hex.toUpperCase() : hex}`, 3 + at),
        );
        const view = new DataView(bytes.buffer);
        expect([a, b, c, d]).toEqual([0, 4, 8, 12].map((at) => view.getInt32(at, true)));
        expect(traceIdOf(a, b, c, d)).toBe(hex);
        expect(spanIdOf(c, d)).toBe(hex.slice(16));
      }),
    );
  });

  test('is a signed 32-bit integer', () => {
    expect([hexToLane('ffffffff', 0), hexToLane('00000080', 0)]).toEqual([-1, -(2 ** 31)]);
    expect(spanIdOf(-1, -(2 ** 31))).toBe('ffffffff00000080');
  });
});

describe('random ids', () => {
  test('are lowercase hex of their length', () => {
    const generator = new RandomIdGenerator();
    for (let index = 0; index < 1000; index += 1) {
      expect(generator.generateTraceId()).toMatch(/^[0-9a-f]{32}$/);
      expect(generator.generateSpanId()).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  test('do not repeat in 100,000, nor do those of 100,000 spans', () => {
    const generator = new RandomIdGenerator();
    // The expected number of equal pairs of 64-bit ids among 2 × 10^5 is 10^-9.
    const ids = new Set<string>();
    for (let index = 0; index < 100_000; index += 1) ids.add(generator.generateSpanId());
    expect(ids.size).toBe(100_000);
    const traces = new Set<string>();
    const { tracer } = record({ sampler: { shouldSample: () => ({ decision: 0 }) } });
    for (let index = 0; index < 100_000; index += 1) {
      const { traceId, spanId } = tracer.startSpan('s', {}, ROOT_CONTEXT).spanContext();
      traces.add(traceId);
      ids.add(spanId);
    }
    expect(traces.size).toBe(100_000);
    expect(ids.size).toBe(200_000);
  });

  test('use every bit', () => {
    const generator = new RandomIdGenerator();
    const [ones, zeros] = [new Uint8Array(16), new Uint8Array(16)];
    for (let index = 0; index < 1000; index += 1) {
      const bytes = Buffer.from(generator.generateTraceId(), 'hex');
      for (let at = 0; at < 16; at += 1) {
        ones[at] |= bytes[at];
        zeros[at] |= ~bytes[at];
      }
    }
    expect([...ones, ...zeros]).toEqual(new Array(32).fill(255));
  });

  test('are never all zero, even when the host gives nothing but zeros', async () => {
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((array) => array);
    vi.resetModules();
    const fresh = await import('../src/api/ids.ts');
    const generator = new fresh.RandomIdGenerator();
    expect(isValidTraceId(generator.generateTraceId())).toBe(true);
    expect(isValidSpanId(generator.generateSpanId())).toBe(true);
    const recorder = (await import('./helpers/api-recorder.ts')).record();
    const span = recorder.tracer.startSpan('s', {}, ROOT_CONTEXT);
    expect(trace.isSpanContextValid(span.spanContext())).toBe(true);
  });

  test('work as methods taken off their object, as opentelemetry-js allows', () => {
    const { generateSpanId, generateTraceId } = new RandomIdGenerator();
    expect(isValidSpanId(generateSpanId()) && isValidTraceId(generateTraceId())).toBe(true);
  });
});
