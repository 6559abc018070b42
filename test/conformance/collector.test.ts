import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collector, probeCollector, startCollector } from '../helpers/collector.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { spans } from './corpus.mjs';
import { expectCorpus, sendCorpus, type Variant, variants } from './interop.ts';
import { post, upstreamBody, upstreamCorpus, upstreamIdentities } from './upstream.ts';

const describeCollector = requireCounterpart('the OpenTelemetry Collector', probeCollector);

describeCollector('the OpenTelemetry Collector', () => {
  let collector: Collector;

  beforeAll(async () => {
    collector = await startCollector();
  });

  afterAll(async () => {
    await collector?.stop();
  });

  test('reports every field of what opentelemetry-js serialises, so the comparison is sound', async () => {
    expect(await post(collector.endpoint, upstreamBody())).toBe(200);
    expectCorpus(await collector.spans(upstreamCorpus.length), upstreamCorpus, upstreamIdentities, 0);
  });

  test('refuses a body that is cut short', async () => {
    expect(await post(collector.endpoint, upstreamBody().subarray(0, -1))).toBe(400);
  });

  const compressed: Variant = { ...variants[0], protocol: 'http/json', compression: 'gzip' };
  const title = 'reports every field of what spandrel sends: $format, $engine, $protocol, $compression';
  test.for([...variants, compressed])(title, async (variant) => {
    const before = (await collector.spans(0)).length;
    const identities = await sendCorpus(collector.endpoint, variant);
    const received = await collector.spans(before + spans.length);
    expectCorpus(received.slice(before), spans, identities);
  });
});

describeCollector('an OpenTelemetry Collector with a small request limit', () => {
  test('refuses a larger body and writes nothing', async () => {
    const small = await startCollector({ maxRequestBytes: 64 * 1024 });
    const status = await post(small.endpoint, upstreamBody());
    const written = await small.stop();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(written).toEqual([]);
  });

  test('has written every span it answered for once it is stopped', async () => {
    const collector = await startCollector();
    await post(collector.endpoint, upstreamBody());
    expectCorpus(await collector.stop(), upstreamCorpus, upstreamIdentities, 0);
  });
});
