/** Connections that break, and answers that are no HTTP, too much, or too many. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  duplicateAnswer,
  endlessBody,
  finAfterHead,
  garbageChunks,
  gzipBomb,
  hugeHeaders,
  informational,
  longLength,
  resetAfterHead,
  resetBeforeHeaders,
  shortLength,
} from './answer-faults.ts';
import { delivery, measure, TIME } from './both-sides.ts';
import { makeCertificate } from './certificate.ts';
import type { Fault } from './proxy.ts';
import { expectAllOnce, expectExact, runFault } from './run-fault.ts';
import { first, pass, resetMidBody } from './transfer-faults.ts';

const FILE = 'network-broken.test.ts';
const MEBIBYTE = 1_048_576;
const environment = { OTEL_BSP_SCHEDULE_DELAY: '50' };

const certificate = makeCertificate();
afterAll(() => certificate?.remove());
if (certificate === undefined) console.warn('skipped: the faults over TLS: openssl is absent');

type Row = readonly [id: string, name: string, fault: Fault, copies: number];

/** What is sent again was not answered for, though it had come: so many copies. */
const SENT_AGAIN: readonly Row[] = [
  ['reset-mid-body', 'a reset while the body is being written', resetMidBody(65_536), 0],
  ['reset-before-headers', 'a reset before the answer', resetBeforeHeaders, 1],
  ['huge-headers', 'a head of 1 MiB', hugeHeaders(MEBIBYTE), 1],
];

/** The head of a 200 says it: whatever becomes of its body. */
const SENT_ONCE: readonly Row[] = [
  ['pass', 'no fault', pass, 0],
  ['reset-after-head', 'a reset after the head of a 200', resetAfterHead, 0],
  ['fin-after-head', 'an end after the head of a 200', finAfterHead, 0],
  ['garbage-chunks', 'a body of chunks that are none', garbageChunks, 0],
  ['short-length', 'a body longer than its length says', shortLength, 0],
  ['long-length', 'a body shorter than its length says', longLength, 0],
  ['informational', 'three informational answers before the final one', informational, 0],
];

/** Half a request's worth of spans, twice, so that the connection after the fault is seen as well. */
const work = { spans: 500, bytes: 1_000, environment, againMillis: 300, flushes: 1 };

describe.concurrent('a connection that breaks', () => {
  test.each(SENT_AGAIN)('%s: the request is sent again after %s', TIME, async (id, _, fault, copies) => {
    const result = await measure(id, FILE, { ...work, fault: first(1, fault) }, delivery);
    expectExact(result);
    expect(result.received).toBe(result.sent);
    expect(result.duplicates).toBe(copies * work.spans);
    expect(result.ledger.lastError).toContain('no answer from');
  });

  test.each(SENT_ONCE)('%s: the request is sent once in spite of %s', TIME, async (id, _, fault) => {
    const result = await measure(id, FILE, { ...work, fault }, (measured) => ({
      ...delivery(measured),
      requests: measured.arrivals.length,
    }));
    expectAllOnce(result);
    expect(result.arrivals).toHaveLength(2);
  });

  test('an answer that comes twice does not answer the next request', TIME, async () => {
    const refused = ({ index }: { index: number }) => (index === 1 ? { status: 503 } : undefined);
    const result = await measure(
      'duplicate-answer',
      FILE,
      { ...work, fault: first(1, duplicateAnswer), answer: refused },
      delivery,
    );
    expectAllOnce(result);
  });
});

describe.skipIf(certificate === undefined)('over TLS', () => {
  const secure = { tls: certificate?.context, init: {} };
  const trusted = { ...environment, OTEL_EXPORTER_OTLP_CERTIFICATE: certificate?.file ?? '' };

  test.concurrent.each(SENT_AGAIN)(
    '%s: the request is sent again after %s',
    TIME,
    async (_id, _, fault, copies) => {
      const result = await runFault({ ...work, ...secure, environment: trusted, fault: first(1, fault) });
      expectExact(result);
      expect(result.received).toBe(result.sent);
      expect(result.duplicates).toBe(copies * work.spans);
    },
  );

  test.concurrent.each(SENT_ONCE)(
    '%s: the request is sent once in spite of %s',
    TIME,
    async (_id, _, fault) => {
      const result = await runFault({ ...work, ...secure, environment: trusted, fault });
      expectAllOnce(result);
    },
  );
});

describe.concurrent('compressed', () => {
  const zipped = { ...environment, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' };
  const rows = SENT_AGAIN.filter(([, , , copies]) => copies > 0);

  test.each(rows)('%s: the request is sent again after %s', TIME, async (_id, _, fault, copies) => {
    const result = await runFault({ ...work, environment: zipped, fault: first(1, fault) });
    expectExact(result);
    expect(result.received).toBe(result.sent);
    expect(result.duplicates).toBe(copies * work.spans);
    expect(result.arrivals.every(({ headers }) => headers['content-encoding'] === 'gzip')).toBe(true);
  });
});

describe.concurrent('an answer that is too much', () => {
  test('gzip-bomb: 200 MB of zeros are not inflated', TIME, async () => {
    const options = { ...work, fault: gzipBomb(200_000_000) };
    const plain = await runFault(work);
    const result = await measure('gzip-bomb', FILE, options, ({ end, ...measured }) => ({
      ...delivery(measured as never),
      'peak RSS over that without fault, MiB': Math.round((end.peakRss - plain.end.peakRss) / MEBIBYTE),
    }));
    expectAllOnce(result);
    expect(result.end.bytesRead).toBeLessThan(MEBIBYTE);
    expect(result.end.peakRss - plain.end.peakRss).toBeLessThan(2 * 16 * MEBIBYTE);
  });

  test('endless-body: is read to 4 MiB and is final', TIME, async () => {
    const plain = await runFault(work);
    const result = await measure(
      'endless-body',
      FILE,
      { ...work, fault: endlessBody },
      ({ end, ...measured }) => ({
        ...delivery(measured as never),
        'bytes read': end.bytesRead,
        'peak RSS over that without fault, MiB': Math.round((end.peakRss - plain.end.peakRss) / MEBIBYTE),
      }),
    );
    // OTLP specification, "Response Size": over the limit is a failure that is not retried, though it had come.
    expect(result.ledger).toMatchObject({
      started: result.sent,
      failed: result.sent,
      exported: 0,
      waiting: 0,
    });
    expect(result).toMatchObject({ received: result.sent, duplicates: 0 });
    expect(result.end.bytesRead).toBeLessThan(4 * MEBIBYTE + 2 * 65_536);
    expect(result.end.peakRss - plain.end.peakRss).toBeLessThan(2 * 16 * MEBIBYTE);
  });
});
