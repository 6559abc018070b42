/** A receiver that does not answer, and a program that makes more than fits: what is lost, in which order, what is said. */

import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Tracer } from '@opentelemetry/api';
import { afterAll, expect, test } from 'vitest';
import { bundle, run } from '../helpers/api-child.ts';
import { processorOf } from '../helpers/api-modes.ts';
import { type OtlpReceiver, receiveOtlp } from '../helpers/api-receiver.ts';
import { balance, captureWarnings, plainAttributes } from '../helpers/api-recorder.ts';
import { freshSdk } from '../helpers/engine-sdk.ts';
import { chat, endChatSpan, MEBIBYTE } from '../helpers/shedding.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Figures } from './row.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/shedding.test.ts';
const SPANS = 20_000;
const lines = captureWarnings();

/** A receiver that keeps every request waiting until it is told to answer, then answers at once. */
async function receiveLater(): Promise<{ receiver: OtlpReceiver; answer: () => void }> {
  let held: ServerResponse[] | undefined = [];
  const receiver = await receiveOtlp((response) => {
    if (held === undefined) response.end();
    else held.push(response);
  });
  const answer = (): void => {
    for (const response of held ?? []) response.end();
    held = undefined;
  };
  return { receiver, answer };
}

/** Ends spans with a chat of 8 KB each; lets requests go out in between. */
async function endMany(
  tracer: Tracer,
  count: number,
  capture: Parameters<typeof endChatSpan>[2],
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    endChatSpan(tracer, index, capture);
    if (index % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
}

type Sdk = Awaited<ReturnType<typeof freshSdk>>;

async function ourProvider(sdk: Sdk, url: string, mode: 'arena' | 'plug-in', arenaBytes?: number) {
  const { OTLPTraceExporter } = await import('../../src/api/otlp-trace-exporter.ts');
  const batch = new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: 60_000 }));
  const spanProcessors = mode === 'arena' ? [batch] : [processorOf(), batch];
  return new sdk.TracerProvider({ arenaBytes, spanProcessors });
}

/** What arrived of the spans of one run. */
function arrived({ spans }: OtlpReceiver): { spans: number; whole: number } {
  let whole = 0;
  for (const { attributes } of spans) {
    if (String(plainAttributes(attributes)['input.value'] ?? '').length > 1024) whole += 1;
  }
  return { spans: spans.length, whole };
}

async function runOurs(mode: 'arena' | 'plug-in', sheds: boolean) {
  const { receiver, answer } = await receiveLater();
  const sdk = await freshSdk();
  const { captureContent } = await import('../../src/api/capture-content.ts');
  const provider = await ourProvider(sdk, receiver.url, mode);
  await endMany(provider.getTracer('shedding'), SPANS, (span, key, text) => {
    if (sheds) captureContent(span, key, text, String);
    else span.setAttribute(key, text);
  });
  answer();
  await provider.forceFlush();
  const stats = provider.stats();
  expect(balance(stats)).toBe(0);
  const seen = arrived(receiver);
  expect(stats).toMatchObject({ started: SPANS, exported: seen.spans, waiting: 0 });
  await provider.shutdown();
  return { stats, seen };
}

