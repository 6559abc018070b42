/** Queues that share an arena - of several providers, of the processors of plug-in mode: a dead one costs no live one anything. */
import type { Tracer } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import type { TracerProvider } from '../src/api/tracer-provider.ts';
import type { ReadableSpan, SpanExporter } from '../src/api/types.ts';
import type { SendResult } from '../src/export/exporter.ts';
import { processorOf } from './helpers/api-modes.ts';
import { balance, captureWarnings, ENGINES, WireRecorder } from './helpers/api-recorder.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { endChatSpan, fateOf, MEBIBYTE } from './helpers/shedding.ts';

captureWarnings();
const ARENA_BYTES = 8 * MEBIBYTE;
/** About the bytes of a span of each kind on the wire. */
const CHAT_BYTES = 8_600;
const BURST_BYTES = 2_100;

/** Spans of so many bytes that take a share of the arena. */
const countOf = ({ settings }: TracerProvider, share: number, bytes: number): number =>
  Math.floor((settings.queue.budget * share) / bytes);

type Sdk = Awaited<ReturnType<typeof freshSdk>>;
type Answer = () => SendResult | Promise<SendResult>;

const DEAD: readonly (readonly [string, Answer])[] = [
  ['never answers', () => new Promise<never>(() => {})],
  ['is down', () => ({ kind: 'retryable', reason: 'down' })],
];

async function parts(answer: Answer) {
  const sdk = await freshSdk();
  const { captureContent } = await import('../src/api/capture-content.ts');
  const [dead, live] = [new WireRecorder(), new WireRecorder()];
  dead.answer = answer;
  let made = 0;
  const chats = (tracer: Tracer, count: number): void => {
    for (let index = 0; index < count; index += 1) {
      endChatSpan(tracer, made, (span, key, text) => captureContent(span, key, text, String));
      made += 1;
    }
  };
  return { sdk, dead, live, chats, made: () => made };
}

