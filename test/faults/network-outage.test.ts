/** A collector that is away, refuses, or says that it cannot, and comes back. */
import { describe, expect, test } from 'vitest';
import { delivery, measure, TIME } from './both-sides.ts';
import { WRITES_FIGURES } from './figures.ts';
import { outage } from './outage.ts';
import { expectAllOnce, expectExact, runFault } from './run-fault.ts';

const FILE = 'network-outage.test.ts';
/** An outage of a minute is too long for every run, and long enough for figures. */
const OUTAGE_MILLIS = WRITES_FIGURES ? 60_000 : 3_000;
const SOON = { OTEL_BSP_SCHEDULE_DELAY: '100' };

describe.concurrent('a collector that is away', () => {
  test('for some seconds at 1,000 spans/s costs no span', TIME, async () => {
    const { options, back, figures } = outage(OUTAGE_MILLIS, 1_000, 200);
    const result = await measure('outage', FILE, options, figures);
    expectExact(result);
    expect(result.received).toBe(result.sent);
    if (WRITES_FIGURES) return;
    const [first, ...rest] = back(result);
    // The ceiling of a pause is 30 s, and here of the third one 4 s; what had waited is sent in 10 s.
    expect(first).toBeLessThan(2 * 8_000);
    expect((rest.at(-1) ?? first) - first).toBeLessThan(2 * 10_000);
  });

  test.each([502, 503, 504])('behind a %i is tried again until it answers', TIME, async (status) => {
    const away = WRITES_FIGURES ? 15_000 : 1_500;
    let began = 0;
    const options = {
      ...{ spans: 100, environment: SOON, flushes: 0, settleMillis: away + 25_000 },
      answer: ({ index, at }: { index: number; at: number }) => {
        if (index === 0) began = at;
        return at - began < away ? { status } : undefined;
      },
    };
    const result = await measure(`status-${status}`, FILE, options, (measured) => ({
      'away, s': away / 1_000,
      ...delivery(measured),
      requests: measured.arrivals.length,
    }));
    expectAllOnce(result);
    const times = result.arrivals.map(({ at }) => at);
    expect(times.length).toBeGreaterThan(2);
    for (let index = 1; index < times.length; index += 1) {
      expect(times[index] - times[index - 1]).toBeGreaterThan(495);
    }
    expect(result.ledger.lastError).toContain(`HTTP ${status}`);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('under a name nobody knows keeps its spans, and shutdown counts them', TIME, async () => {
    const options = {
      spans: 100,
      environment: SOON,
      flushMillis: 1_500,
      init: { endpoint: 'http://x.invalid' },
    };
    const kept = await runFault(options);
    expectExact(kept);
    expect(kept.ledger).toMatchObject({ waiting: 100, exported: 0, failed: 0, dropped: {} });
    expect(kept.ledger.lastError).toMatch(/no answer from http:\/\/x\.invalid.*: (ENOTFOUND|EAI_AGAIN)$/);
    const stopped = await measure('unknown-name', FILE, { ...options, shutdownMillis: 100 }, (result) => ({
      'spans not delivered': result.sent - result.received,
      'of these counted at the end': result.ledger?.dropped.shutdown ?? 0,
      'lines on stderr': result.stderr.split('\n').length - 1,
    }));
    expectExact(stopped);
    expect(stopped.ledger).toMatchObject({ waiting: 0, dropped: { shutdown: 100 } });
  });
});
