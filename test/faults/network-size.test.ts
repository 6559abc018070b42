/** Requests that are too large, answers that come too early, answers that take a part, answers that point elsewhere. */
import { describe, expect, test } from 'vitest';
import { early } from './answer-faults.ts';
import { command, delivery, measure, TIME } from './both-sides.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import { type Arrival, type Reply, startReceiver } from './receiver.ts';
import { expectAllOnce, expectExact, type FaultResult, runFault } from './run-fault.ts';
import { first } from './transfer-faults.ts';

const FILE = 'network-size.test.ts';
const MEBIBYTE = 1_048_576;
const environment = { OTEL_BSP_SCHEDULE_DELAY: '50' };

/** As `client_max_body_size` of nginx. */
const atMost =
  (bytes: number) =>
  (arrival: Arrival): Reply | undefined =>
    arrival.bytes > bytes ? { status: 413 } : undefined;

const tooLarge = (arrivals: readonly Arrival[], limit: number): Arrival[] =>
  arrivals.filter(({ bytes }) => bytes > limit);

describe.concurrent('a receiver that takes 1 MiB', () => {
  test('costs one oversize span among 512 that span, and 19 more requests', TIME, async () => {
    const result = await measure(
      'oversize-span',
      FILE,
      {
        ...{ spans: 512, bytes: 100, lastBytes: MEBIBYTE + 1, answer: atMost(MEBIBYTE), settleMillis: 3_000 },
        // The batch of upstream, of 512 as well.
        environment: { OTEL_BSP_SCHEDULE_DELAY: '200' },
      },
      (measured) => ({ ...delivery(measured), requests: measured.arrivals.length }),
    );
    expectExact(result);
    expect(result.received).toBe(511);
    expect(result.ledger).toMatchObject({ exported: 511, failed: 1, waiting: 0 });
    expect(result.ledger.lastError).toContain('HTTP 413');
    expect(result.arrivals.length).toBeLessThanOrEqual(20);
  });

  test('is asked for more than it takes once, and not again', TIME, async () => {
    const options = { spans: 6_000, bytes: 1_000, answer: atMost(MEBIBYTE), againMillis: 1_500 };
    const result = await measure('size-remembered', FILE, { ...options, environment }, (measured) => ({
      ...delivery(measured),
      requests: measured.arrivals.length,
      'of these refused': tooLarge(measured.arrivals, MEBIBYTE).length,
      'largest request, bytes': Math.max(...measured.arrivals.map(({ bytes }) => bytes)),
    }));
    expectAllOnce(result);
    const refused = tooLarge(result.arrivals, MEBIBYTE);
    expect(refused.length).toBeGreaterThan(0);
    // The second wave, as large as the first, begins after all refusals.
    const taken = result.arrivals.filter(({ bytes }) => bytes <= MEBIBYTE);
    const before = taken.filter(({ index }) => index < (refused.at(-1)?.index ?? 0));
    expect(before.reduce((sum, { spans }) => sum + spans, 0)).toBeLessThan(options.spans);
    expect(refused.length).toBeLessThanOrEqual(4);
  });
});

test.concurrent('20 MB finished in one tick travel in requests of at most 4 MiB', TIME, async () => {
  const options = { spans: 20_000, bytes: 1_000, environment };
  const result = await measure('request-size', FILE, options, (measured) => ({
    ...delivery(measured),
    requests: measured.arrivals.length,
    'largest request, bytes': Math.max(...measured.arrivals.map(({ bytes }) => bytes)),
  }));
  expectAllOnce(result);
  expect(Math.max(...result.arrivals.map(({ bytes }) => bytes))).toBeLessThanOrEqual(4 * MEBIBYTE);
  expect(result.arrivals.length).toBeLessThanOrEqual(7);
});

