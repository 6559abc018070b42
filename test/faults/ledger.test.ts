/** The numbers of `stats()` against a ledger kept apart, after every step of whatever happens in whatever order. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Span } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import type { SendResult } from '../../src/export/exporter.ts';
import { MODES, type Mode, processorOf } from '../helpers/api-modes.ts';
import { balance, captureWarnings, ENGINES } from '../helpers/api-recorder.ts';
import { CapturingExporter } from '../helpers/engine-capture.ts';
import { keepFigures } from './figures.ts';

captureWarnings();

const RUNS = process.env.SPANDREL_LONG === '1' ? 2_000 : 60;
const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/ledger.test.ts';
const nextTurn = setImmediate;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** What may happen, more often what keeps spans coming. `shutdown` comes once, at the end of some. */
const STEP = fc.oneof(
  { weight: 5, arbitrary: fc.constant('start' as const) },
  { weight: 6, arbitrary: fc.constant('end' as const) },
  { weight: 1, arbitrary: fc.constant('end again' as const) },
  { weight: 1, arbitrary: fc.constant('abandon' as const) },
  { weight: 2, arbitrary: fc.constant('flush' as const) },
  { weight: 4, arbitrary: fc.constant('answer' as const) },
  { weight: 3, arbitrary: fc.constant('time' as const) },
);
const ANSWER = fc.constantFrom('delivered', 'rejected', 'failed', 'retryable', 'too large', 'throws');

/** A receiver whose answers are given by hand, and what it knows of every span that it answered for. */
class Receiver extends CapturingExporter {
  static readonly none = Object.freeze({ exported: 0, rejected: 0, failed: 0 });
  readonly counts = { ...Receiver.none };
  private pending: ((kind: string) => void)[] = [];

  constructor() {
    super();
    this.answer = ({ spanCount }) =>
      new Promise((resolve, reject) => {
        this.pending.push((kind) => {
          if (kind === 'throws') reject(new Error('an exporter that fails'));
          else resolve(this.result(kind, spanCount));
        });
      });
  }

  respond(kind: string): void {
    for (const settle of this.pending.splice(0)) settle(kind);
  }

  private result(kind: string, spanCount: number): SendResult {
    if (kind === 'retryable') return { kind, reason: 'busy' };
    if (kind === 'too large' && spanCount > 1) return { kind: 'failed', reason: 'too large', tooLarge: true };
    if (kind === 'failed' || kind === 'too large') {
      this.counts.failed += spanCount;
      return { kind: 'failed', reason: 'refused' };
    }
    const rejected = kind === 'rejected' ? Math.ceil(spanCount / 2) : 0;
    this.counts.rejected += rejected;
    this.counts.exported += spanCount - rejected;
    return { kind: 'delivered', rejected };
  }
}

class World {
  readonly receiver = new Receiver();
  readonly provider: TracerProvider;
  private readonly queueSize = 12;
  private open: Span[] = [];
  private ended: Span[] = [];
  started = 0;
  abandoned = 0;
  private isClosed = false;

  constructor(engine: (typeof ENGINES)[number], mode: Mode) {
    const ours = new BatchSpanProcessor(this.receiver, {
      maxQueueSize: this.queueSize,
      maxExportBatchSize: 4,
      scheduledDelayMillis: 1000,
    });
    const spanProcessors = mode === 'arena' ? [ours] : [processorOf(), ours];
    this.provider = new TracerProvider({ engine, arenaBytes: 8 << 20, spanProcessors });
  }

  async step(what: string, at: number, kind: string): Promise<void> {
    const { open, ended } = this;
    const one = at % Math.max(open.length, 1);
    if (what === 'start') this.start();
    else if (what === 'end' && open.length > 0) this.end(one);
    else if (what === 'end again') ended.at(-1)?.end();
    else if (what === 'abandon' && open.length > 0) {
      open.splice(one, 1);
      this.abandoned += 1;
    } else if (what === 'flush') void this.provider.flush(at % 700);
    else if (what === 'answer') this.receiver.respond(kind);
    else if (what === 'time') await vi.advanceTimersByTimeAsync(at % 3000);
    await vi.advanceTimersByTimeAsync(0);
  }