async function runUpstream(count: number): Promise<Figures> {
  const { receiver, answer } = await receiveLater();
  const require = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
  const { BatchSpanProcessor, BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
  const exporter = new OTLPTraceExporter({ url: receiver.url, timeoutMillis: 60_000 });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  await endMany(provider.getTracer('shedding'), count, (span, key, text) => span.setAttribute(key, text));
  answer();
  await provider.forceFlush();
  await provider.shutdown();
  const seen = arrived(receiver);
  return { 'spans ended': count, 'spans delivered': seen.spans, 'with whole content': seen.whole };
}

test('20,000 spans of 8 KB while the receiver does not answer: none is lost, the last ones lose their content', {
  timeout: 60_000,
}, async () => {
  const { stats, seen } = await runOurs('arena', true);
  expect(stats.dropped).toEqual({});
  expect(seen.spans).toBe(SPANS);
  expect(stats.shed.shortened + stats.shed.omitted).toBe(SPANS - seen.whole);
  expect(stats.shed.shortened).toBeGreaterThan(1000);
  if (!WRITES_FIGURES) return;
  const without = await runOurs('arena', false);
  keepFigures(
    'shedding-content',
    COMMAND,
    {
      'spans ended': SPANS,
      'spans delivered': seen.spans,
      'with whole content': seen.whole,
      'with shortened content': stats.shed.shortened,
      'with content left out': stats.shed.omitted,
      'spans delivered if nothing were shed': without.seen.spans,
    },
    await runUpstream(SPANS),
  );
});

test.each(['arena', 'plug-in'] as const)('in %s mode a loss is two lines, with the numbers', async (mode) => {
  const { receiver, answer } = await receiveLater();
  const sdk = await freshSdk();
  const { captureContent } = await import('../../src/api/capture-content.ts');
  const provider = await ourProvider(sdk, receiver.url, mode, 4 * MEBIBYTE);
  await endMany(provider.getTracer('shedding'), 3000, (span, key, text) =>
    captureContent(span, key, text, String),
  );
  answer();
  await provider.forceFlush();
  await provider.shutdown();
  const { shed, dropped, exported } = provider.stats();
  expect(balance(provider.stats())).toBe(0);
  expect(receiver.spans).toHaveLength(exported);
  expect(dropped.arena_full).toBeGreaterThan(1000);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^spandrel: captured content is being shortened, .* Raise arenaBytes or sample\.$/,
  );
  expect(lines[1]).toMatch(
    new RegExp(
      `^spandrel: the loss is over after \\d+\\.\\d s; spans dropped \\(arena_full\\): ${dropped.arena_full}, ` +
        `captured values shortened: ${shed.shortened}, captured values left out: ${shed.omitted}\\.$`,
    ),
  );
  if (mode === 'arena') {
    const figures = {
      'spans ended': 3000,
      'lines said': lines.length,
      'spans dropped': dropped.arena_full ?? 0,
    };
    keepFigures('shedding-lines', COMMAND, figures, WRITES_FIGURES ? await upstreamLines() : undefined);
  }
});

async function upstreamLines(): Promise<Figures> {
  lines.length = 0;
  const figures = await runUpstream(3000);
  const dropped = Number(figures['spans ended']) - Number(figures['spans delivered']);
  return { 'spans ended': 3000, 'lines said': lines.length, 'spans dropped': dropped };
}

const BUDGET = 5;
let overBudget: Figures | undefined;
afterAll(() => {
  if (overBudget !== undefined) keepFigures('shedding-cpu', COMMAND, overBudget);
});

test('tracing that takes too much of the main thread comes down to its budget, whatever is captured', {
  timeout: 30_000,
}, async () => {
  const receiver = await receiveOtlp();
  const program = await bundle(`
    import { init, shutdown, stats } from './src/init.ts';
    import { trace } from './src/ai/trace.ts';
    init({ endpoint: '${receiver.base}', maxCpuPercent: ${BUDGET} });
    const input = ${chat(0)};
    input.messages = Array.from({ length: 2 }, () => input.messages).flat();
    let inside = 0;
    // The clock around the call, less what the function itself takes, is what tracing takes.
    const work = trace((_: unknown) => {
      const began = performance.now();
      let now = began;
      while (now - began < 0.2) now = performance.now();
      inside += now - began;
      return { done: true };
    });
    async function shareOver(millis: number): Promise<number> {
      const began = performance.now();
      let around = 0;
      inside = 0;
      while (performance.now() - began < millis) {
        for (let call = 0; call < 50; call += 1) {
          const before = performance.now();
          work(input);
          around += performance.now() - before;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      return ((around - inside) / (performance.now() - began)) * 100;
    }
    const first = await shareOver(900);
    await shareOver(6000);
    const then = await shareOver(2000);
    const { shed } = stats();
    await shutdown();
    const { started, exported, dropped } = stats();
    console.log(JSON.stringify({ first, then, shed, started, exported, dropped }));
  `);
  const { stdout, stderr } = await run(program, { deadlineMillis: 25_000 });
  const { first, then, shed, started, exported, dropped } = JSON.parse(stdout);
  expect(first).toBeGreaterThan(2 * BUDGET);
  expect(then).toBeLessThan(2 * BUDGET);
  expect(shed.content).toBe('omitted');
  expect(stderr).toMatch(/^spandrel: tracing takes \d+\.\d % of the main thread, and maxCpuPercent is 5/m);
  expect(stderr).toMatch(/\nspandrel: tracing did less, to keep to maxCpuPercent, for/);
  expect({ exported, dropped }).toEqual({ exported: started, dropped: {} });
  expect(receiver.spans).toHaveLength(exported);
  overBudget = {
    'budget, %': BUDGET,
    'share before, %': Math.round(first * 10) / 10,
    'share with the budget, %': Math.round(then * 10) / 10,
    'new traces recorded': shed.sampling,
  };
});
