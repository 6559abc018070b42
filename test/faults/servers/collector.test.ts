/** The OpenTelemetry Collector that refuses: data while its memory is short, and requests over its limit. */
import { expect, test, vi } from 'vitest';
import { type Collector, probeCollector, startCollector } from '../../helpers/collector.ts';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { distinct, expectDelivered } from './ledger.ts';
import { type Side, type SideOptions, spandrel, upstream } from './sides.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/servers/collector.test.ts';
/** How long it refuses at most; upstream tries for about 7.6 s. */
const COLLECTION_MILLIS = WRITES_FIGURES ? 12_000 : 800;
const ROUNDS = 3;
/** As many as opentelemetry-js keeps without a flush. */
const SPANS_A_ROUND = 2_000;

vi.setConfig({ testTimeout: 240_000 });

const describeCollector = requireCounterpart('the OpenTelemetry Collector', probeCollector);

describeCollector('the Collector with memory_limiter', () => {
  /** Some 24 MiB, three times what it may hold once decoded; what arrived is read after its end. */
  async function sendTo<Sender extends Side>(start: (options: SideOptions) => Sender) {
    const memoryLimiter = { limitMebibytes: 48, collectionMillis: COLLECTION_MILLIS };
    const collector: Collector = await startCollector({ memoryLimiter });
    try {
      const side = start({ url: collector.endpoint });
      const began = performance.now();
      for (let round = 0; round < ROUNDS; round++) {
        side.finish(SPANS_A_ROUND, 4_000);
        await side.drain();
      }
      const millis = performance.now() - began;
      await side.stop();
      return { side, millis, received: await collector.stop() };
    } finally {
      await collector.stop();
    }
  }

  test('gets every span once, although it refused', async () => {
    const { side, received, millis } = await sendTo(spandrel);
    const total = ROUNDS * SPANS_A_ROUND;
    expect(side.stats().lastError).toMatch(/^HTTP 503 from .*: data refused due to high memory usage/);
    expect(side.said).toEqual([expect.stringMatching(/HTTP 503 .* spans are kept and tried again/)]);
    expect(side.stats()).toMatchObject({ started: total, exported: total, failed: 0, rejected: 0 });
    expectDelivered(side.stats(), received);

    const theirs = WRITES_FIGURES ? await sendTo(upstream) : undefined;
    keepFigures(
      'servers-collector',
      COMMAND,
      {
        [`lost spans of ${total}`]: total - distinct(received),
        'time until all were taken, s': Math.round(millis / 1_000),
      },
      theirs && {
        [`lost spans of ${total}`]: total - distinct(theirs.received),
        'time until it was done, s': Math.round(theirs.millis / 1_000),
      },
    );
  });
});

describeCollector('the Collector that takes 256 KiB', () => {
  async function sendTo<Sender extends Side>(
    start: (options: SideOptions) => Sender,
    compression: 'none' | 'gzip',
  ) {
    const collector = await startCollector({ maxRequestBytes: 256 * 1024 });
    try {
      const side = start({ url: collector.endpoint, compression });
      side.finish(256, 450);
      side.finish(1, 300 * 1024);
      side.finish(255, 450);
      await side.drain();
      await side.stop();
      return { side, received: await collector.stop() };
    } finally {
      await collector.stop();
    }
  }

  test.each(['none', 'gzip'] as const)(
    'loses the one span that is larger, compression %s',
    async (compression) => {
      const { side, received } = await sendTo(spandrel, compression);
      expect(side.said).toEqual([
        expect.stringMatching(
          /^spandrel: 1 spans lost: HTTP 400 .*: http: request body too large \(.*larger than/,
        ),
      ]);
      expect(side.stats()).toMatchObject({ started: 512, exported: 511, failed: 1 });
      expectDelivered(side.stats(), received);
      if (compression !== 'none') return;
      const theirs = WRITES_FIGURES ? await sendTo(upstream, compression) : undefined;
      keepFigures(
        'servers-collector-size',
        COMMAND,
        { 'delivered spans of 512': distinct(received) },
        theirs && { 'delivered spans of 512': distinct(theirs.received) },
      );
    },
  );
});
