/** Spans that nobody ends: counted when they are collected, and no burden on the heap. */
import { expect, test } from 'vitest';
import { keepFigures, WRITES_FIGURES } from './faults/figures.ts';
import { bundle, run } from './helpers/api-child.ts';

const OURS = 'new BatchSpanProcessor(new InMemorySpanExporter())';

const providerOf = (processors: string): string => `
    import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from './src/otel.ts';
    const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
    const provider = new TracerProvider({ spanProcessors: [${processors}] });`;

/** opentelemetry-js. */
const THEIRS = `
    import { createRequire } from 'node:module';
    const load = createRequire(import.meta.url);
    const { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } = load('@opentelemetry/sdk-trace-base');
    const provider: any = new BasicTracerProvider({ spanProcessors: [${OURS}] });`;

/** Starts spans without ending them; what is left of them when all are collected. */
async function abandon(spans: number, makeProvider: string) {
  const program = await bundle(`
    ${makeProvider}
    const tracer = provider.getTracer('t');
    const start = (count: number) => {
      for (let index = 0; index < count; index += 1) tracer.startSpan('s').setAttribute('key', 'value ' + index);
    };
    const collect = async () => {
      for (let round = 0; round < 6; round += 1) {
        (globalThis as any).gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    // The registry's own table grows to hold one part.
    for (let part = 0; part < 5; part += 1) {
      start(${spans} / 20);
      await collect();
    }
    const kept = tracer.startSpan('kept');
    tracer.startSpan('ended').end();
    await collect();
    const before = process.memoryUsage().heapUsed;
    for (let part = 0; part < 20; part += 1) {
      start(${spans} / 20);
      await collect();
    }
    const grown = process.memoryUsage().heapUsed - before;
    const { mode, started, live, abandoned } = provider.stats?.() ?? {};
    console.log(JSON.stringify({ mode, started, live, abandoned, grown, recording: kept.isRecording() }));
  `);
  const result = await run(program, { flags: ['--expose-gc'], deadlineMillis: 60_000 });
  return { ...JSON.parse(result.stdout), stderr: result.stderr };
}

test.each([
  ['arena', OURS],
  ['plug-in', `foreign, ${OURS}`],
])(
  'a million abandoned spans in %s mode are counted, and leave the heap flat',
  { timeout: 90_000 },
  async (mode, processors) => {
    const { grown, stderr, ...counts } = await abandon(1_000_000, providerOf(processors));
    expect(stderr).toMatch(
      /^spandrel: a span was collected before it was ended[^\n]*\nspandrel: Spans not ended when the program did, and lost: 1\.\n$/,
    );
    expect(counts).toEqual({ mode, started: 1_250_002, live: 1, abandoned: 1_250_000, recording: true });
    // A byte a span would be a megabyte.
    expect(grown).toBeLessThan(1_000_000);
    if (!WRITES_FIGURES) return;
    const theirs = await abandon(1_000_000, THEIRS);
    const growth = (bytes: number) => ({ 'heap growth a million spans, KB': Math.round(bytes / 1000) });
    keepFigures(
      `process-abandoned-${mode}`,
      'SPANDREL_FIGURES=write npx vitest run test/abandoned.test.ts',
      { 'spans never ended': 1_250_000, 'counted abandoned': counts.abandoned, ...growth(grown) },
      {
        'spans never ended': 1_250_000,
        'counted abandoned': theirs.abandoned ?? 'no count',
        ...growth(theirs.grown),
      },
    );
  },
);
