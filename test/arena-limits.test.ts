/** What happens at the limits of the arena and of a span: nothing throws, nothing grows, every loss is counted. */
import type { SpanKind } from '@opentelemetry/api';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { resourceFromAttributes } from '../src/api/resource.ts';
import type { TracerProvider, TracerProviderStats } from '../src/api/tracer-provider.ts';
import { OPTION_DESCRIPTIONS } from '../src/config/option-descriptions.ts';
import { budgetBytes } from '../src/export/arena-pieces.ts';
import type { SendResult } from '../src/export/exporter.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { attributesOf, CapturingExporter } from './helpers/engine-capture.ts';
import { baseSeed, SeededRandom } from './helpers/engine-random.ts';
import { freshSdk, settleable } from './helpers/engine-sdk.ts';

const MEBIBYTE = 1 << 20;
const delivered: SendResult = { kind: 'delivered', rejected: 0 };
const UNLIMITED = 1_000_000;

beforeEach(() => {
  // Drops and failures warn on stderr, which is not what is tested here.
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

function accountedFor(stats: TracerProviderStats): number {
  const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
  return stats.live + stats.waiting + stats.exported + stats.rejected + stats.failed + dropped;
}

function expectBalance(provider: TracerProvider, note = ''): void {
  const stats = provider.stats();
  expect(accountedFor(stats), `${note} ${JSON.stringify(stats)}`).toBe(stats.started);
}

/**
 * A provider whose exporter answers nothing until `settle` is called, and then delivers everything. Without `batch`
 * it sends on flush only.
 */
async function stuckProvider(arenaBytes: number, spanLimits = {}, batch = true) {
  const sdk = await freshSdk();
  const exporter = new CapturingExporter();
  const { promise, settle } = settleable<SendResult>();
  exporter.answer = () => promise;
  const processor = batch
    ? new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000 })
    : sdk.flushProcessor(exporter);
  const provider = new sdk.TracerProvider({ arenaBytes, spanLimits, spanProcessors: [processor] });
  return { provider, exporter, settle: () => settle(delivered) };
}

it.each([
  [4, 1.8],
  [16, 13.6],
  [64, 60.8],
])('an arena of %i MiB has %f MB for spans, as its option says', async (mebibytes, megabytes) => {
  const { provider } = await stuckProvider(mebibytes * MEBIBYTE);
  expect((budgetBytes(provider.settings.arena.engine) / 1e6).toFixed(1)).toBe(megabytes.toFixed(1));
  const said = OPTION_DESCRIPTIONS.arenaBytes.limit;
  expect(said).toContain(`${megabytes.toFixed(1)} MB`);
});

