import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type BatchCase, corpus, type ExportCase } from '../bench/corpus.ts';
import { longestBlock } from '../bench/export-block.ts';
import { parseOptions } from '../bench/options.ts';
import rivalPins from '../bench/rivals/package.json' with { type: 'json' };
import { OURS, RIVALS, type Sdk, type Side } from '../bench/sdk.ts';
import { missingBuild } from '../bench/sdk-spandrel.ts';
import { isRival, sdkFactory } from '../bench/sides.ts';
import { pairedRatio, percentile } from '../bench/statistics.ts';
import { Stopwatch } from '../bench/stopwatch.ts';
import { BATCH_SPANS } from '../bench/values.ts';
import rootManifest from '../package.json' with { type: 'json' };

const missing = missingBuild();
if (missing) console.warn(`bench: the cases of our own engines are skipped: ${missing}`);

const batchCases = corpus.filter((candidate): candidate is BatchCase => candidate.kind === 'batch');
const exportCases = corpus.filter((candidate): candidate is ExportCase => candidate.kind === 'export');

describe('the corpus', () => {
  test('names are unique and can be chosen by a regular expression', () => {
    const names = corpus.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
  });

  test.each(RIVALS)('every batch case runs once on %s', async (side) => {
    for (const benchCase of batchCases) await runOnce(side, benchCase);
  });

  test.skipIf(missing).each(OURS)(
    'every batch case runs once on the %s engine, and on no other',
    async (side) => {
      for (const benchCase of batchCases) {
        const { sdk } = await runOnce(side, benchCase);
        expect(sdk.engine, benchCase.name).toBe(side);
      }
    },
  );

  test.skipIf(missing).each(OURS)(
    'the %s engine turns a case into the bytes that upstream does',
    async (side) => {
      for (const benchCase of batchCases) {
        const [ours, theirs] = [await runOnce(side, benchCase), await runOnce('upstream', benchCase)];
        // Upstream also writes fields that hold their default, about 12 bytes a span; nothing else may differ.
        expect(ours.bytes, benchCase.name).toBeLessThanOrEqual(theirs.bytes * 1.02 + 512);
        expect(ours.bytes, benchCase.name).toBeGreaterThanOrEqual(theirs.bytes * 0.98 - 16 * BATCH_SPANS);
      }
    },
  );

  test.skipIf(missing).each(OURS)('every export case reaches a receiver from the %s engine', async (side) => {
    await exportOnce(side);
  });
});

async function runOnce(side: Side, benchCase: BatchCase): Promise<{ sdk: Sdk; bytes: number }> {
  const sdk = await (await sdkFactory(side)).open({ recording: benchCase.recording });
  const watch = new Stopwatch();
  const bytes = benchCase.run(sdk, watch);
  expect(watch.elapsed, benchCase.name).toBeGreaterThan(0);
  if (benchCase.recording) expect(bytes / BATCH_SPANS, benchCase.name).toBeGreaterThan(40);
  else expect(bytes, benchCase.name).toBe(0);
  expect(sdk.drain(), `${benchCase.name} left ended spans behind`).toBe(0);
  return { sdk, bytes };
}

async function exportOnce(side: Side): Promise<void> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const sdk = await (await sdkFactory(side)).openExporting(`http://127.0.0.1:${port}/v1/traces`);
  try {
    if (!isRival(side)) expect(sdk.engine).toBe(side);
    for (const benchCase of exportCases) {
      received = 0;
      benchCase.fill(sdk.tracer);
      await sdk.flush();
      expect(received / BATCH_SPANS, benchCase.name).toBeGreaterThan(40);
    }
  } finally {
    await sdk.shutdown();
    server.closeAllConnections();
    server.close();
  }
}

describe('the rivals', () => {
  test('are pinned to the versions the tests of this package use', () => {
    const pins: Record<string, string> = rivalPins.dependencies;
    const shared = Object.entries(rootManifest.devDependencies).filter(([name]) => name in pins);
    expect(shared.length).toBeGreaterThan(0);
    for (const [name, version] of shared) expect(pins[name], name).toBe(version);
  });

  test('the patched control writes the bytes that upstream writes, by another road', async () => {
    const upstream = await import('../bench/rivals/upstream.mjs' as string);
    const patched = await import('../bench/rivals/patched.mjs' as string);
    const span = await endedSpan([
      'short',
      'x'.repeat(48),
      'é'.repeat(300),
      '漢'.repeat(5_000),
      '😀'.repeat(47),
    ]);
    expect(patched.serializer.serializeRequest([span])).toEqual(upstream.serializer.serializeRequest([span]));
    expect(patched.stringWriters).toBeUndefined();
    expect(upstream.stringWriters.writer.prototype.writeString.toString()).not.toContain('utf8Write');
  });
});

async function endedSpan(values: string[]): Promise<unknown> {
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import(
    '@opentelemetry/sdk-trace-base'
  );
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const span = provider.getTracer('bench').startSpan('strings');
  for (const [index, value] of values.entries()) span.setAttribute(`value.${index}`, value);
  span.end();
  await provider.forceFlush();
  return exporter.getFinishedSpans()[0];
}

describe('the measuring', () => {
  test('a ratio pairs the rounds, so that a slow round of the machine falls on both sides', () => {
    expect(pairedRatio([100, 1_000, 100], [10, 100, 10])).toBe(10);
    expect(() => pairedRatio([1], [1, 2])).toThrow('expected as many rounds on both sides, got 1 and 2');
  });

  test('a percentile is a sample, the nearest rank', () => {
    const samples = [5, 1, 4, 2, 3];
    expect([0, 0.5, 0.99, 1].map((share) => percentile(samples, share))).toEqual([1, 3, 5, 5]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('the longest block covers the synchronous part of the action and later turns of it', async () => {
    const { block, duration } = await longestBlock(async () => {
      spin(5);
      await new Promise((turn) => setImmediate(turn));
      spin(15);
    });
    expect(block).toBeGreaterThanOrEqual(15);
    expect(duration).toBeGreaterThanOrEqual(20);
  });

  test('an option that is not known, or not a value of its flag, is refused by name', () => {
    expect(() => parseOptions(['--engine', 'rust'])).toThrow(
      '--engine expected one of wasm, ts, both, got "rust"',
    );
    expect(() => parseOptions(['--rounds', '0'])).toThrow(
      '--rounds expected a whole number above 0, got "0"',
    );
    expect(() => parseOptions(['--frobnicate'])).toThrow('--frobnicate');
    expect(parseOptions(['--engine', 'ts', '--no-rivals'])).toMatchObject({ engines: ['ts'], rivals: [] });
  });
});

function spin(millis: number): void {
  for (const until = performance.now() + millis; performance.now() < until; );
}
