import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { type MockOtlp, probeMockOtlp, startMockOtlp } from '../helpers/mock-otlp.ts';
import { spans } from './corpus.mjs';
import { expectCorpus, sendCorpus, variants } from './interop.ts';
import { post, upstreamBody, upstreamCorpus, upstreamIdentities } from './upstream.ts';

const describeMock = requireCounterpart('@elastic/mockotlpserver', probeMockOtlp);

describeMock('@elastic/mockotlpserver', () => {
  let receiver: MockOtlp;

  beforeAll(async () => {
    receiver = await startMockOtlp();
  });

  afterAll(async () => {
    await receiver?.stop();
  });

  test('reports every field of what opentelemetry-js serialises, so the comparison is sound', async () => {
    expect(await post(receiver.endpoint, upstreamBody())).toBe(200);
    expectCorpus(await receiver.spans(upstreamCorpus.length), upstreamCorpus, upstreamIdentities, 0);
  });

  test.for(variants)(
    'reports every field of what spandrel sends: $format, $engine, $protocol',
    async (variant) => {
      const before = (await receiver.spans(0)).length;
      const identities = await sendCorpus(receiver.endpoint, variant);
      const received = await receiver.spans(before + spans.length);
      expectCorpus(received.slice(before), spans, identities);
      const request = receiver.requests.at(-1);
      expect(request).toMatchObject({ method: 'POST', path: '/v1/traces' });
      expect(request?.headers['content-type']).toBe(
        variant.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      );
      expect(request?.headers['user-agent']).toMatch(/spandrel/i);
    },
  );
});