  private start(): void {
    const span = this.provider.getTracer(`scope ${this.started % 3}`).startSpan('s');
    expect(span.isRecording()).toBe(!this.isClosed);
    if (this.isClosed) return;
    this.started += 1;
    this.open.push(span.setAttribute('text', 'ü'.repeat(this.started % 50)));
  }

  private end(at: number): void {
    const [span] = this.open.splice(at, 1);
    span.end();
    this.ended = [span];
    this.endedCount += 1;
  }

  private endedCount = 0;

  async shutdown(millis: number): Promise<void> {
    const done = this.provider.shutdown(millis);
    this.isClosed = true;
    await vi.advanceTimersByTimeAsync(millis + 1000);
    await done;
  }

  check(): void {
    const stats = this.provider.stats();
    const { exported, rejected, failed, waiting, dropped } = stats;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(balance(stats)).toBe(0);
    expect(stats.started).toBe(this.started);
    expect(stats.live + stats.abandoned).toBe(this.open.length + this.abandoned);
    expect(stats.abandoned).toBeLessThanOrEqual(this.abandoned);
    expect(exported + rejected + failed + waiting + lost).toBe(this.endedCount);
    expect(stats.delegated).toBe(0);
    if (!this.isClosed) {
      expect({ exported, rejected }).toEqual({
        exported: this.receiver.counts.exported,
        rejected: this.receiver.counts.rejected,
      });
      expect(Object.keys(dropped).filter((reason) => reason !== 'queue_full')).toEqual([]);
      expect(waiting).toBeLessThanOrEqual(this.queueSize);
    }
  }

  /** Lets go of every handle. */
  abandonAll(): void {
    this.abandoned += this.open.length;
    this.open = [];
    this.ended = [];
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Of both engines, by mode. */
const measured: Record<string, Record<string, number>> = {};

describe.each(ENGINES)('on the %s engine', { timeout: 300_000 }, (engine) => {
  test.each(MODES)('stats() is exact after every step, in %s mode', async (mode) => {
    const worlds: World[] = [];
    let steps = 0;
    const step = fc.tuple(STEP, fc.nat(10_000), ANSWER);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
        fc.boolean(),
        async (program, isStopped) => {
          const world = new World(engine, mode);
          worlds.push(world);
          for (const [what, at, kind] of program) {
            await world.step(what, at, kind);
            world.check();
            steps += 1;
          }
          if (isStopped) {
            await world.shutdown(500);
            world.check();
            for (const what of ['start', 'end', 'end', 'answer', 'flush']) {
              await world.step(what, 0, 'delivered');
              world.check();
            }
            expect(world.provider.stats().waiting).toBe(0);
          } else {
            for (let round = 0; round < 20; round += 1) await world.step('answer', 0, 'delivered');
          }
        },
      ),
      { numRuns: RUNS },
    );
    for (const world of worlds) world.abandonAll();
    // The collector tells one registry a turn, and there is one a provider: more turns than that are waited for.
    for (let round = 0; round < 20 * worlds.length; round += 1) {
      if (round % (5 * worlds.length) === 0) collect();
      await new Promise((resolve) => nextTurn(resolve));
    }
    for (const world of worlds) {
      world.check();
      expect([world.provider.stats().abandoned, world.provider.stats().live]).toEqual([world.abandoned, 0]);
    }
    measured[mode] = {
      ...measured[mode],
      [`${engine}: programs`]: worlds.length,
      [`${engine}: steps checked`]: steps,
      [`${engine}: spans started`]: worlds.reduce((sum, { started }) => sum + started, 0),
    };
    if (engine === ENGINES.at(-1)) keepFigures(`process-ledger-${mode}`, COMMAND, measured[mode]);
  });
});
