/**
 * Bytes that were given back are filled with a canary at once. None of it may ever be in a request that somebody
 * still reads, and nothing may be written where such a request lies.
 */
import { describe, expect, it } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { createTsEngine } from '../src/engine/ts.ts';
import { createWasmEngine } from '../src/engine/wasm.ts';
import type { ExportRequest, SendResult } from '../src/export/exporter.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import type { SpanCursor } from '../src/export/span-cursor.ts';
import { SpanQueue, type Stream } from '../src/export/span-queue.ts';
import { attributesOf, CapturingExporter } from './helpers/engine-capture.ts';
import { EngineDriver } from './helpers/engine-driver.ts';
import { accounts, CANARY, fillFreed, sizedOptions } from './helpers/engine-memory.ts';
import { baseSeed, SeededRandom } from './helpers/engine-random.ts';
import { settleable } from './helpers/engine-sdk.ts';

const ENGINES = [
  ['wasm', createWasmEngine],
  ['ts', createTsEngine],
] as const;

interface Held {
  readonly cursor: SpanCursor;
  readonly request: ExportRequest;
  /** Its bytes when it was taken. */
  readonly copy: Buffer;
}

/** What a span of this number says of itself. */
function textOf(id: number): string {
  return `${id} `.repeat(1 + ((id * 37) % 400));
}

function expectIntact({ request, copy }: Held, note: string): void {
  expect(Buffer.compare(Buffer.concat(request.chunks), copy), note).toBe(0);
}

/** Reads a request and checks every span in it; returns their numbers. */
function readIds(bytes: Uint8Array, note: string): number[] {
  const { scopeSpans } = readExportTraceServiceRequest([new Uint8Array(bytes)]).resourceSpans[0];
  return scopeSpans.flatMap(({ spans }) =>
    spans.map((span) => {
      const id = Number(span.startTimeUnixNano);
      expect(span.name, note).toBe(`span ${id}`);
      expect(attributesOf(span), note).toEqual({ text: textOf(id) });
      return id;
    }),
  );
}

