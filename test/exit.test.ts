import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundle, type ChildResult, run, write } from './helpers/api-child.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { refusingPort } from './helpers/fault-server.ts';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
/** A node process alone takes a tenth of a second; what hangs takes the five seconds of a batch, or for ever. */
const PROMPT_MILLIS = 4_500;

const QUICK_START = `
  import { init, trace } from './src/index.ts';
  init();
  const ask = trace(async function answer(question: string) {
    await Promise.resolve();
    return question.length;
  });
  console.log(await ask('how long?'));
`;

function ended(result: ChildResult): void {
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
}

describe('a program that ends by itself', { timeout: 60_000 }, () => {
  test('delivers what it traced, without a call to flush or shutdown', async () => {
    const receiver = await receiveOtlp();
    const result = await run(await bundle(QUICK_START), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    });
    ended(result);
    expect(result.stdout).toBe('9\n');
    expect(receiver.spans.map(({ name }) => name)).toEqual(['answer']);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test.each(['otlp', 'none'])('delivers in plug-in mode as well, with exporter %s', async (exporter) => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { BatchSpanProcessor, OTLPTraceExporter } from './src/otel.ts';
      import { init, startSpan } from './src/index.ts';
      const inner = new BatchSpanProcessor(new OTLPTraceExporter());
      const wrapper = {
        onStart() {},
        onEnd: (span) => inner.onEnd(span),
        forceFlush: () => inner.forceFlush(),
        shutdown: () => inner.shutdown(),
      };
      init({ spanProcessors: [wrapper] });
      startSpan('one').end();
    `);
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base, OTEL_TRACES_EXPORTER: exporter };
    ended(await run(program, { environment }));
    expect(receiver.spans.map(({ name }) => name)).toEqual(exporter === 'otlp' ? ['one', 'one'] : ['one']);
  });

  test.each(['no other processor', 'another processor', 'an exporter of its own'])(
    'delivers with a resource that never gets complete and %s',
    async (how) => {
      const receiver = await receiveOtlp();
      const program = await bundle(`
        import { BatchSpanProcessor, OTLPTraceExporter } from './src/otel.ts';
        import { init, startSpan } from './src/index.ts';
        class OwnExporter extends OTLPTraceExporter {}
        const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
        const processors = {
          'no other processor': [],
          'another processor': [foreign],
          'an exporter of its own': [new BatchSpanProcessor(new OwnExporter())],
        };
        init({ resourceAttributes: { never: new Promise(() => {}) }, spanProcessors: processors['${how}'] });
        startSpan('one').end();
      `);
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
        OTEL_TRACES_EXPORTER: how === 'an exporter of its own' ? 'none' : 'otlp',
      };
      ended(await run(program, { environment }));
      expect(receiver.spans.map(({ name }) => name)).toEqual(['one']);
    },
  );

  test('delivers spans that end while the last flush is under way', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { init, startSpan } from './src/index.ts';
      init();
      startSpan('first').end();
      let more = 3;
      process.on('beforeExit', () => {
        if (more-- > 0) setTimeout(() => startSpan('late ' + more).end(), 1);
      });
    `);
    ended(await run(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } }));
    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['first', 'late 0', 'late 1', 'late 2']);
  });

  test.each([
    ['that traced nothing', `import { init } from './src/index.ts'; init();`],
    [
      'after shutdown()',
      `import { init, startSpan, shutdown } from './src/index.ts'; init(); startSpan('s').end(); await shutdown();`,
    ],
    [
      'with a connection kept alive',
      `import { init, startSpan, flush } from './src/index.ts'; init(); startSpan('s').end(); await flush();`,
    ],
  ])('ends promptly %s', async (_, source) => {
    const receiver = await receiveOtlp();
    const result = await run(await bundle(source), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    });
    ended(result);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('ends within the second of the last flush when the receiver is not there, and says what is lost', async () => {
    const endpoint = `http://127.0.0.1:${await refusingPort()}`;
    const result = await run(await bundle(QUICK_START), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    });
    expect(result.code).toBe(0);
    expect(result.stdout).toBe('9\n');
    expect(result.stderr).toMatch(/^spandrel: export not finished: .*ECONNREFUSED/);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('ends within the second when the receiver never answers', async () => {
    const receiver = await receiveOtlp(() => {});
    const result = await run(await bundle(QUICK_START), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    });
    expect(result.code).toBe(0);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('its exit code and an uncaught error are its own', async () => {
    const receiver = await receiveOtlp();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
    const exits = await bundle(`
      import { init, startSpan } from './src/index.ts';
      init();
      startSpan('s').end();
      process.exitCode = 7;
    `);
    expect((await run(exits, { environment })).code).toBe(7);
    expect(receiver.spans).toHaveLength(1);
    const throws = await bundle(`
      import { init, trace } from './src/index.ts';
      init();
      trace(() => { throw new Error('uncaught by the program'); })();
    `);
    const result = await run(throws, { environment });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('uncaught by the program');
  });

  test('in a worker thread, delivers too and says nothing', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { isMainThread, Worker } from 'node:worker_threads';
      import { fileURLToPath } from 'node:url';
      import { flush, init, startSpan } from './src/index.ts';
      init();
      startSpan(isMainThread ? 'main' : 'worker').end();
      if (isMainThread) new Worker(fileURLToPath(import.meta.url));
      else await flush();
    `);
    ended(await run(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } }));
    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['main', 'worker']);
  });
});

describe('bad configuration of a program', { timeout: 60_000 }, () => {
  test.each([['localhost:4318'], ['ftp://127.0.0.1']])(
    'endpoint %s: exactly one clear line, tracing off, the program runs',
    async (endpoint) => {
      const program = await bundle(`
      import { init, stats, trace } from './src/index.ts';
      init(${JSON.stringify({ endpoint })});
      console.log(await trace(async (x: number) => x + 1)(1), stats().engine);
    `);
      const result = await run(program);
      expect([result.code, result.stdout]).toEqual([0, '2 none\n']);
      expect(result.stderr.trimEnd().split('\n')).toEqual([
        expect.stringMatching(/^spandrel: tracing is off: endpoint: expected a URL.*http:\/\/localhost:4318/),
      ]);
      expect(result.millis).toBeLessThan(PROMPT_MILLIS);
    },
  );

  test.each(['not a url', 'grpc://127.0.0.1:4317'])(
    'a variable with the endpoint %s: exactly one clear line, and spans go where the general one says',
    async (text) => {
      const receiver = await receiveOtlp();
      const program = await bundle(`
        import { init, trace } from './src/index.ts';
        init();
        await trace(async function work() {})();
      `);
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: text,
      };
      const result = await run(program, { environment });
      expect(result.code).toBe(0);
      expect(result.stderr.trimEnd().split('\n')).toEqual([
        expect.stringMatching(/^spandrel: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: expected a URL.* ignored/),
      ]);
      expect(receiver.spans.map(({ name }) => name)).toEqual(['work']);
    },
  );

  test('OTEL_LOG_LEVEL=none silences the line, not the effect', async () => {
    const program = await bundle(`
      import { init, stats } from './src/index.ts';
      init({ endpoint: 'nowhere' });
      console.log(stats().engine);
    `);
    ended(await run(program, { environment: { OTEL_LOG_LEVEL: 'none' } }));
  });

  test('each invalid number is one line that names it', async () => {
    const program = await bundle(`
      import { init, stats } from './src/index.ts';
      init({ exporters: [] });
      console.log(stats().engine);
    `);
    const environment = {
      ...{
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: 'many',
        OTEL_SPAN_EVENT_COUNT_LIMIT: '-1',
        SPANDREL_ARENA_BYTES: '12',
      },
    };
    const result = await run(program, { environment });
    expect([result.code, result.stdout]).toEqual([0, 'wasm\n']);
    const lines = result.stderr.trimEnd().split('\n').sort();
    expect(lines).toHaveLength(3);
    for (const [index, name] of Object.keys(environment)
      .sort((a, b) => (a < b ? -1 : 1))
      .entries()) {
      expect(
        lines.filter((line) => line.includes(name)),
        `${index}`,
      ).toHaveLength(1);
    }
  });

  test.each(['wasm', 'ts'])('SPANDREL_ENGINE=%s runs that engine', async (engine) => {
    const program = await bundle(`
      import { init, stats } from './src/index.ts';
      init({ exporters: [] });
      console.log(stats().engine);
    `);
    const result = await run(program, { environment: { SPANDREL_ENGINE: engine } });
    ended(result);
    expect(result.stdout).toBe(`${engine}\n`);
  });

  test('an engine that cannot start is one line, and tracing is off; auto falls back', async () => {
    const program = await bundle(`
      import { init, stats } from './src/index.ts';
      delete (globalThis as any).WebAssembly;
      init({ exporters: [], engine: process.argv[2] as any ?? (process.env.WANTED as any) });
      console.log(stats().engine);
    `);
    const forced = await run(program, { environment: { WANTED: 'wasm' } });
    expect([forced.code, forced.stdout]).toEqual([0, 'none\n']);
    expect(forced.stderr).toMatch(/^spandrel: tracing is off: engine 'wasm'.*\n$/);
    const fallback = await run(program, { environment: { WANTED: 'auto' } });
    expect([fallback.code, fallback.stdout]).toEqual([0, 'ts\n']);
    expect(fallback.stderr).toMatch(/^spandrel: the wasm engine could not start.*\n$/);
  });
});

describe('the built package', { timeout: 60_000 }, () => {
  const forms = [
    ['mjs', `${DIST}esm/index.mjs`, (path: string) => `import { init, trace } from ${JSON.stringify(path)};`],
    [
      'cjs',
      `${DIST}cjs/index.cjs`,
      (path: string) => `const { init, trace } = require(${JSON.stringify(path)});`,
    ],
  ] as const;

  for (const [extension, path, load] of forms) {
    const isBuilt = existsSync(path);
    const title = `delivers at the natural end of a program, as ${extension}`;
    test.skipIf(!isBuilt)(
      isBuilt ? title : `${title} (skipped: dist/ is not there; npm run build makes it)`,
      async () => {
        const receiver = await receiveOtlp();
        const program = write(
          `${load(path)}\ninit();\ntrace(async function answer() { return 1; })();\n`,
          extension,
        );
        ended(await run(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } }));
        expect(receiver.spans.map(({ name }) => name)).toEqual(['answer']);
      },
    );
  }
});
