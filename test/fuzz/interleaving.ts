/**
 * @module One interleaving under a fake clock: spans, flushes, answers of every kind, aborts, timers and a shutdown in
 * random order, over a provider whose exporter answers when the program says. Whatever the order, the ledger is exact
 * after each step, and nobody writes where a request lies that is not answered.
 */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, vi } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import type { ArenaExporter } from '../../src/api/wire-span-processor.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ExportRequest, SendResult, WireExporter } from '../../src/export/exporter.ts';
import { declareOwn } from '../../src/export/own-class.ts';
import { balance } from '../helpers/api-recorder.ts';
import { spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import type { SeededRandom } from '../helpers/engine-random.ts';
import { settleable } from '../helpers/engine-sdk.ts';

const CANARY = 0xee;
/** An exporter is asked to let go of its bytes, and has this long to do so before the pipe goes on without. */
const ABORT_GRACE_MILLIS = 50;
/** Timers of Node are whole milliseconds, and one late. */
const TIMER_MILLIS = 3;

/** A request on its way, and its bytes when it left. */
interface Flight {
  readonly request: ExportRequest;
  readonly copy: Buffer;
  readonly settle: (result: SendResult) => void;
}

class HandExporter implements ArenaExporter {
  static {
    declareOwn(HandExporter, 'export');
  }

  readonly flights: Flight[] = [];
  sends = 0;
  closed = 0;
  obeysAbort = true;

  wire(): WireExporter {
    return {
      send: (request, abort) => {
        expect(this.flights.length, 'one export at a time').toBe(0);
        expect(this.closed, 'no send after close').toBe(0);
        this.sends += 1;
        const { promise, settle } = settleable<SendResult>();
        this.flights.push({ request, copy: Buffer.concat(request.chunks), settle });
        abort?.addEventListener('abort', () => {
          if (this.obeysAbort) this.answer({ kind: 'retryable', reason: 'aborted' });
        });
        return promise;
      },
      close: () => {
        this.closed += 1;
      },
    };
  }

  /** Answers what is in flight, after its bytes were held against those that left. */
  answer(result: SendResult): void {
    const flight = this.flights.shift();
    if (flight === undefined) return;
    this.expectIntact(flight);
    flight.settle(result);
  }

  expectIntact({ request, copy }: Flight): void {
    expect(Buffer.compare(Buffer.concat(request.chunks), copy), 'bytes in flight').toBe(0);
    expect(spansByProtobufjs(copy).length).toBe(request.spanCount);
  }

  export(): void {
    throw new Error('expected bytes, got span objects');
  }

  async shutdown(): Promise<void> {}
}

/** Makes the engine of the thread fill every piece it frees. */
export function fillFreed(engine: Engine, pieceOf: (piece: number) => { start: number; end: number }): void {
  const { core } = engine;
  const freePiece = (piece: number): void => {
    const { start, end } = pieceOf(piece);
    core.freePiece(piece);
    engine.bytes.fill(CANARY, start, end);
  };
  Object.assign(engine, { core: { ...core, freePiece } });
}

interface Waiting {
  readonly deadline: number;
  /** Spans that had finished when it was called, and those that must have been accounted for by its end. */
  readonly finished: number;
}

export class Interleaving {
  readonly exporter = new HandExporter();
  readonly provider: TracerProvider;
  private readonly live: ReturnType<ReturnType<TracerProvider['getTracer']>['startSpan']>[] = [];
  private readonly random: SeededRandom;
  private started = 0;
  private readonly open = new Set<Waiting>();
  private stopping: Promise<void> | undefined;
  private hasStopped = false;
  readonly faults: unknown[] = [];

  constructor(random: SeededRandom, engine: 'wasm' | 'ts') {
    this.random = random;
    const batch = {
      scheduledDelayMillis: random.pick([10, 1000, 5000]),
      exportTimeoutMillis: random.pick([50, 1000, 30_000]),
      ...(random.chance(0.5) && {
        maxExportBatchSize: 1 + random.below(5),
        maxQueueSize: 5 + random.below(20),
      }),
    };
    const spanProcessors = [new BatchSpanProcessor(this.exporter, batch)];
    this.provider = new TracerProvider({ engine, spanProcessors });
    this.exporter.obeysAbort = random.chance(0.8);
  }

  /** A number of steps in random order, then whatever it takes to come to an end. */
  async run(): Promise<void> {
    for (let step = 5 + this.random.below(40); step > 0; step -= 1) {
      await this.step();
      this.expectExact();
    }
    this.shutdown();
    for (let left = 100; left > 0 && !this.hasStopped; left -= 1) {
      await this.pass(this.random.below(2000));
      this.expectExact();
    }
    expect(this.hasStopped, 'the shutdown has an end').toBe(true);
    this.exporter.answer({ kind: 'delivered', rejected: 0 });
    await this.pass(60_000);
    this.expectExact();
    expect(this.open.size, 'every flush has an end').toBe(0);
    this.expectStopped();
    expect(this.faults).toEqual([]);
  }

  private async step(): Promise<void> {
    const action = this.random.next();
    if (action < 0.35) this.trace();
    else if (action < 0.45) this.live.splice(this.random.below(this.live.length), 1)[0]?.end();
    else if (action < 0.6) this.exporter.answer(this.anyAnswer());
    else if (action < 0.7) this.flush();
    else if (action < 0.72) this.shutdown();
    else if (action < 0.8) await this.pass(0);
    else await this.pass(this.random.pick([1, 20, 500, 1000, 5000, 31_000]));
  }

  private trace(): void {
    const tracer = this.provider.getTracer(`scope ${this.random.below(3)}`);
    const recorded = this.stopping === undefined;
    const span = tracer.startSpan(
      'span',
      { attributes: { text: 'x'.repeat(this.random.below(2000)) } },
      ROOT_CONTEXT,
    );
    expect(span.isRecording()).toBe(recorded);
    if (recorded) this.started += 1;
    if (recorded && this.random.chance(0.3)) this.live.push(span);
    else span.end();
  }

  private anyAnswer(): SendResult {
    const { random } = this;
    const spans = this.exporter.flights[0]?.request.spanCount ?? 0;
    return random.pick<SendResult>([
      { kind: 'delivered', rejected: 0 },
      { kind: 'delivered', rejected: 0 },
      { kind: 'delivered', rejected: random.below(spans + 1), message: 'partial' },
      { kind: 'retryable', reason: 'HTTP 503' },
      { kind: 'retryable', reason: 'HTTP 429', retryAfterMs: random.pick([1, 1000, 300_000]) },
      { kind: 'failed', reason: 'HTTP 400' },
      { kind: 'failed', reason: 'HTTP 413', tooLarge: true },
    ]);
  }

  /** Spans that are not waiting any more. */
  private gone(): number {
    const { exported, rejected, failed, dropped } = this.provider.stats();
    return exported + rejected + failed + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  }

  private flush(): void {
    const millis = this.random.pick([0, 10, 1000, 30_000]);
    const { started, live } = this.provider.stats();
    const waiting: Waiting = { deadline: performance.now() + millis, finished: started - live };
    this.open.add(waiting);
    this.watch(
      this.provider.flush(millis).then(() => {
        this.open.delete(waiting);
        const answered = this.gone() >= waiting.finished || this.provider.stats().waiting === 0;
        const isOver = performance.now() + TIMER_MILLIS >= waiting.deadline || this.stopping !== undefined;
        if (!answered && !isOver)
          this.faults.push('a flush resolved before the answer and before its deadline');
        if (performance.now() > waiting.deadline + TIMER_MILLIS) this.faults.push('a flush was late');
      }),
    );
  }

  private shutdown(): void {
    const millis = this.random.pick([0, 10, 1000, 30_000]);
    const deadline = performance.now() + millis + ABORT_GRACE_MILLIS;
    const promise = this.provider.shutdown(millis);
    if (this.stopping !== undefined) {
      if (promise !== this.stopping) this.faults.push('a second shutdown gave another promise');
      return;
    }
    this.stopping = promise;
    this.watch(
      promise.then(() => {
        this.hasStopped = true;
        if (performance.now() > deadline + TIMER_MILLIS) this.faults.push('the shutdown was late');
      }),
    );
  }

  private watch(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.faults.push(error));
  }

  private async pass(millis: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(millis);
  }

  private expectExact(): void {
    const stats = this.provider.stats();
    expect(balance(stats)).toBe(0);
    expect(stats.started).toBe(this.started);
    expect(stats.live).toBe(this.live.length);
    expect(stats.waiting).toBeGreaterThanOrEqual(0);
    for (const flight of this.exporter.flights) this.exporter.expectIntact(flight);
  }

  /** After its end nothing records, nothing is sent and nothing waits. */
  private expectStopped(): void {
    const { sends } = this.exporter;
    this.trace();
    for (const span of this.live.splice(0)) span.end();
    this.expectExact();
    expect(this.exporter).toMatchObject({ sends, closed: 1 });
    expect(this.provider.stats()).toMatchObject({ waiting: 0, live: 0 });
  }
}
