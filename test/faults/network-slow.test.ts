/** Servers that hang, trickle, or close what nobody uses. */
import { describe, expect, test } from 'vitest';
import { slowAnswer, slowHead } from './answer-faults.ts';
import { command, delivery, measure, TIME } from './both-sides.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import { expectAllOnce, expectExact, type FaultResult, runFault } from './run-fault.ts';
import { bandwidth, blackHole, closeWhenIdle, deaf, first, latency, slowReader } from './transfer-faults.ts';

const FILE = 'network-slow.test.ts';
/** Of one attempt. The default is what figures are of. */
const TIMEOUT = WRITES_FIGURES ? 10_000 : 3_000;
const environment = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_TIMEOUT: `${TIMEOUT}` };

describe.concurrent('an attempt ends at its total deadline, and nothing is lost', () => {
  test.each([
    ['hung-server', 'a server that reads and never answers', blackHole, 100],
    ['deaf-server', 'a server that does not even read', deaf, 5_000],
    ['slow-reader', 'a server that reads a byte at a time', slowReader(100), 5_000],
    ['slow-head', 'a server whose head comes a byte at a time', slowHead(100), 100],
  ])('%s: %s', TIME, async (id, _, harm, spans) => {
    const result = await measure(
      id,
      FILE,
      {
        ...{ spans, bytes: 1_000, environment, fault: first(1, harm) },
        ...{ flushes: 0, settleMillis: TIMEOUT * 3, deadlineMillis: 120_000 },
      },
      (measured) => ({
        ...delivery(measured),
        'attempt ended after, s':
          measured.end.firstOpenMillis === 0
            ? 'not before the program'
            : Number((measured.end.firstOpenMillis / 1_000).toFixed(2)),
      }),
    );
    expectExact(result);
    expect(result.received).toBe(result.sent);
    // What had answered slowly had taken the spans: it gets them again, once.
    expect(result.duplicates).toBe(id === 'slow-head' ? spans : 0);
    expect(result.end.firstOpenMillis).toBeGreaterThan(TIMEOUT / 2);
    expect(result.end.firstOpenMillis).toBeLessThan(TIMEOUT * 2);
    expect(result.ledger.lastError).toMatch(/no answer from .*: timed out$/);
  });
});

describe.concurrent('a slow answer', () => {
  test('whose 200 has come is a success at the deadline, not sent again', TIME, async () => {
    const result = await measure(
      'slow-answer',
      FILE,
      { spans: 100, environment, fault: slowAnswer(200), flushMillis: TIMEOUT * 4 },
      (measured) => ({
        ...delivery(measured),
        requests: measured.arrivals.length,
        'flush, s': Number(((measured.end.flushes[0]?.millis ?? 0) / 1_000).toFixed(1)),
      }),
    );
    expectAllOnce(result);
    expect(result.arrivals).toHaveLength(1);
    expect(result.end.flushes[0].millis).toBeLessThan(TIMEOUT * 2);
  });

  test('that never ends does not hold shutdown beyond its deadline', TIME, async () => {
    const limit = WRITES_FIGURES ? 20_000 : 2_000;
    const result = await measure(
      'slow-shutdown',
      FILE,
      {
        ...{ spans: 100, fault: slowHead(200), flushes: 0, shutdownMillis: limit },
        ...{ environment: { ...environment, OTEL_EXPORTER_OTLP_TIMEOUT: '60000' }, deadlineMillis: 120_000 },
      },
      ({ end }) => ({ 'shutdown, ms': Math.round(end.shutdownMillis ?? 0) }),
    );
    expect(result.end.shutdownMillis).toBeLessThan(limit * 2);
    // Its answer is what is missing: the receiver took the spans that we have to count as given up.
    expect(result.ledger).toMatchObject({
      started: 100,
      waiting: 0,
      exported: 0,
      dropped: { shutdown: 100 },
    });
    expect(result.received).toBe(100);
  });
});

