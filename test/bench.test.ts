import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adoptBuild, buildDigest, missingBuild } from '../bench/build.ts';
import { type BatchCase, caseNamed, corpus, type ExportCase } from '../bench/corpus.ts';
import { longestBlock } from '../bench/export-block.ts';
import type { WarmResult } from '../bench/job.ts';
import { parseOptions } from '../bench/options.ts';
import { batchTable } from '../bench/report.ts';
import rivalPins from '../bench/rivals/package.json' with { type: 'json' };
import { OURS, RIVALS, type Sdk, type Side } from '../bench/sdk.ts';
import { groupsOf, isRival, sdkFactory, standsOn } from '../bench/sides.ts';
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

  test.skipIf(missing).each(OURS)('every batch case of %s runs once, on its engine', async (side) => {
    for (const benchCase of casesOf(side)) {
      const { sdk } = await runOnce(side, benchCase);
      expect(sdk.engine, benchCase.name).toBe(engineOf(side));
    }
  });

  test.skipIf(missing).each(OURS)(
    'the side %s turns a case into the bytes that upstream does',
    async (side) => {
      for (const benchCase of casesOf(side)) {
        const [ours, theirs] = [await runOnce(side, benchCase), await runOnce('upstream', benchCase)];
        // Upstream also writes fields that hold their default, about 12 bytes a span; nothing else may differ.
        expect(ours.bytes, benchCase.name).toBeLessThanOrEqual(theirs.bytes * 1.02 + 512);
        expect(ours.bytes, benchCase.name).toBeGreaterThanOrEqual(theirs.bytes * 0.98 - 16 * BATCH_SPANS);
      }
    },
  );

  test.skipIf(missing).each(OURS)('every export case reaches a receiver from %s', async (side) => {
    await exportOnce(side);
  });
});

const casesOf = (side: Side): BatchCase[] => batchCases.filter((benchCase) => standsOn(side, benchCase));
const engineOf = (side: Side): string => (side === 'ts' ? 'ts' : 'wasm');

describe('plug-in mode on a row', () => {
  test.skipIf(missing)(
    'its spans are objects that can be written to until the drain, and no others',
    async () => {
      const lengths: Record<string, number> = {};
      for (const side of ['wasm', 'plug-in'] as const) {
        const sdk = await (await sdkFactory(side)).open({ recording: true });
        const span = sdk.tracer.startSpan('written to after its end');
        span.end();
        try {
          (span as unknown as { name: string }).name = 'x'.repeat(1000);
        } catch {
          // A live handle of arena mode may refuse.
        }
        lengths[side] = sdk.drain();
      }
      expect(lengths['plug-in']).toBeGreaterThan(1000);
      expect(lengths.wasm).toBeLessThan(1000);
    },
  );

  test('shares no process with the engines in arena mode', () => {
    const constant = caseNamed('constant-10');
    expect(groupsOf(constant, OURS, RIVALS, true)).toEqual([
      ['wasm', 'before', ...RIVALS],
      ['ts', ...RIVALS],
      ['plug-in', ...RIVALS],
    ]);
    expect(groupsOf(caseNamed('non-recording'), OURS, [], false)).toEqual([['wasm'], ['ts']]);
    expect(groupsOf(constant, [], RIVALS, false)).toEqual([RIVALS]);
  });

  test('has a row of every name it claims', () => {
    expect(corpus.filter((benchCase) => standsOn('plug-in', benchCase))).toHaveLength(10);
  });
});