describe.each(ENGINES)('on the %s engine, a request that is held', (_name, create) => {
  function twoDestinations() {
    const driver = new EngineDriver(fillFreed(create(sizedOptions(24, 13))));
    const queue = new SpanQueue(driver.engine);
    const resourceFields = () => Uint8Array.of();
    const streams = Array.from(
      { length: 11 },
      (_, index): Stream => ({
        id: index + 1,
        resourceFields,
        scopeFields: Uint8Array.of(),
        openPiece: -1,
        current: undefined,
      }),
    );
    const commit = (stream: Stream, id: number): boolean => {
      const piece = driver.commit(stream.id, { id, name: `span ${id}`, attributes: [['text', textOf(id)]] });
      if (piece < 0) return false;
      queue.committed += 1;
      queue.waiting += 1;
      if (piece !== stream.openPiece) queue.opened(stream, piece);
      return true;
    };
    return { driver, queue, cursors: [queue.attach(), queue.attach()], streams, commit };
  }

  function hold(cursor: SpanCursor, bytes: number): Held | undefined {
    const request = cursor.take(bytes, Number.POSITIVE_INFINITY);
    return request && { cursor, request, copy: Buffer.concat(request.chunks) };
  }

  it('keeps its bytes until every destination released it, and loses them then', () => {
    const { driver, cursors, streams, commit } = twoDestinations();
    commit(streams[0], 7);
    const held = cursors.map((cursor) => hold(cursor, 1e6) as Held);
    cursors[0].release(held[0].request);
    expectIntact(held[0], 'one destination is left');
    expect(readIds(held[1].copy, '')).toEqual([7]);
    cursors[1].release(held[1].request);
    const spanBytes = held[1].request.chunks.at(-1) as Uint8Array;
    expect(spanBytes.every((byte) => byte === CANARY)).toBe(true);
    // A second release of the same request frees nothing of anybody else.
    commit(streams[0], 8);
    const next = hold(cursors[0], 1e6) as Held;
    cursors[1].release(held[1].request);
    cursors[0].release(held[0].request);
    expectIntact(next, 'released twice');
    expect(accounts(driver.engine).waitingBytes).toBeGreaterThan(0);
  });

  it('is never written to, through random programs', () => {
    const seed = baseSeed();
    const random = new SeededRandom(seed);
    const { driver, cursors, streams, commit } = twoDestinations();
    const held: Held[] = [];
    const received = cursors.map(() => [] as number[]);
    const committed: number[] = [];
    const release = (index: number, note: string) => {
      const [one] = held.splice(index, 1);
      expectIntact(one, note);
      received[cursors.indexOf(one.cursor)].push(...readIds(one.copy, note));
      one.cursor.release(one.request);
    };
    for (let step = 1; step <= 4000; step += 1) {
      const note = `seed ${seed}, step ${step}`;
      const action = random.next();
      if (action < 0.75) {
        if (commit(random.pick(streams), step)) committed.push(step);
      } else if (action < 0.87) {
        const one = hold(random.pick(cursors), random.pick([1, 3000, 20_000, 1e6]));
        if (one !== undefined) held.push(one);
      } else if (held.length > 0) release(random.below(held.length), note);
      if (step % 10 === 0) for (const one of held) expectIntact(one, note);
    }
    for (const cursor of cursors) {
      for (let one = hold(cursor, 50_000); one !== undefined; one = hold(cursor, 50_000)) held.push(one);
    }
    while (held.length > 0) release(random.below(held.length), `seed ${seed}, at the end`);
    expect(committed.length).toBeGreaterThan(1000);
    for (const [index, ids] of received.entries()) {
      expect(new Set(ids).size).toBe(ids.length);
      expect(committed).toEqual(expect.arrayContaining(ids));
      expect(ids.length + cursors[index].evictedSpans).toBe(committed.length);
    }
    expect(accounts(driver.engine).waitingBytes).toBe(0);
  });
});

describe.each(['wasm', 'ts'] as const)('on the %s engine, an exporter that answers late', (engine) => {
  it('reads the same bytes until its answer settles', async () => {
    const seed = baseSeed();
    const random = new SeededRandom(seed);
    const exporter = new CapturingExporter();
    const provider = new TracerProvider({
      engine,
      arenaBytes: 4 << 20,
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    fillFreed(provider.settings.arena.engine);
    const flights: { readonly request: ExportRequest; readonly settle: (result: SendResult) => void }[] = [];
    exporter.answer = (request) => {
      const { promise, settle } = settleable<SendResult>();
      flights.push({ request, settle });
      return promise;
    };
    const land = async () => {
      const flight = flights.shift();
      if (flight === undefined) return;
      const sent = exporter.requests.shift() as Uint8Array;
      expect(Buffer.compare(Buffer.concat(flight.request.chunks), sent), `seed ${seed}`).toBe(0);
      readIds(sent, `seed ${seed}`);
      flight.settle(
        random.chance(0.8) ? { kind: 'delivered', rejected: 0 } : { kind: 'failed', reason: 'refused' },
      );
      await new Promise(setImmediate);
    };
    for (let id = 1; id <= 3000; id += 1) {
      const tracer = provider.getTracer(`scope ${random.below(10)}`);
      const span = tracer.startSpan(`span ${id}`, { startTime: [0, id], attributes: { text: textOf(id) } });
      span.end([1, 0]);
      if (random.chance(0.1)) await land();
    }
    while (flights.length > 0) await land();
    const { exported, failed, dropped, waiting } = provider.stats();
    expect(waiting).toBe(0);
    expect(exported + failed + (dropped.arena_full ?? 0)).toBe(3000);
    expect(exported).toBeGreaterThan(500);
  });
});
