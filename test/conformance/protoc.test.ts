import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { CapturingExporter } from '../helpers/engine-capture.ts';
import { probeProtoc, protocAccepts, protocAcceptsAll } from '../helpers/protoc.ts';
import { spans } from './corpus.mjs';
import { sendCorpus, type Variant, variants } from './interop.ts';
import { upstreamBody, upstreamCorpus } from './upstream.ts';

const describeProtoc = requireCounterpart('protoc', probeProtoc);

/** One span with nothing but this name, by hand: lengths stay below 128. */
function bodyNamed(name: Uint8Array): Uint8Array {
  const wrap = (tag: number, content: Uint8Array) => Uint8Array.of(tag, content.length, ...content);
  return wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, name))));
}

async function bodiesSent(variant: Variant): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks));
    response.setHeader('content-type', 'application/x-protobuf').end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await sendCorpus(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, variant);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return bodies;
}

describeProtoc('protoc', () => {
  test('decodes what opentelemetry-js serialises', () => {
    const decoded = protocAccepts(upstreamBody());
    expect(decoded.match(/^ {4}spans \{$/gm)).toHaveLength(upstreamCorpus.length);
  });

  test.each(['array', 'map'])('decodes the deepest %s that an event may hold', async (kind) => {
    const exporter = new CapturingExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    let value: unknown = 1;
    for (let depth = 0; depth < 100; depth += 1) value = kind === 'array' ? [value] : { in: value };
    const span = provider.getTracer('deep').startSpan('deep');
    span.addEvent('deep', { value: value as never }).end();
    expect(exporter.requests).toHaveLength(1);
    expect(protocAccepts(exporter.requests[0])).toContain('name: "deep"');
  });

  test('refuses a name that is not UTF-8', () => {
    expect(() => protocAccepts(bodyNamed(Uint8Array.of(0xed, 0xa0, 0x80)))).toThrow(/protoc refused/);
  });

  test('refuses a body that is cut short', () => {
    expect(() => protocAccepts(upstreamBody().subarray(0, -1))).toThrow(/protoc refused/);
  });

  test('names a field that the schema lacks', () => {
    const unknownField = Uint8Array.of(0x0a, 0x03, 0xf8, 0x07, 0x01);
    expect(() => protocAccepts(unknownField)).toThrow(/field 127/);
  });

  test('names the one bad body among many, wherever it is', () => {
    const good = bodyNamed(new TextEncoder().encode('gut'));
    const bad = bodyNamed(Uint8Array.of(0xff));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (total, position) => {
        const bodies = Array.from({ length: total }, () => good);
        bodies[position % total] = bad;
        expect(() => protocAcceptsAll(bodies)).toThrow(
          `body ${position % total} of ${total}: protoc refused`,
        );
      }),
      { numRuns: 5 },
    );
  });

  test('does not let the body after it complete one that is cut short', () => {
    const whole = bodyNamed(new TextEncoder().encode('whole'));
    expect(() => protocAcceptsAll([whole, whole.subarray(0, -1), whole])).toThrow('body 1 of 3 is not whole');
  });

  test('decodes many bodies in few runs', () => {
    const body = upstreamBody(upstreamCorpus.filter((span) => span.key !== 'large'));
    const total = 30;
    const atLeast = Math.ceil((total * body.length) / (4 * 1024 * 1024));
    expect(protocAcceptsAll(Array.from({ length: total }, () => body))).toBeLessThanOrEqual(atLeast + 1);
  });

  test.for(variants.filter(({ protocol }) => protocol === 'http/protobuf'))(
    'decodes every body that spandrel sends: $format, $engine',
    async (variant) => {
      const bodies = await bodiesSent(variant);
      expect(protocAcceptsAll(bodies)).toBeGreaterThanOrEqual(1);
      const decoded = protocAccepts(Buffer.concat(bodies));
      expect(decoded.match(/^ {4}spans \{$/gm)).toHaveLength(spans.length);
    },
  );
});