describe('a full arena', () => {
  it('drops and counts, never throws, never grows, and takes spans again afterwards', async () => {
    const { provider, exporter, settle } = await stuckProvider(4 * MEBIBYTE);
    const { bytes } = provider.settings.arena.engine;
    const tracer = provider.getTracer('full');
    for (let index = 0; index < 5000; index += 1) {
      tracer.startSpan(`span ${index}`, { attributes: { text: 'x'.repeat(1000), index } }).end();
      if (index % 100 === 0) expectBalance(provider);
    }
    const { dropped, waiting } = provider.stats();
    expect(dropped.arena_full).toBeGreaterThan(1000);
    expect(Object.keys(dropped)).toEqual(['arena_full']);
    expect(waiting + (dropped.arena_full ?? 0)).toBe(5000);
    // What fits is not refused: at least nine tenths of the blocks hold spans.
    const { waitingBytes } = provider.settings.arena;
    expect(waitingBytes).toBeGreaterThan(0.9 * 14 * 131_072);
    expect(bytes.buffer.byteLength).toBe(4 * MEBIBYTE);
    settle();
    await provider.forceFlush();
    expect(exporter.take()).toHaveLength(waiting);
    tracer.startSpan('again').end();
    await provider.forceFlush();
    expect(exporter.take().map(({ name }) => name)).toEqual(['again']);
    expectBalance(provider);
    expect(provider.settings.arena.waitingBytes).toBe(0);
  });

  it('keeps the values of later spans right', async () => {
    const { provider, exporter, settle } = await stuckProvider(4 * MEBIBYTE);
    const tracer = provider.getTracer('full');
    const record = (round: number, index: number) =>
      tracer
        .startSpan(`name ${round}`, {
          attributes: { model: `m ${round}`, index, fill: 'x'.repeat(index % 3000) },
        })
        .end();
    for (let index = 0; index < 3000; index += 1) record(index >> 5, index);
    settle();
    await provider.forceFlush();
    for (let index = 3000; index < 3040; index += 1) record(index >> 5, index);
    for (let round = 0; round < 40; round += 1) record(round, 32 * round);
    await provider.forceFlush();
    const spans = exporter.take();
    expect(spans.length).toBeLessThan(3080);
    for (const span of spans) {
      const { index, model } = attributesOf(span);
      expect([span.name, model]).toEqual([`name ${Number(index) >> 5}`, `m ${Number(index) >> 5}`]);
    }
  });

  it('obeys a maxQueueSize exactly', async () => {
    const sdk = await freshSdk();
    const exporter = new CapturingExporter();
    const { promise, settle } = settleable<SendResult>();
    exporter.answer = () => promise;
    const processor = new sdk.BatchSpanProcessor(exporter, { maxQueueSize: 100, maxExportBatchSize: 30 });
    const provider = new sdk.TracerProvider({ arenaBytes: 4 * MEBIBYTE, spanProcessors: [processor] });
    const tracer = provider.getTracer('queue');
    for (let index = 0; index < 250; index += 1) {
      tracer.startSpan('s').end();
      expect(provider.stats().waiting).toBe(Math.min(index + 1, 100));
    }
    expect(provider.stats().dropped).toEqual({ queue_full: 150 });
    settle(delivered);
    await provider.forceFlush();
    expect(exporter.take()).toHaveLength(100);
    for (let index = 0; index < 100; index += 1) tracer.startSpan('s').end();
    expect(provider.stats().dropped).toEqual({ queue_full: 150 });
    expectBalance(provider);
  });
});

describe('the ledger', () => {
  it.each(['wasm', 'ts'] as const)(
    'balances at every moment of random programs on the %s engine',
    async (engine) => {
      const seed = baseSeed();
      const random = new SeededRandom(seed);
      const sdk = await freshSdk();
      for (let program = 0; program < 12; program += 1) {
        const exporter = new CapturingExporter();
        const pending: (() => void)[] = [];
        exporter.answer = (request) => {
          const outcomes: SendResult[] = [
            delivered,
            { kind: 'delivered', rejected: random.below(request.spanCount + 1) },
            { kind: 'failed', reason: 'refused' },
          ];
          const outcome = random.pick(outcomes);
          if (random.chance(0.3)) return outcome;
          const { promise, settle } = settleable<SendResult>();
          pending.push(() => settle(outcome));
          return promise;
        };
        const queue = random.chance(0.3) ? { maxQueueSize: 40, maxExportBatchSize: 10 } : {};
        const processor = random.chance(0.5)
          ? new sdk.SimpleSpanProcessor(exporter)
          : new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000, ...queue });
        const provider = new sdk.TracerProvider({
          engine,
          arenaBytes: 4 * MEBIBYTE,
          spanProcessors: [processor],
        });
        const live: { end(): void }[] = [];
        for (let step = 0; step < 400; step += 1) {
          const action = random.next();
          if (action < 0.5) {
            const attributes = { text: 'x'.repeat(random.pick([0, 10, 5000, 90_000])) };
            live.push(provider.getTracer(`scope ${random.below(12)}`).startSpan('s', { attributes }));
          } else if (action < 0.85) live.splice(random.below(live.length), 1)[0]?.end();
          else if (action < 0.9) void provider.forceFlush();
          else if (action < 0.97) pending.shift()?.();
          else await new Promise(setImmediate);
          expectBalance(provider, `seed ${seed}, program ${program}, step ${step}:`);
        }
        for (const span of live) span.end();
        let isDone = false;
        const done = provider.shutdown().then(() => {
          isDone = true;
        });
        while (!isDone) {
          expectBalance(provider, `seed ${seed}, program ${program}, at shutdown:`);
          pending.shift()?.();
          await new Promise(setImmediate);
        }
        await done;
        expect(provider.stats()).toMatchObject({ live: 0, waiting: 0 });
        expectBalance(provider, `seed ${seed}, program ${program}, at the end:`);
      }
    },
  );

  it('balances after a shutdown whose exporter lets go of its request late', async () => {
    const { provider, settle } = await stuckProvider(4 * MEBIBYTE);
    provider.getTracer('late').startSpan('s').end();
    await provider.shutdown(1);
    expectBalance(provider, 'before it lets go:');
    settle();
    await new Promise(setImmediate);
    expectBalance(provider, 'after it let go:');
  });
});