describe.concurrent('an answer before the body was read', () => {
  test.each([
    [503, 'is tried again', { exported: 6_000, failed: 0 }],
    [413, 'is cut', { exported: 6_000, failed: 0 }],
    [200, 'is taken at its word', { exported: 6_000, failed: 0 }],
  ])('of %i %s, and no byte of another span is sent', TIME, async (status, _, counts) => {
    const late: Buffer[] = [];
    const spans = 3_000;
    const result = await measure(
      `early-${status}`,
      FILE,
      {
        ...{ spans, bytes: 1_000, environment, againMillis: 300, settleMillis: 4_000 },
        fault: first(
          1,
          early(status, 600, (piece) => void late.push(piece)),
        ),
      },
      (measured) => ({
        ...delivery(measured),
        'bytes of other spans': strangers(Buffer.concat(late.splice(0)), spans).length,
      }),
    );
    expect(result.ledger).toMatchObject({ started: 2 * spans, waiting: 0, ...counts });
    expect(result.duplicates).toBe(0);
    // Who says 200 to what it did not read has lost it: nobody else can know.
    expect(result.received).toBe(status === 200 ? spans : 2 * spans);
    if (!WRITES_FIGURES) expect(strangers(Buffer.concat(late), spans)).toEqual([]);
  });
});

/** Texts of spans that ended later, in what came before the next request, if the connection carried one. */
function strangers(late: Buffer, spans: number): string[] {
  const [rest] = late.toString('latin1').split('POST /v1/traces');
  const texts = rest.matchAll(/\b(\d+) \1 \1 \1 /g);
  return [...texts].map(([, index]) => index).filter((index) => Number(index) >= spans);
}

/** `ExportTraceServiceResponse.partial_success = 1 { rejected_spans = 1, error_message = 2 }`. */
function partial(rejected: number, message = ''): Uint8Array {
  const fields = [...(rejected > 0 ? [8, rejected] : []), ...(message === '' ? [] : [18, message.length])];
  const inner = [...fields, ...Buffer.from(message)];
  return Uint8Array.from([10, inner.length, ...inner]);
}

const protobuf = { 'content-type': 'application/x-protobuf' };
const PARTIAL: readonly Reply[] = [
  { status: 200, headers: protobuf, body: partial(3, 'three are bad') },
  { status: 200, headers: protobuf, body: partial(0, 'a hint') },
  { status: 200, headers: protobuf, body: partial(100, 'more than came') },
  { status: 200, headers: protobuf, body: Uint8Array.of(10, 200, 1, 8) },
  { status: 200, headers: protobuf, body: Uint8Array.of(255, 255, 255) },
  {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"partialSuccess":{"rejectedSpans":"2"}}',
  },
  { status: 200, headers: { 'content-type': 'application/json' }, body: '{"partialSuccess":' },
  { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
];

test.concurrent(
  'a partial success counts what it rejected, exactly, and is not sent again',
  TIME,
  async () => {
    const result = await measure(
      'partial-success',
      FILE,
      {
        ...{ spans: 10 * PARTIAL.length, answer: ({ index }) => PARTIAL[index] },
        environment: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' },
      },
      ({ arrivals, ledger }) => ({
        'spans rejected by the receiver': 3 + 10 + 2,
        'counted as rejected': ledger?.rejected ?? 0,
        'requests over one a batch': arrivals.length - PARTIAL.length,
      }),
    );
    expect(result.ledger).toMatchObject({ started: 80, exported: 65, rejected: 15, failed: 0, waiting: 0 });
    expect(result.arrivals).toHaveLength(PARTIAL.length);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  },
);

test.concurrent('a redirect brings no request to the second host', TIME, async () => {
  const second = await startReceiver();
  const statuses = [301, 302, 303, 307, 308];
  const location = `http://127.0.0.1:${second.port}/v1/traces`;
  const run = (sdk: 'spandrel' | 'upstream'): Promise<FaultResult> =>
    runFault({
      ...{ sdk, spans: statuses.length, init: { headers: { authorization: 'Bearer redirected' } } },
      environment: { OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' },
      answer: ({ index }) => ({ status: statuses[index] ?? 308, headers: { location } }),
    });
  try {
    const result = await run('spandrel');
    expectExact(result);
    expect(second.arrivals).toEqual([]);
    expect(result.ledger).toMatchObject({ failed: statuses.length, exported: 0 });
    expect(result.arrivals).toHaveLength(statuses.length);
    const figures = () => ({
      redirects: statuses.length,
      'requests at the second host': second.arrivals.length,
    });
    if (WRITES_FIGURES) {
      const ours = figures();
      await run('upstream');
      keepFigures('redirect', command(FILE), ours, figures());
    }
  } finally {
    await second.close();
  }
});
