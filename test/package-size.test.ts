/**
 * Bytes that each entry loads, minified and compressed, and what is loaded before it is used: nothing. A budget is the
 * figure of the day it was set and a few per cent; one that is broken is raised with a reason, or not at all.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run, write } from './helpers/api-child.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { compressedBytes, loadedFiles } from './helpers/loaded-files.ts';

const KILOBYTE = 1024;
const MEBIBYTE = 1024 * KILOBYTE;
/** Of a small program in all, on Node 20, of which Node and the API are 46. */
const MOST_MEBIBYTES = 54;
const MOST_OVER_API_MEBIBYTES = 6;
const PAIRS = 7;

const describeBuilt = requireCounterpart('the built package', () =>
  existsSync('dist/cjs/index.cjs') ? undefined : 'Expected dist/, which `npm run build` makes.',
);

/** In kilobytes: what `import` of the entry loads. */
const BUDGETS: Readonly<Record<string, number>> = {
  index: 23,
  'ai-sdk': 28,
  langchain: 27,
  mcp: 26,
  otel: 58,
  testing: 68,
  honeyhive: 77,
  register: 54,
};

const isLazy = (file: string): boolean => file.startsWith('lazy-') && file !== 'lazy-provider.cjs';

describeBuilt('what is loaded', () => {
  test.each(Object.entries(BUDGETS))('by the entry %s is at most %d KB', async (entry, kilobytes) => {
    const files = await loadedFiles(`load('${entry}');`, { OTEL_TRACES_EXPORTER: 'none' });
    expect(files).toContain(`${entry}.cjs`);
    expect(compressedBytes(files)).toBeLessThanOrEqual(kilobytes * KILOBYTE);
    expect(files.filter(isLazy)).toEqual([]);
  });

  test('by importing the core entry is no provider', async () => {
    const files = await loadedFiles(`
      const { trace, stats, flush, shutdown } = load('index');
      if (await trace(async (n) => n + 1)(1) !== 2) throw new Error('not called');
      await flush();
      await shutdown();
      if (stats().engine !== 'none') throw new Error(stats().engine);
    `);
    expect(files.filter((file) => file.startsWith('lazy-'))).toEqual([]);
  });

  test('by init and a traced function is at most 65 KB, and nothing that is optional', async () => {
    const receiver = await receiveOtlp();
    const files = await loadedFiles(
      `const { init, trace, span, stats } = load('index');
       init();
       trace(function work(value) { return span('inner', () => value); })({ a: [1] });
       if (stats().engine !== 'wasm') throw new Error(stats().engine);`,
      { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    );
    expect(compressedBytes(files)).toBeLessThanOrEqual(65 * KILOBYTE);
    expect(files.filter(isLazy)).toEqual([]);
  });

  test('by the first export is what sends, and no format that is not sent', async () => {
    const receiver = await receiveOtlp();
    const files = await loadedFiles(
      "const { init, startSpan, flush } = load('index'); init(); startSpan('s').end(); await flush();",
      { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    );
    expect(receiver.spans).toHaveLength(1);
    expect(compressedBytes(files)).toBeLessThanOrEqual(71 * KILOBYTE);
    expect(files.filter(isLazy)).toEqual(['lazy-otlp-http.cjs']);
  });

  test.each([
    ["init({ engine: 'ts' });", 'engine-ts'],
    ["init({ exporters: ['console'] });", 'exporter-console'],
    ["init({ mask: (value) => value }); startSpan('s').end();", 'masking'],
    ['init({ redact: true });', 'masking'],
    ['init(); inject({});', 'propagators'],
    ["init({ propagators: ['b3'] }); inject({});", 'propagator-b3'],
    ["init({ sampler: 'traceidratio' });", 'samplers'],
    ["init({ dialect: 'openinference' }); trace(() => 1)();", 'dialect-openinference'],
    ["init({ dialect: 'langfuse' }); trace(() => 1)();", 'dialect-langfuse'],
    ["init({ dialect: 'traceloop' }); trace(() => 1)();", 'dialect-traceloop'],
    ["init({ dialect: 'honeyhive' }); trace(() => 1)();", 'dialect-honeyhive'],
    ["init({ flushOnSignals: ['SIGUSR2'] });", 'flush-on-signals'],
    [
      'init({ spanProcessors: [{ onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} }] });',
      'plug-in-mode',
    ],
    [
      "init({ limits: { attributeValueLengthLimit: 80 } }); trace((a) => a)('x'.repeat(200));",
      'shorten-content',
    ],
    ["init(); trace(() => new Response('a'))();", 'follow-response'],
    ['instrument({ messages: { create() {} } });', 'model-clients'],
  ])('by %s is lazy-%s.cjs, its own part', async (source, chunk) => {
    const { base } = await receiveOtlp();
    const head = "const { init, inject, instrument, startSpan, trace } = load('index');";
    const files = await loadedFiles(head + source, { OTEL_EXPORTER_OTLP_ENDPOINT: base });
    expect(files).toContain(`lazy-${chunk}.cjs`);
  });

  test('by a small program leaves its memory within 6 MiB of what the API alone has', {
    timeout: 60_000,
  }, async () => {
    const { base } = await receiveOtlp();
    const resident = async (source: string): Promise<number> => {
      const file = write(
        `${source}
setTimeout(() => console.log(process.memoryUsage.rss()), 50);`,
        'cjs',
      );
      const { stdout } = await run(file, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: base } });
      return Number(stdout);
    };
    const entry = JSON.stringify(fileURLToPath(new URL('../dist/cjs/index.cjs', import.meta.url)));
    const pairs = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const api = await resident("require('@opentelemetry/api').trace.getTracer('a').startSpan('s').end();");
      const ours = await resident(`const { init, trace } = require(${entry}); init(); trace(() => 1)();`);
      pairs.push({ over: (ours - api) / MEBIBYTE, total: ours / MEBIBYTE });
    }
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];
    expect(median(pairs.map(({ over }) => over))).toBeLessThan(MOST_OVER_API_MEBIBYTES);
    expect(median(pairs.map(({ total }) => total))).toBeLessThan(MOST_MEBIBYTES);
  });
});
