/** Answers that ask to wait, and answers that are final. */
import { describe, expect, test } from 'vitest';
import { command, delivery, measure, TIME } from './both-sides.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Arrival, Reply } from './receiver.ts';
import { expectAllOnce, expectExact, runFault } from './run-fault.ts';

const FILE = 'network-throttle.test.ts';
const SMALL_BATCHES = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' };

const gaps = (arrivals: readonly Arrival[]): number[] =>
  arrivals.slice(1).map(({ at }, index) => at - arrivals[index].at);

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

const MALFORMED = [
  ...[
    '',
    '0',
    '-1',
    '-30',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    'NaN',
    'Infinity',
    'null',
    '5 seconds',
    '5,7',
  ],
  ...['99999999999999999999999x', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ...['Wed, 32 Foo 2099 99:99:99 GMT', '2099-01-01T00:00:00Z', '\t;\u00ff'],
];

describe.concurrent('Retry-After', () => {
  test.each([429, 503])('of a %i in seconds pauses every batch', TIME, async (status) => {
    const seconds = WRITES_FIGURES ? 30 : 1;
    const result = await measure(
      `retry-after-${status}`,
      FILE,
      {
        ...{ spans: 100, rate: 400, environment: SMALL_BATCHES, flushes: 0, settleMillis: 45_000 },
        answer: ({ index }) =>
          index === 0 ? { status, headers: { 'retry-after': `${seconds}` } } : undefined,
      },
      (measured) => ({
        'Retry-After, s': seconds,
        ...delivery(measured),
        'next request after, s': Number(((gaps(measured.arrivals)[0] ?? 0) / 1_000).toFixed(2)),
      }),
    );
    expectAllOnce(result);
    const [pause] = gaps(result.arrivals);
    expect(pause).toBeGreaterThan(seconds * 1_000 - 5);
    expect(pause).toBeLessThan(seconds * 2 * 1_200);
  });

  test('as a date is read against the clock of the server', TIME, async () => {
    const result = await runFault({
      ...{ spans: 20, environment: SMALL_BATCHES, flushes: 0, settleMillis: 20_000 },
      answer: ({ index }) =>
        index === 0
          ? { status: 503, headers: { 'retry-after': inSeconds(7_202), date: inSeconds(7_200) } }
          : undefined,
    });
    expectAllOnce(result);
    const [pause] = gaps(result.arrivals);
    expect(pause).toBeGreaterThan(1_995);
    expect(pause).toBeLessThan(2 * 2_400);
  });

  test('is kept by flush', TIME, async () => {
    const result = await runFault({
      ...{ spans: 20, environment: SMALL_BATCHES, flushAfterError: true, flushMillis: 5_000 },
      answer: ({ index }) => (index === 0 ? { status: 429, headers: { 'retry-after': '2' } } : undefined),
    });
    expectAllOnce(result);
    expect(gaps(result.arrivals)[0]).toBeGreaterThan(1_995);
  });

  test(
    'that is malformed is none: half a second at least, and never more than a pause of our own',
    TIME,
    async () => {
      expect(MALFORMED).toHaveLength(20);
      const groups = [0, 5, 10, 15].map((from) => MALFORMED.slice(from, from + 5));
      const results = await Promise.all(
        groups.map((values) =>
          runFault({
            ...{ spans: 5, rate: 1_000, flushes: 0, settleMillis: 30_000 },
            environment: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' },
            answer: ({ index }): Reply | undefined =>
              index % 2 === 0 ? { status: 429, headers: { 'retry-after': values[index / 2] } } : undefined,
          }),
        ),
      );
      const pauses = results.flatMap(({ arrivals }) => gaps(arrivals).filter((_, index) => index % 2 === 0));
      expect(pauses).toHaveLength(20);
      expect(Math.min(...pauses)).toBeGreaterThan(495);
      expect(Math.max(...pauses)).toBeLessThan(2 * 1_000);
      for (const result of results) expectAllOnce(result);
      await keepMalformed(pauses);
    },
  );
});

/** Upstream's answer to the same values, one after the other. */
async function keepMalformed(pauses: readonly number[]): Promise<void> {
  if (!WRITES_FIGURES) return;
  const theirs = await runFault({
    ...{ sdk: 'upstream', spans: 1, settleMillis: 8_000 },
    answer: ({ index }) => ({
      status: 429,
      headers: { 'retry-after': ['0', 'soon', 'Thu, 01 Jan 1970 00:00:00 GMT'][index % 3] },
    }),
  });
  const figures = (least: number) => ({ 'least pause, ms': Math.round(least) });
  keepFigures(
    'retry-after-malformed',
    command(FILE),
    { values: 20, 'spans lost': 0, ...figures(Math.min(...pauses)) },
    {
      values: 3,
      'spans lost': theirs.sent - theirs.received,
      ...figures(Math.min(...gaps(theirs.arrivals))),
    },
  );
}

test(
  'every other status from 300 to 599 gets one request, is counted, and is said once a minute',
  TIME,
  async () => {
    const statuses = Array.from({ length: 300 }, (_, index) => 300 + index).filter(
      (status) => ![429, 502, 503, 504].includes(status),
    );
    const result = await measure(
      'final-statuses',
      FILE,
      {
        // Without a flush, by which opentelemetry-js loses all beyond 30 requests at once.
        ...{ spans: statuses.length + 1, rate: 2_000, flushes: 0, settleMillis: 20_000 },
        environment: { OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' },
        answer: ({ index }) => (index < statuses.length ? { status: statuses[index] } : undefined),
      },
      ({ arrivals, sent }) => ({
        'spans, each a request of its own': sent,
        requests: arrivals.length,
      }),
    );
    expectExact(result);
    expect(result.arrivals).toHaveLength(result.sent);
    expect(result.ledger).toMatchObject({ failed: statuses.length, exported: 1, waiting: 0 });
    expect(result.ledger.lastError).toContain('HTTP 599');
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  },
);
