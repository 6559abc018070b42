/** Several destinations: one encode, a cursor each; one that is dead costs a live one no span. */
import type { MeterProvider } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { balance, captureWarnings, ENGINES, WireRecorder } from './helpers/api-recorder.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { measure } from './helpers/metric-points.ts';

const lines = captureWarnings();
const ARENA_BYTES = 4 << 20;
const BYTES = 2_000;

afterEach(() => resetDiagnostics());

/** Two batch processors; the answers of the first decide how far it gets. */
async function pair(
  engine: 'wasm' | 'ts',
  first: WireRecorder,
  second: WireRecorder,
  meterProvider?: MeterProvider,
) {
  const sdk = await freshSdk();
  const processors = [first, second].map((exporter) => new sdk.BatchSpanProcessor(exporter));
  const options = { engine, arenaBytes: ARENA_BYTES, meterProvider };
  const provider = new sdk.TracerProvider({ ...options, spanProcessors: processors });
  const tracer = provider.getTracer('t');
  let made = 0;
  /** Ends spans of many times the arena's size, a few at a time, and lets the live destination send them. */
  const end = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      tracer.startSpan(`span ${made}`, { attributes: { text: `${made} `.padEnd(BYTES, 'x') } }).end();
      made += 1;
      if (made % 100 === 0) await Promise.race([provider.flush(1), new Promise(setImmediate)]);
    }
  };
  return { provider, end };
}

/** The numbers of the spans received, in order: those of a piece lie newest first. */
const numbersOf = ({ spans }: WireRecorder): number[] =>
  spans.map(({ name }) => Number(name.slice(5))).sort((a, b) => a - b);

describe.each(ENGINES)('on the %s engine', (engine) => {
  test.each([
    ['never answers', () => new Promise<never>(() => {})],
    ['is down', () => ({ kind: 'retryable', reason: 'down' }) as const],
  ])('a destination that %s loses its own oldest spans, and the other none', async (_, answer) => {
    const dead = new WireRecorder();
    const live = new WireRecorder();
    dead.answer = answer;
    const { provider, end } = await pair(engine, dead, live);
    await end(5_000);
    await provider.flush(20);
    expect(numbersOf(live)).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    const { dropped, waiting, started } = provider.stats();
    expect(dropped).toEqual({ evicted: expect.any(Number) });
    expect(started).toBe(5_000);
    expect(waiting).toBeGreaterThan(100);
    expect(balance(provider.stats())).toBe(0);
    expect(lines.filter((line) => /WireRecorder is behind: \d+ of its oldest spans/.test(line))).toHaveLength(
      1,
    );
  });

  test('one that comes back gets what it has not lost, newest included', async () => {
    const slow = new WireRecorder();
    const live = new WireRecorder();
    slow.answer = () => ({ kind: 'retryable', reason: 'down', retryAfterMs: 1 });
    const { provider, end } = await pair(engine, slow, live);
    await end(3_000);
    const { dropped } = provider.stats();
    slow.requests.length = 0;
    slow.answer = () => ({ kind: 'delivered', rejected: 0 });
    await provider.flush(10_000);
    const numbers = numbersOf(slow);
    expect(new Set(numbers).size).toBe(3_000 - (dropped.evicted ?? 0));
    expect(numbers).toHaveLength(3_000 - (dropped.evicted ?? 0));
    expect(numbers.at(-1)).toBe(2_999);
    expect(provider.stats()).toMatchObject({ waiting: 0, bytes: 0 });
    expect(balance(provider.stats())).toBe(0);
  });

  test('the metrics of both add up to every span', async () => {
    const dead = new WireRecorder();
    dead.answer = () => ({ kind: 'retryable', reason: 'down' });
    const { meterProvider, collect } = measure();
    const { provider, end } = await pair(engine, dead, new WireRecorder(), meterProvider);
    await end(3_000);
    const { waiting, dropped } = provider.stats();
    const collected = await collect();
    const { evicted, ok } = collected.byError(
      'otel.sdk.processor.span.processed',
      'batching_span_processor/0',
    );
    expect(evicted).toBe(dropped.evicted);
    const inFlight = collected.sum('otel.sdk.exporter.span.inflight');
    expect(ok).toBe(inFlight);
    expect(evicted + waiting).toBe(3_000);
  });

  test('a flush waits for no span that was given up', async () => {
    const slow = new WireRecorder();
    const live = new WireRecorder();
    let release = (): void => {};
    slow.answer = () =>
      new Promise((resolve) => {
        release = () => resolve({ kind: 'delivered', rejected: 0 });
      });
    const { provider, end } = await pair(engine, slow, live);
    await end(1_000);
    let isDone = false;
    const flushed = provider.flush(60_000).then(() => {
      isDone = true;
    });
    await end(3_000);
    expect(provider.stats().dropped.evicted).toBeGreaterThan(1_000);
    slow.answer = () => ({ kind: 'delivered', rejected: 0 });
    release();
    await flushed;
    expect(isDone).toBe(true);
  });
});

test('where there is one destination, new spans are dropped and not those that wait', async () => {
  const dead = new WireRecorder();
  dead.answer = () => ({ kind: 'retryable', reason: 'down' });
  const sdk = await freshSdk();
  const spanProcessors = [new sdk.BatchSpanProcessor(dead)];
  const provider = new sdk.TracerProvider({ arenaBytes: ARENA_BYTES, spanProcessors });
  const tracer = provider.getTracer('t');
  for (let index = 0; index < 2_000; index += 1) {
    tracer.startSpan('s', { attributes: { text: `${index} `.padEnd(BYTES, 'x') } }).end();
  }
  expect(provider.stats().dropped).toEqual({ arena_full: expect.any(Number) });
});