test.concurrent.each([
  ['latency', latency(150)],
  ['bandwidth', bandwidth(2_000_000)],
])('a network with little %s costs time only', TIME, async (id, fault) => {
  const options = { spans: 2_000, rate: 4_000, bytes: 1_000, fault };
  const result = await measure(id, FILE, options, (measured) => ({
    ...delivery(measured),
    'flush, s': Number(((measured.end.flushes[0]?.millis ?? 0) / 1_000).toFixed(1)),
  }));
  expectAllOnce(result);
  expect(result.stderr).toBe('');
});

test.concurrent(
  'a link too narrow for a whole request in the time of an attempt gets smaller ones',
  TIME,
  async () => {
    const result = await measure(
      'narrow-link',
      FILE,
      {
        ...{ spans: 1_500, bytes: 1_000, fault: bandwidth(1_500_000), flushes: 0, settleMillis: 40_000 },
        environment: { ...environment, OTEL_EXPORTER_OTLP_TIMEOUT: '500' },
      },
      (measured) => ({
        ...delivery(measured),
        'bytes that pass in the time of an attempt': 750_000,
        requests: measured.arrivals.length,
        'first to last request, s': Number(
          (((measured.arrivals.at(-1)?.at ?? 0) - (measured.arrivals[0]?.at ?? 0)) / 1_000).toFixed(1),
        ),
      }),
    );
    expectExact(result);
    expect(result.received).toBe(result.sent);
  },
);

test.concurrent(
  'a connection that the peer closes while it is idle costs no span, no line and no pause',
  TIME,
  async () => {
    const closings = [0, 0.1, 0.5, 1, 2, 3, 4, 5, 6];
    // Each next span ends when the connection is closed, as near as two timers can tell.
    const runs = (sdk: 'spandrel' | 'upstream'): Promise<FaultResult[]> =>
      Promise.all(
        closings.map((seconds) =>
          runFault({
            ...{ sdk, spans: 2 + Math.floor(3 / Math.max(seconds, 0.1)), rate: 1 / Math.max(seconds, 0.02) },
            ...{ fault: closeWhenIdle(seconds * 1_000), environment: { OTEL_BSP_SCHEDULE_DELAY: '1' } },
          }),
        ),
      );
    const results = await runs('spandrel');
    for (const result of results) {
      expectAllOnce(result);
      expect(result.stderr).toBe('');
    }
    const figures = (all: readonly FaultResult[]) => ({
      'idle, s': closings.join(', '),
      'spans sent': all.reduce((sum, { sent }) => sum + sent, 0),
      'spans lost': all.reduce((sum, { sent, received }) => sum + sent - received, 0),
      'lines on stderr': all.reduce((sum, { stderr }) => sum + stderr.split('\n').length - 1, 0),
    });
    if (WRITES_FIGURES)
      keepFigures('idle-closed', command(FILE), figures(results), figures(await runs('upstream')));
  },
);

test.concurrent(
  'flushes asked for while a request is in flight resolve after its answer, or say that there was none',
  TIME,
  async () => {
    const held = 400;
    const options = {
      ...{ spans: 512, bytes: 100, pauseMillis: 200, flushes: 5, fault: latency(held) },
      environment: { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '512' },
    };
    const deliveredBy = ({ arrivals }: FaultResult, at: number): number =>
      arrivals.reduce(
        (sum, arrival) => sum + (performance.timeOrigin + arrival.at < at ? arrival.spans : 0),
        0,
      );
    const result = await measure('flush-in-flight', FILE, options, (measured) => {
      const [earliest] = [...measured.end.flushes].sort((one, other) => one.at - other.at);
      return {
        'request and answer take, ms': 2 * held,
        'flush resolved after, ms': Math.round(earliest.millis),
        'spans delivered by then': deliveredBy(measured, earliest.at),
      };
    });
    expectAllOnce(result);
    expect(result.arrivals).toHaveLength(1);
    for (const { at, result: said } of result.end.flushes) {
      expect(deliveredBy(result, at)).toBe(512);
      expect(said).toMatchObject({ exported: 512, dropped: 0, waiting: 0 });
    }
    const none = await runFault({ ...options, fault: blackHole, flushMillis: 300 });
    for (const { millis, result: said } of none.end.flushes) {
      expect(millis).toBeLessThan(2 * 300);
      expect(said).toMatchObject({ exported: 0, dropped: 0, waiting: 512 });
    }
    expectExact(none);
  },
);