function burst(tracer: Tracer, count: number, bytes = 2_000): void {
  for (let index = 0; index < count; index += 1) {
    tracer.startSpan(`span ${index}`, { attributes: { text: `${index} `.padEnd(bytes, 'x') } }).end();
  }
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe.each(ENGINES)('two providers on one arena, on the %s engine', (engine) => {
  const make = (sdk: Sdk, exporter: WireRecorder): TracerProvider =>
    new sdk.TracerProvider({
      engine,
      arenaBytes: ARENA_BYTES,
      spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
    });

  /** The first has filled the arena and tries to send, and the second had a span answered since. */
  async function fillAndSend(first: TracerProvider, second: TracerProvider): Promise<void> {
    burst(second.getTracer('t'), 1);
    burst(first.getTracer('t'), countOf(first, 1.2, BURST_BYTES));
    await turn();
    await second.flush();
    burst(second.getTracer('t'), 1);
    await second.flush();
  }

  test.each(DEAD)(
    'one whose receiver %s and that filled it costs the other no span and no content',
    async (_, answer) => {
      const { sdk, dead, live, chats, made } = await parts(answer);
      const [first, second] = [make(sdk, dead), make(sdk, live)];
      const [filler, tracer] = [first.getTracer('t'), second.getTracer('t')];
      burst(filler, countOf(first, 1.2, BURST_BYTES));
      expect(first.stats().dropped).toEqual({ arena_full: expect.any(Number) });
      // From its first span on, when nobody can know who is dead.
      for (let round = 0; round < 20; round += 1) {
        chats(tracer, countOf(second, 0.3, CHAT_BYTES));
        expect(second.stats().shed.content).toBe('full');
        await second.flush();
        burst(filler, countOf(first, 0.5, BURST_BYTES));
        await turn();
      }
      expect(second.stats()).toMatchObject({ exported: made(), shed: { shortened: 0, omitted: 0 } });
      expect(second.stats().dropped).toEqual({});
      expect(live.spans.map(fateOf)).toEqual(Array.from({ length: made() }, () => 'full'));
      for (const one of [first, second]) expect(balance(one.stats())).toBe(0);
    },
  );

  test.each(DEAD)(
    'one whose receiver %s gives way to the other beyond its share, content and spans',
    async (_, answer) => {
      const { sdk, dead, live, chats, made } = await parts(answer);
      const [first, second] = [make(sdk, dead), make(sdk, live)];
      const [filler, tracer] = [first.getTracer('t'), second.getTracer('t')];
      const [whole, half, most] = [
        countOf(first, 1.2, BURST_BYTES),
        countOf(second, 0.42, CHAT_BYTES),
        countOf(second, 0.82, BURST_BYTES),
      ];
      await fillAndSend(first, second);
      for (let round = 0; round < 3; round += 1) {
        burst(filler, whole);
        chats(tracer, half);
        expect(second.stats().waiting).toBe(half);
        burst(filler, whole);
        expect(second.stats().shed.content).toBe('full');
        await second.flush();
        burst(tracer, most);
        await second.flush();
      }
      expect(second.stats()).toMatchObject({
        exported: 2 + made() + 3 * most,
        shed: { shortened: 0, omitted: 0 },
      });
      expect(second.stats().dropped).toEqual({});
      expect(first.stats().dropped.evicted).toBeGreaterThan(0);
      for (const one of [first, second]) expect(balance(one.stats())).toBe(0);
    },
  );

  test('what is behind keeps a quarter of the arena when only content is at stake', async () => {
    const { sdk, dead, live, chats } = await parts(() => new Promise<never>(() => {}));
    const [first, second] = [make(sdk, dead), make(sdk, live)];
    await fillAndSend(first, second);
    chats(second.getTracer('t'), countOf(second, 0.6, CHAT_BYTES));
    expect(second.stats().shed.shortened).toBeGreaterThan(0);
    expect(second.stats().dropped).toEqual({});
    const { bytes } = first.stats();
    expect(bytes).toBeGreaterThan(first.settings.queue.budget * 0.2);
    expect(bytes).toBeLessThan(first.settings.queue.budget * 0.27);
  });

  test('one at work gives nothing up, though it has more than its share and the other has content', async () => {
    const { sdk, dead: busy, live, chats } = await parts(() => ({ kind: 'delivered', rejected: 0 }));
    const [first, second] = [make(sdk, busy), make(sdk, live)];
    const most = countOf(first, 0.8, BURST_BYTES);
    burst(first.getTracer('t'), most);
    for (let round = 0; round < 5; round += 1) {
      chats(second.getTracer('t'), 10);
      await second.flush();
    }
    await first.flush();
    expect(first.stats()).toMatchObject({ exported: most, waiting: 0 });
    expect(first.stats().dropped).toEqual({});
    expect(second.stats().shed).toMatchObject({ shortened: 0, omitted: 0 });
  });

  test('one at work gives nothing up either to one that has much content', async () => {
    const { sdk, dead: busy, live, chats, made } = await parts(() => ({ kind: 'delivered', rejected: 0 }));
    const [first, second] = [make(sdk, busy), make(sdk, live)];
    burst(first.getTracer('t'), 10);
    await first.flush();
    burst(second.getTracer('t'), 1);
    await second.flush();
    const half = countOf(first, 0.48, BURST_BYTES);
    burst(first.getTracer('t'), half);
    chats(second.getTracer('t'), countOf(second, 0.42, CHAT_BYTES));
    expect(second.stats().shed.shortened).toBeGreaterThan(0);
    await Promise.all([first.flush(), second.flush()]);
    expect(first.stats()).toMatchObject({ exported: 10 + half, waiting: 0 });
    expect(second.stats()).toMatchObject({ exported: 1 + made(), waiting: 0 });
    for (const one of [first, second]) expect(one.stats().dropped).toEqual({});
  });

  test('many that are dead leave room for requests and spans of the one at work', async () => {
    const { sdk, dead, live } = await parts(() => new Promise<never>(() => {}));
    const others = Array.from({ length: 6 }, () => make(sdk, dead));
    const provider = make(sdk, live);
    for (const other of others) burst(other.getTracer('t'), 1);
    for (const other of others) burst(other.getTracer('t'), countOf(other, 0.5, BURST_BYTES));
    // Each has its first request on the way from here on.
    await Promise.all(others.map((other) => other.flush(1)));
    const tenth = countOf(provider, 0.1, BURST_BYTES);
    for (let round = 0; round < 10; round += 1) {
      burst(provider.getTracer('t'), tenth);
      await provider.flush();
      for (const other of others) burst(other.getTracer('t'), tenth);
      await turn();
    }
    expect(provider.stats()).toMatchObject({ exported: 10 * tenth, waiting: 0 });
    expect(provider.stats().dropped).toEqual({});
  });
});

describe.each(ENGINES)('two processors of plug-in mode, on the %s engine', (engine) => {
  test.each(DEAD)('one whose receiver %s costs the other no span and no content', async (_, answer) => {
    const { sdk, dead, live, chats, made } = await parts(answer);
    const sending = new sdk.BatchSpanProcessor(live);
    const provider = new sdk.TracerProvider({
      engine,
      arenaBytes: ARENA_BYTES,
      spanProcessors: [processorOf(), new sdk.BatchSpanProcessor(dead), sending],
    });
    const tracer = provider.getTracer('t');
    // Many times the arena, a fifth of it at once.
    for (let round = 0; round < 20; round += 1) {
      chats(tracer, countOf(provider, 0.2, CHAT_BYTES));
      await Promise.all([provider.flush(1), sending.forceFlush()]);
    }
    const [first, last] = provider.stats().destinations;
    expect(last).toMatchObject({ exported: made(), waiting: 0 });
    expect(last.dropped).toEqual({});
    expect(live.spans.map(fateOf)).toEqual(Array.from({ length: made() }, () => 'full'));
    expect((first.dropped.evicted ?? 0) + (first.dropped.arena_full ?? 0)).toBeGreaterThan(0);
    for (const one of [first, last]) expect(balance({ ...provider.stats(), ...one })).toBe(0);
  });
});

test('an exporter of another make that never answers gets short copies, and the other the content', async () => {
  const { sdk, live, chats, made } = await parts(() => new Promise<never>(() => {}));
  const ended: ReadableSpan[] = [];
  const never: SpanExporter = { export: () => {}, shutdown: async () => {} };
  const sending = new sdk.BatchSpanProcessor(live);
  const provider = new sdk.TracerProvider({
    arenaBytes: ARENA_BYTES,
    spanProcessors: [
      new sdk.BatchSpanProcessor(never),
      sending,
      processorOf({ onEnd: (span) => void ended.push(span as ReadableSpan) }),
    ],
  });
  for (let round = 0; round < 20; round += 1) {
    chats(provider.getTracer('t'), countOf(provider, 0.2, CHAT_BYTES));
    await Promise.all([provider.flush(1), sending.forceFlush()]);
  }
  const [dead, last] = provider.stats().destinations;
  expect(dead.dropped).toEqual({ queue_full: expect.any(Number) });
  expect(provider.stats().shed.shortened).toBeGreaterThan(0);
  expect(last).toMatchObject({ exported: made(), waiting: 0 });
  expect(live.spans.map(fateOf)).toEqual(Array.from({ length: made() }, () => 'full'));
  // What the program or a processor holds is as it was made.
  for (const { attributes } of ended) expect(String(attributes['input.value']).length).toBeGreaterThan(8_000);
});
