/** The overhead budget: less is done as tracing takes too much, and more again, without going to and fro. */
import { context, SpanKind, trace as traceApi } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AlwaysOnSampler } from '../src/api/always-on-off-sampler.ts';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { captureContent } from '../src/api/capture-content.ts';
import { limitOverhead, Overhead, overhead } from '../src/api/overhead.ts';
import { HIGHEST_LEVEL, OverheadController } from '../src/api/overhead-controller.ts';
import { type Sampler, SamplingDecision } from '../src/api/sampler.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { BYTES_PER_TURN, writeBody } from '../src/export/body-writer.ts';
import { MODES, processorOf, recordIn } from './helpers/api-modes.ts';
import { captureWarnings, plainAttributes, record, WireRecorder } from './helpers/api-recorder.ts';

const lines = captureWarnings();

afterEach(() => {
  limitOverhead(undefined);
});

/** What a started span costs at each level: never more at a higher one. */
const costs = fc
  .array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 9, maxLength: 9 })
  .map((values) => values.sort((one, other) => other - one));

describe('the controller', () => {
  test('settles within nine windows at constant load, then leaves its level only to look, ever more seldom', () => {
    fc.assert(
      fc.property(costs, fc.double({ min: 0.1, max: 20, noNaN: true }), (percents, budget) => {
        const controller = new OverheadController(budget);
        for (let window = 0; window < 9; window += 1) controller.next(percents[controller.level], 1000);
        const settled = controller.level;
        const best = percents.findIndex((share) => share <= budget);
        expect(settled).toBe(best < 0 ? HIGHEST_LEVEL : best);
        let over = 0;
        for (let window = 0; window < 5_000; window += 1) {
          controller.next(percents[controller.level], 1000);
          if (controller.level !== settled) over += 1;
          if (Math.abs(controller.level - settled) > 1) over += 5_000;
        }
        // 60, 120, … 3,600 windows apart.
        expect(over).toBeLessThanOrEqual(7);
      }),
      { numRuns: 300 },
    );
  });

  test('with noise of a tenth it goes to and fro no more than that', () => {
    fc.assert(
      fc.property(costs, fc.integer(), (percents, seed) => {
        const controller = new OverheadController(5);
        let state = seed | 1;
        const noise = () => {
          state = Math.imul(state, 1_664_525) + 1_013_904_223;
          return 0.9 + ((state >>> 8) % 1000) / 5000;
        };
        for (let window = 0; window < 20; window += 1)
          controller.next(percents[controller.level] * noise(), 1000);
        let changes = 0;
        for (let window = 0; window < 1_000; window += 1) {
          const before = controller.level;
          controller.next(percents[controller.level] * noise(), 1000 * noise());
          if (controller.level !== before) changes += 1;
        }
        expect(changes).toBeLessThanOrEqual(24);
      }),
      { numRuns: 300 },
    );
  });

  test('returns to full within half a minute when the load is gone, and when it falls to what is affordable', () => {
    fc.assert(
      fc.property(costs, fc.double({ min: 0, max: 1, noNaN: true }), (percents, rest) => {
        const controller = new OverheadController(5);
        for (let window = 0; window < 20; window += 1) controller.next(percents[controller.level], 1000);
        const affordable = Math.min(1, (rest * 5 * 0.75) / Math.max(percents[0], 5));
        for (let window = 0; window < 30; window += 1) {
          controller.next(percents[controller.level] * affordable, 1000 * affordable);
        }
        expect(controller.level).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('finds out that the same number of spans has become cheap', () => {
    const controller = new OverheadController(5);
    for (let window = 0; window < 20; window += 1) controller.next(controller.level === 0 ? 40 : 1, 1000);
    expect(controller.level).toBe(1);
    for (let window = 0; window < 200; window += 1) controller.next(0.5, 1000);
    expect(controller.level).toBe(0);
  });
});

/** A budget on a clock that stands still unless work is done. */
function budgetOf(percent: number) {
  let now = 1000;
  const budget = new Overhead(percent, () => now);
  return {
    budget,
    /** A second in which `calls` calls take `micros` each. */
    second(calls: number, micros: number): void {
      const until = now + 1000;
      for (let call = 0; call < calls; call += 1) {
        const begun = call % 2 === 0 ? budget.beginStart() : budget.begin();
        now += micros / 1000;
        budget.end(begun);
        now += (1000 - calls * (micros / 1000)) / calls;
      }
      now = until;
    },
  };
}

describe('the measure', () => {
  test('samples one call in seventeen and counts it for all', () => {
    const within = budgetOf(2.2);
    const over = budgetOf(1.8);
    for (let second = 0; second < 20; second += 1) {
      // 2 % of the thread.
      within.second(1000, 20);
      over.second(1000, 20);
    }
    expect(within.budget.contentLevel).toBe(0);
    expect(over.budget.contentLevel).toBe(2);
    expect(over.budget.sampling).toBe(1 / 64);
    for (const { budget } of [within, over]) budget.close();
  });

  test('a long pause in one call is not taken for what all calls do', () => {
    let now = 0;
    const budget = new Overhead(5, () => now);
    for (let call = 1; call <= 20_400; call += 1) {
      const begun = budget.begin();
      // Once in 1,020 calls, always in one that is timed.
      now += call % 1020 === 0 ? 30 : 0.01;
      budget.end(begun);
      now += 1;
    }
    expect(budget.contentLevel).toBe(0);
    budget.close();
  });

  test('work inside a call is part of the call, and not counted twice', () => {
    let now = 0;
    const budget = new Overhead(41, () => now);
    for (let call = 0; call < 20_000; call += 1) {
      const begun = budget.begin();
      const inner = budget.beginWork();
      now += 0.04;
      budget.end(inner);
      budget.end(begun);
      now += 0.06;
    }
    // 40 % of the thread; counted on its own as well, the work would make it more.
    expect(budget.contentLevel).toBe(0);
    budget.close();
  });
});

describe('exporting is work', () => {
  test.each(MODES)('in %s mode, from the flush on', async (mode) => {
    const exporter = new WireRecorder();
    const batch = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1 });
    const provider = new TracerProvider({
      spanProcessors: mode === 'arena' ? [batch] : [processorOf(), batch],
    });
    limitOverhead(5);
    const measured = vi.spyOn(overhead as Overhead, 'beginWork');
    provider.getTracer('t').startSpan('s').end();
    expect(measured).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(exporter.spans).toHaveLength(1));
    expect(measured).toHaveBeenCalled();
    if (mode === 'plug-in') expect(measured.mock.calls.length).toBeGreaterThan(1);
    await provider.shutdown();
  });

  test('so is every further turn in which a body is written', async () => {
    limitOverhead(5);
    const measured = vi.spyOn(overhead as Overhead, 'beginWork');
    const ended = new Promise<void>((resolve) => {
      const target = { destroyed: false, write: () => true, end: resolve, once: () => {} };
      writeBody(target, [new Uint8Array(3 * BYTES_PER_TURN)]);
    });
    await ended;
    expect(measured).toHaveBeenCalledTimes(2);
  });
});

describe.each(MODES)('in %s mode', (mode) => {
  test('content is shortened, then left out without being read, and what is left says so', () => {
    limitOverhead(5);
    const { exporter, tracer, provider } = recordIn(mode);
    let read = 0;
    const end = (level: 0 | 1 | 2, value: unknown): Record<string, unknown> => {
      if (overhead !== null) overhead.contentLevel = level;
      const span = tracer.startSpan('s', { attributes: { own: 'y'.repeat(3000) } });
      captureContent(span, 'input.value', value, (given) => {
        read += 1;
        return String(given);
      });
      span.end();
      return plainAttributes(exporter.spans.at(-1)?.attributes ?? []);
    };
    const own = 'y'.repeat(3000);
    expect(end(0, 'x'.repeat(5000))).toEqual({ own, 'input.value': 'x'.repeat(5000) });
    const short = end(1, 'x'.repeat(5000));
    expect(short).toEqual({ own, 'input.value': expect.any(String), 'input.value.original_length': 5000 });
    expect(String(short['input.value'])).toHaveLength(1024);
    expect(end(2, 'x'.repeat(5000))).toEqual({ own, 'input.value.original_length': 5000 });
    expect(end(2, { messages: [] })).toEqual({ own, 'input.value.original_length': -1 });
    expect(read).toBe(2);
    expect(provider.stats().shed).toEqual({
      shortened: 1,
      omitted: 2,
      unsampled: 0,
      content: 'omitted',
      sampling: 1,
    });
    // The line about a receiver that is slow would be wrong.
    expect(lines).toEqual([]);
  });
});

const ASKED: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
  toString: () => 'asked',
};

describe('of new traces', () => {
  /** A budget that is far exceeded: of new traces one in 64 is recorded. */
  function exceed(): void {
    limitOverhead(0.1);
    const now = vi.spyOn(performance, 'now');
    let millis = performance.now();
    now.mockImplementation(() => millis);
    for (let call = 0; call < 17 * 40; call += 1) {
      const begun = overhead?.beginStart() ?? -1;
      millis += 20;
      overhead?.end(begun);
    }
    now.mockRestore();
  }

  test.each([
    ['the default sampler', undefined],
    ['a sampler that records everything', new AlwaysOnSampler()],
    ['a sampler that must be asked', ASKED],
  ])('with %s, whole ones are recorded, by their id', (_, sampler) => {
    const { exporter, tracer, provider } = record({ sampler });
    exceed();
    expect(overhead?.sampling).toBe(1 / 64);
    const traces = 6400;
    for (let index = 0; index < traces; index += 1) {
      const root = tracer.startSpan('root', { kind: SpanKind.SERVER });
      const child = tracer.startSpan('child', {}, traceApi.setSpan(context.active(), root));
      tracer.startSpan('grandchild', {}, traceApi.setSpan(context.active(), child)).end();
      child.end();
      root.end();
    }
    const ids = new Map<string, number>();
    for (const { traceId } of exporter.spans) ids.set(traceId, (ids.get(traceId) ?? 0) + 1);
    expect(new Set(ids.values())).toEqual(new Set([3]));
    for (const id of ids.keys()) expect(Number.parseInt(id.slice(-2), 16) & 63).toBe(0);
    // 100 of 6,400 expected; six standard deviations.
    expect(Math.abs(ids.size - traces / 64)).toBeLessThan(60);
    expect(provider.stats()).toMatchObject({
      started: ids.size * 3,
      shed: { unsampled: traces - ids.size, sampling: 1 / 64, content: 'omitted' },
    });
  });

  test('a child of a remote parent is recorded as its parent was', () => {
    const { exporter, tracer } = record();
    exceed();
    for (let index = 0; index < 50; index += 1) {
      const traceId = `${index}`.padStart(32, '1');
      const remote = { traceId, spanId: '1234567812345678', traceFlags: 1, isRemote: true };
      tracer.startSpan('s', {}, traceApi.setSpanContext(context.active(), remote)).end();
    }
    expect(exporter.spans).toHaveLength(50);
  });
});

test('one line when it begins and one when all is recorded again', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  limitOverhead(2);
  for (let call = 0; call < 17 * 30; call += 1) {
    const begun = overhead?.begin() ?? -1;
    vi.advanceTimersByTime(20);
    overhead?.end(begun);
  }
  expect(overhead?.contentLevel).toBe(2);
  expect(lines).toEqual([
    expect.stringMatching(/^spandrel: tracing takes \d+\.\d % .* maxCpuPercent is 2: captured content/),
  ]);
  // Nothing is called any more: a timer sees that the load is gone.
  vi.advanceTimersByTime(60_000);
  expect(overhead).toMatchObject({ contentLevel: 0, sampling: 1 });
  expect(lines[1]).toMatch(/^spandrel: tracing did less, to keep to maxCpuPercent, for \d+\.\d s/);
  vi.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(2);
  vi.useRealTimers();
});

test('without a budget no clock is read and nothing is counted', () => {
  const { tracer, provider } = record();
  const span = tracer.startSpan('s', { startTime: 1 });
  const now = vi.spyOn(performance, 'now');
  captureContent(span, 'k', 'text', String);
  expect(now).not.toHaveBeenCalled();
  span.end(2);
  expect(provider.stats().shed).toEqual({
    shortened: 0,
    omitted: 0,
    unsampled: 0,
    content: 'full',
    sampling: 1,
  });
});