describe('many scopes', () => {
  it('cost no more per span the more pieces wait', async () => {
    const { provider } = await stuckProvider(16 * MEBIBYTE);
    const measured = vi.spyOn(provider.settings.queue, 'spansOf');
    const cost = (from: number) => {
      measured.mockClear();
      for (let index = from; index < from + 200; index += 1)
        provider.getTracer(`scope ${index}`).startSpan('s').end();
      return measured.mock.calls.length;
    };
    const first = cost(0);
    cost(200);
    expect(cost(400)).toBeLessThanOrEqual(first * 1.3 + 200);
  });

  it('lose no span: 10,000 of them, interleaved', async () => {
    const { provider, exporter, settle } = await stuckProvider(16 * MEBIBYTE, {}, false);
    const tracers = Array.from({ length: 10_000 }, (_, index) => provider.getTracer(`scope ${index}`));
    for (const [index, tracer] of tracers.entries()) tracer.startSpan(`span ${index}`).end();
    expect(provider.stats().dropped).toEqual({});
    settle();
    await provider.forceFlush();
    const names = new Set(exporter.take().map(({ name }) => name));
    expect(names.size).toBe(10_000);
    expectBalance(provider);
  });

  it('beyond the piece table lose no span where the event loop turns between them', async () => {
    const { provider, exporter, settle } = await stuckProvider(16 * MEBIBYTE);
    settle();
    await provider.forceFlush();
    const tracers = Array.from({ length: 40_000 }, (_, index) => provider.getTracer(`scope ${index}`));
    for (const [index, tracer] of tracers.entries()) {
      tracer.startSpan(`span ${index}`).end();
      if (index % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(provider.stats().dropped).toEqual({});
    await provider.forceFlush();
    expect(new Set(exporter.take().map(({ name }) => name)).size).toBe(40_000);
    expectBalance(provider);
  });

  it('beyond the piece table are dropped for that reason', async () => {
    const { provider, settle } = await stuckProvider(16 * MEBIBYTE, {}, false);
    const tracers = Array.from({ length: 20 }, (_, index) => provider.getTracer(`scope ${index}`));
    for (let index = 0; index < 20_000; index += 1) tracers[index % 20].startSpan('s').end();
    const { dropped, waiting } = provider.stats();
    expect(Object.keys(dropped)).toEqual(['piece_table_full']);
    expect(waiting).toBeGreaterThanOrEqual(16_384);
    expectBalance(provider);
    settle();
    await provider.forceFlush();
    expect(provider.stats().exported).toBe(waiting);
  });
});

describe('a large span', () => {
  const text = (megabytes: number, unit: string) => unit.repeat((megabytes * MEBIBYTE) / unit.length);

  it('keeps a value of 2 MiB whole, and cuts one of 10 MiB at a character', async () => {
    const { provider, exporter, settle } = await stuckProvider(64 * MEBIBYTE);
    settle();
    for (const unit of ['a', 'é', '漢', '🌊a']) {
      const whole = text(unit === 'a' ? 2 : 0.6, unit);
      provider.getTracer('large').startSpan('s', { attributes: { whole } }).end();
      provider
        .getTracer('large')
        .startSpan('cut', { attributes: { cut: text(10, unit), after: 'x' } })
        .end();
      await provider.forceFlush();
      // The reader refuses text that is not UTF-8.
      const spans = exporter.take();
      expect(attributesOf(spans.find(({ name }) => name === 's') as never).whole === whole).toBe(true);
      const { cut, after } = attributesOf(spans.find(({ name }) => name === 'cut') as never);
      expect((cut as string).length).toBeGreaterThan(MEBIBYTE / 2);
      expect(text(10, unit).startsWith(cut as string)).toBe(true);
      expect((cut as string).at(-1)).not.toMatch(/[\ud800-\udbff]/);
      expect(after).toBe('x');
    }
    expectBalance(provider);
  });

  it('drops and counts what is beyond 65,536 cells, and keeps the rest', async () => {
    const limits = { attributeCountLimit: UNLIMITED, eventCountLimit: UNLIMITED, linkCountLimit: UNLIMITED };
    const { provider, exporter, settle } = await stuckProvider(64 * MEBIBYTE, limits);
    settle();
    const tracer = provider.getTracer('cells');
    const many = tracer.startSpan('attributes');
    for (let index = 0; index < 70_000; index += 1) many.setAttribute(`key ${index}`, index);
    many.setStatus({ code: 2, message: 'kept' }).end();
    const events = tracer.startSpan('events');
    for (let index = 0; index < 30_000; index += 1) events.addEvent('e', { index });
    events.end();
    await provider.forceFlush();
    const [first, second] = exporter.take().sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(first.attributes.length).toBeGreaterThan(30_000);
    expect(first.attributes.length + first.droppedAttributesCount).toBe(70_000);
    expect(first.status).toEqual({ code: 2, message: 'kept' });
    expect(
      first.attributes.every(({ key, value }, index) => key === `key ${index}` && value.type === 'int'),
    ).toBe(true);
    expect(second.events.length).toBeGreaterThan(8000);
    expect(second.events.length + second.droppedEventsCount).toBe(30_000);
  });

  it('keeps values, links and status to themselves when text staging is full', async () => {
    const { provider, exporter, settle } = await stuckProvider(4 * MEBIBYTE);
    settle();
    const span = provider.getTracer('text').startSpan('s', { attributes: { long: 'x'.repeat(300_000) } });
    for (let index = 0; index < 11; index += 1) span.setAttribute(`text ${index}`, '漢'.repeat(990));
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    for (let index = 0; index < 128; index += 1) span.addLink({ context });
    span.setStatus({ code: 2, message: 'bad' }).end();
    await provider.forceFlush();
    const [read] = exporter.take();
    expect(read.status).toEqual({ code: 2, message: 'bad' });
    expect(read.links.length + read.droppedLinksCount).toBe(128);
    expect(
      read.links.every(({ traceId, spanId }) => traceId === context.traceId && spanId === context.spanId),
    ).toBe(true);
    const { long, ...texts } = attributesOf(read);
    expect(long).toMatch(/^x+$/);
    expect(Object.values(texts).every((value) => /^漢*$/.test(value as string))).toBe(true);
  });

  it('makes no request larger than 4 MiB out of spans that are small', async () => {
    const { provider, exporter, settle } = await stuckProvider(64 * MEBIBYTE, {
      attributeCountLimit: UNLIMITED,
    });
    const tracer = provider.getTracer('requests');
    // Its bound, 256 bytes a cell, takes a run of blocks that its bytes fill only by a tenth.
    const wide = tracer.startSpan('wide');
    for (let index = 0; index < 60_000; index += 1) wide.setAttribute(`key ${index}`, index);
    wide.end();
    for (let index = 0; index < 12_000; index += 1)
      tracer.startSpan('s', { attributes: { text: 'x'.repeat(1000) } }).end();
    settle();
    await provider.forceFlush();
    const sizes = exporter.requests.map(({ length }) => length);
    expect(exporter.take()).toHaveLength(12_001);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * MEBIBYTE + 1024);
  });
});

describe('a resource and a scope', () => {
  it('larger than text staging are cut, and cost no span', async () => {
    const sdk = await freshSdk();
    const exporter = new CapturingExporter();
    const attributes: Record<string, string> = { long: 'x'.repeat(300_000) };
    for (let index = 0; index < 11; index += 1) attributes[`text ${index}`] = '漢'.repeat(990);
    const provider = new sdk.TracerProvider({
      arenaBytes: 4 * MEBIBYTE,
      resource: resourceFromAttributes(attributes),
      spanProcessors: [sdk.flushProcessor(exporter)],
    });
    const tracer = provider.getTracer('large', '1', { attributes });
    tracer.startSpan('s', { attributes: { key: 'value' } }).end();
    await provider.forceFlush();
    const [bytes] = exporter.requests;
    const [{ resource, scopeSpans }] = readExportTraceServiceRequest([bytes]).resourceSpans;
    expect(scopeSpans[0].spans.map(attributesOf)).toEqual([{ key: 'value' }]);
    for (const holder of [resource, scopeSpans[0].scope]) {
      const { long, ...texts } = attributesOf(holder);
      expect(long).toMatch(/^x+$/);
      expect(Object.values(texts).every((value) => /^漢*$/.test(value as string))).toBe(true);
    }
  });
});

describe('a bad span', () => {
  const throwing = {
    get boom() {
      throw new Error('boom');
    },
  };
  const bad: [string, object][] = [
    ['kind 127', { kind: 127 }],
    ['kind 300', { kind: 300 }],
    ['kind -1', { kind: -1 }],
    ['kind NaN', { kind: Number.NaN }],
    ['kind text', { kind: 'server' }],
    ['attributes that throw', { attributes: throwing }],
    ['attributes that are no object', { attributes: 7 }],
    [
      'links with bad contexts',
      { links: [{ context: { traceId: 'x', spanId: 'y', traceFlags: 1 } }, null, { context: null }] },
    ],
    ['a start that is no time', { startTime: 'yesterday' }],
    ['a start after its end', { startTime: [9e9, 0] }],
  ];

  it.each(bad)('with %s costs its neighbours nothing', async (_what, options) => {
    const { provider, exporter, settle } = await stuckProvider(4 * MEBIBYTE);
    const tracer = provider.getTracer('neighbours');
    tracer.startSpan('before', { kind: 1 as SpanKind, attributes: { key: 'before' } }).end();
    const span = tracer.startSpan('bad', options);
    span.setAttribute('key', {
      toJSON() {
        throw new Error('boom');
      },
    } as never);
    span.addEvent('event', throwing as never, Number.NaN);
    span.setStatus({ code: 99 } as never);
    span.end(Number.NaN);
    tracer.startSpan('after', { kind: 2 as SpanKind, attributes: { key: 'after' } }).end();
    settle();
    await provider.forceFlush();
    const spans = exporter.take();
    expect(spans.map(({ name }) => name).sort()).toEqual(['after', 'bad', 'before']);
    for (const [name, kind] of [
      ['before', 2],
      ['after', 3],
    ] as const) {
      const neighbour = spans.find((one) => one.name === name);
      expect(neighbour).toMatchObject({
        kind,
        attributes: [{ key: 'key', value: { type: 'string', value: name } }],
      });
    }
    expectBalance(provider);
  });
});