describe('another build', () => {
  test.skipIf(missing)('runs beside ours from modules of its own, even when it is the same', async () => {
    const before = adoptBuild(fileURLToPath(new URL('../dist', import.meta.url)));
    expect(before).toContain(buildDigest());
    const sides = await Promise.all(
      (['wasm', 'before'] as const).map(async (side) =>
        (await sdkFactory(side, before)).open({ recording: true }),
      ),
    );
    const [ours, theirs] = sides.map(({ tracer }) => tracer);
    expect(theirs.constructor).not.toBe(ours.constructor);
    for (const benchCase of batchCases) {
      const [now, then] = [await runOnce('wasm', benchCase), await runOnce('before', benchCase, before)];
      expect(then.bytes, benchCase.name).toBe(now.bytes);
    }
    await exportOnce('before', before);
  });

  test('that is none is refused by what is missing', async () => {
    expect(() => adoptBuild(tmpdir())).toThrow(
      '--before expected a folder with esm/bench-hooks.mjs and esm/otel.mjs',
    );
    await expect(sdkFactory('before')).rejects.toThrow('expected the folder of a build');
    expect(() => parseOptions(['--before', 'dist', '--engine', 'ts'])).toThrow(
      '--before is compared with the wasm',
    );
  });

  test('is compared round by round, in the processes that it ran in, and only then has a column', () => {
    const warm = (side: Side, rounds: number[]): WarmResult => ({
      side,
      engine: 'wasm',
      version: '',
      rounds,
      batchP50: 1,
      batchP99: 1,
      wireBytes: 1,
    });
    const tableOf = (...runs: WarmResult[][]) =>
      batchTable([{ benchCase: caseNamed('end'), runs, cold: new Map() }]);
    const { head, rows } = tableOf(
      [warm('wasm', [10, 100, 10]), warm('before', [20, 200, 20])],
      [warm('plug-in', [10, 10, 10])],
    );
    expect(head.at(-1)).toBe('x before');
    expect(rows.map((row) => [row[1], row.at(-1)])).toEqual([
      ['wasm', '2.00'],
      ['before', '-'],
      ['plug-in', '-'],
    ]);
    expect(tableOf([warm('wasm', [1])]).head.at(-1)).toBe('x ts');
  });
});

async function runOnce(
  side: Side,
  benchCase: BatchCase,
  before?: string,
): Promise<{ sdk: Sdk; bytes: number }> {
  const sdk = await (await sdkFactory(side, before)).open({ recording: benchCase.recording });
  const watch = new Stopwatch();
  const bytes = benchCase.run(sdk, watch);
  expect(watch.elapsed, benchCase.name).toBeGreaterThan(0);
  if (benchCase.recording) expect(bytes / BATCH_SPANS, benchCase.name).toBeGreaterThan(40);
  else expect(bytes, benchCase.name).toBe(0);
  expect(sdk.drain(), `${benchCase.name} left ended spans behind`).toBe(0);
  return { sdk, bytes };
}

async function exportOnce(side: Side, before?: string): Promise<void> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const sdk = await (await sdkFactory(side, before)).openExporting(`http://127.0.0.1:${port}/v1/traces`);
  try {
    if (!isRival(side)) expect(sdk.engine).toBe(engineOf(side));
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

  test('the longest block counts what was begun before the action', async () => {
    setImmediate(spin, 15);
    const { block } = await longestBlock(async () => {});
    expect(block).toBeGreaterThanOrEqual(15);
  });

  test('an option that is not known, or not a value of its flag, is refused by name', () => {
    expect(() => parseOptions(['--engine', 'rust'])).toThrow(
      '--engine expected one of wasm, ts, both, plug-in, all, got "rust"',
    );
    expect(() => parseOptions(['--rounds', '0'])).toThrow(
      '--rounds expected a whole number above 0, got "0"',
    );
    expect(() => parseOptions(['--frobnicate'])).toThrow('--frobnicate');
    expect(parseOptions(['--engine', 'ts', '--no-rivals'])).toMatchObject({ ours: ['ts'], rivals: [] });
    expect(parseOptions([])).toMatchObject({ ours: OURS, before: undefined, rivals: RIVALS });
  });
});

function spin(millis: number): void {
  for (const until = performance.now() + millis; performance.now() < until; );
}
