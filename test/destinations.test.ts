/** Several destinations: one encode, a cursor each; one that is dead costs a live one no span. */
import type { MeterProvider, Tracer } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import type { SpanProcessor } from '../src/api/types.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { keepFigures } from './faults/figures.ts';
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
    await end(3_000);
    await provider.flush(20);
    expect(numbersOf(live)).toEqual(Array.from({ length: 3_000 }, (_, index) => index));
    const { dropped, waiting, started } = provider.stats();
    expect(dropped).toEqual({ evicted: expect.any(Number) });
    expect(started).toBe(3_000);
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

describe.each(ENGINES)('a queue size on the %s engine', (engine) => {
  test.each([1, 2, 50])(
    'of %i counts for the destination that has it: one that is dead fills no other',
    async (size) => {
      const sdk = await freshSdk();
      const [dead, live] = [new WireRecorder(), new WireRecorder()];
      dead.answer = () => new Promise<never>(() => {});
      const spanProcessors = [
        new sdk.BatchSpanProcessor(dead, { maxQueueSize: size }),
        new sdk.BatchSpanProcessor(live, { maxQueueSize: 100 }),
      ];
      const provider = new sdk.TracerProvider({ engine, arenaBytes: ARENA_BYTES, spanProcessors });
      const tracer = provider.getTracer('t');
      for (let index = 0; index < 300; index += 1) {
        tracer.startSpan(`span ${index}`).end();
        const [first, second] = provider.stats().destinations;
        expect(first.waiting).toBeLessThanOrEqual(size);
        for (const one of [first, second]) expect(balance({ ...provider.stats(), ...one })).toBe(0);
        if (index % 90 === 0) await provider.flush(1);
      }
      await provider.flush(1);
      expect(numbersOf(live)).toEqual(Array.from({ length: 300 }, (_, index) => index));
      expect(provider.stats().destinations.map(({ dropped }) => Object.keys(dropped))).toEqual([
        ['evicted'],
        [],
      ]);
    },
  );

  test('of all of them drops the new span, and exactly so many', async () => {
    const sdk = await freshSdk();
    const both = [new WireRecorder(), new WireRecorder()];
    const spanProcessors = both.map((exporter) => new sdk.BatchSpanProcessor(exporter, { maxQueueSize: 40 }));
    const provider = new sdk.TracerProvider({ engine, arenaBytes: ARENA_BYTES, spanProcessors });
    for (let index = 0; index < 100; index += 1) provider.getTracer('t').startSpan(`span ${index}`).end();
    expect(provider.stats()).toMatchObject({ waiting: 40, dropped: { queue_full: 60 } });
    await provider.flush();
    for (const one of both) expect(numbersOf(one)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });
});

/** Of both engines, over three sizes of spans. */
const measured: Record<string, number> = {};

describe.each(ENGINES)('two providers on one arena, on the %s engine', (engine) => {
  const never = () => new Promise<never>(() => {});

  /** Ends `count` spans of `bytes` each. */
  function burst(
    provider: { getTracer(name: string): Tracer },
    count: number,
    bytes: number,
    scopes = 1,
  ): void {
    for (let index = 0; index < count; index += 1) {
      const text = `${index} `.padEnd(bytes, 'x');
      provider
        .getTracer(`scope ${index % scopes}`)
        .startSpan(`span ${index}`, { attributes: { text } })
        .end();
    }
  }

  test.each([
    ['small spans', 20_000, 300, 1],
    ['spans of 2 KB in 20 scopes', 3_000, 2_000, 20],
    ['spans of more than a block', 60, 140_000, 1],
  ])('a dead one that filled it with %s leaves the other its share', async (_, count, bytes, scopes) => {
    const sdk = await freshSdk();
    const [dead, live] = [new WireRecorder(), new WireRecorder()];
    dead.answer = never;
    const options = { engine, arenaBytes: ARENA_BYTES };
    const make = (exporter: WireRecorder) =>
      new sdk.TracerProvider({ ...options, spanProcessors: [new sdk.BatchSpanProcessor(exporter)] });
    const [first, second] = [make(dead), make(live)];
    burst(first, count, bytes, scopes);
    expect(Object.keys(first.stats().dropped)).toEqual([expect.stringMatching(/^arena_/)]);
    // A third of the arena at once, again and again.
    for (let round = 0; round < 5; round += 1) {
      burst(second, 350, 2_000);
      await second.flush();
      burst(first, 100, bytes, scopes);
    }
    expect(second.stats()).toMatchObject({ exported: 1_750, waiting: 0, dropped: {} });
    expect(second.stats().dropped).toEqual({});
    expect(live.spans).toHaveLength(1_750);
    measured[`${engine}: spans of the dead one lost`] =
      (measured[`${engine}: spans of the dead one lost`] ?? 0) + (first.stats().dropped.evicted ?? 0);
    measured[`${engine}: spans of the other ended`] =
      (measured[`${engine}: spans of the other ended`] ?? 0) + second.stats().started;
    measured[`${engine}: of these lost`] =
      (measured[`${engine}: of these lost`] ?? 0) + second.stats().started - live.spans.length;
    keepFigures(
      'destinations-providers',
      'SPANDREL_FIGURES=write npx vitest run test/destinations.test.ts',
      measured,
    );
    expect(first.stats().dropped.evicted).toBeGreaterThan(0);
    for (const one of [first, second]) expect(balance(one.stats())).toBe(0);
  });

  test('one above its share takes nothing from one below', async () => {
    const sdk = await freshSdk();
    const [one, other] = [new WireRecorder(), new WireRecorder()];
    one.answer = never;
    other.answer = never;
    const make = (exporter: WireRecorder) =>
      new sdk.TracerProvider({
        ...{ engine, arenaBytes: ARENA_BYTES },
        spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
      });
    const [first, second] = [make(one), make(other)];
    burst(second, 100, 2_000);
    burst(first, 3_000, 2_000);
    expect(second.stats()).toMatchObject({ waiting: 100 });
    expect(second.stats().dropped).toEqual({});
    expect(Object.keys(first.stats().dropped)).toEqual(['arena_full']);
  });
});

test('one that sends in batches keeps its share beside one that sends each span, though the arena is more than half full', async () => {
  const sdk = await freshSdk();
  const [dead, single, batch] = [new WireRecorder(), new WireRecorder(), new WireRecorder()];
  dead.answer = () => new Promise<never>(() => {});
  const make = (...spanProcessors: SpanProcessor[]) =>
    new sdk.TracerProvider({ arenaBytes: ARENA_BYTES, spanProcessors });
  const full = make(new sdk.BatchSpanProcessor(dead)).getTracer('t');
  for (let index = 0; index < 800; index += 1) {
    full.startSpan('s', { attributes: { text: `${index} `.padEnd(BYTES, 'x') } }).end();
  }
  const provider = make(new sdk.SimpleSpanProcessor(single), new sdk.BatchSpanProcessor(batch));
  for (let index = 0; index < 50; index += 1) provider.getTracer('t').startSpan(`span ${index}`).end();
  await provider.flush();
  for (const one of [single, batch]) expect(numbersOf(one)).toHaveLength(50);
  expect(provider.stats().destinations.map(({ dropped }) => dropped)).toEqual([{}, {}]);
});
