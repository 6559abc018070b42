/** The end of a program that makes providers itself: what has finished is sent, or its number said. */
import { trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '../src/otel.ts';
import { saidLost, start } from './faults/exits/program.ts';
import { bundle, run } from './helpers/api-child.ts';
import { processorOf } from './helpers/api-modes.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { accept, refusingPort } from './helpers/fault-server.ts';

/** A node process alone takes a tenth of a second; what hangs takes the five seconds of a batch, or for ever. */
const PROMPT_MILLIS = 4_500;

const IMPORTS = `
  import { trace } from '@opentelemetry/api';
  import { BatchSpanProcessor, InMemorySpanExporter, OTLPTraceExporter, TracerProvider } from './src/otel.ts';
  const foreign = () => ({ onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} });
  const make = (...others) =>
    new TracerProvider({ spanProcessors: [...others, new BatchSpanProcessor(new OTLPTraceExporter())] });
`;

const at = (base: string) => ({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: base } });

describe('a program that ends by itself', { timeout: 60_000 }, () => {
  test.each([
    ['registered', `make().register(); trace.getTracer('t').startSpan('one').end();`],
    ['not registered', `make().getTracer('t').startSpan('one').end();`],
    ['in plug-in mode', `make(foreign()).getTracer('t').startSpan('one').end();`],
    [
      'collected before the end',
      `(() => make().getTracer('t').startSpan('one').end())(); await turn(); gc(); await turn(); gc();`,
    ],
    [
      'collected before the end, in plug-in mode',
      `(() => make(foreign()).getTracer('t').startSpan('one').end())(); await turn(); gc(); await turn(); gc();`,
    ],
    [
      'that had nothing to lose when many came after it',
      `const tracer = make().getTracer('t');
      for (let n = 0; n < 100; n += 1) { make().getTracer('t'); await turn(); gc(); }
      tracer.startSpan('one').end();`,
    ],
  ])('delivers the spans of a provider %s', async (_, source) => {
    const receiver = await receiveOtlp();
    const turn = 'const turn = () => new Promise((resolve) => setImmediate(resolve));';
    const program = await bundle(`${IMPORTS} ${turn} ${source} process.exitCode = 7;`);
    const result = await run(program, { ...at(receiver.base), flags: ['--expose-gc'] });
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 7, stderr: '' });
    expect(receiver.spans.map(({ name }) => name)).toEqual(['one']);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('delivers the bytes of one that was dropped in plug-in mode, before many others', async () => {
    const receiver = await receiveOtlp();
    // So many that they are encoded at once: no span object leads back to the provider then.
    const program = await bundle(`${IMPORTS}
      (() => { const tracer = make(foreign()).getTracer('t'); for (let n = 0; n < 512; n += 1) tracer.startSpan('s').end(); })();
      for (let n = 0; n < 100; n += 1) { make().getTracer('t'); await new Promise((resolve) => setImmediate(resolve)); gc(); }
    `);
    const result = await run(program, { ...at(receiver.base), flags: ['--expose-gc'] });
    expect([result.code, result.stderr, receiver.spans.length]).toEqual([0, '', 512]);
    expect(result.millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('delivers what processors of another make hold', async () => {
    const program = await bundle(`${IMPORTS}
      let held = 0;
      const other = { ...foreign(), onEnd() { held += 1; }, async forceFlush() { console.log('sent', held); held = 0; } };
      new TracerProvider({ spanProcessors: [other] }).getTracer('t').startSpan('one').end();
    `);
    expect(await run(program)).toMatchObject({ code: 0, stdout: 'sent 1\n', stderr: '' });
  });

  test.each([
    ['refuses', async () => `http://127.0.0.1:${await refusingPort()}`],
    ['never answers', async () => `http://127.0.0.1:${(await accept((socket) => socket.resume())).port}`],
  ])('says what two of them lose, in one line and within a second, when the receiver %s', async (_, base) => {
    const program = await bundle(`${IMPORTS}
      for (const provider of [make(), make(foreign())]) provider.getTracer('t').startSpan('s').end();
    `);
    const { code, stderr, millis } = await start(program, at(await base())).ended;
    expect(code).toBe(0);
    expect(saidLost(stderr)).toEqual({ finished: 2, open: 0 });
    expect(millis).toBeLessThan(PROMPT_MILLIS);
  });

  test('is held by nothing of ours when nothing waits', async () => {
    const receiver = await receiveOtlp();
    const program = (tracing: string) =>
      bundle(`${IMPORTS} ${tracing}
        setImmediate(() => console.log(JSON.stringify(process.getActiveResourcesInfo())));`);
    const traced = await program(`const provider = make(); const tracer = provider.getTracer('t');
      tracer.startSpan('s').end(); await provider.forceFlush(); tracer.startSpan('open');`);
    const [idle, without] = [await run(traced, at(receiver.base)), await run(await program(''))];
    expect(idle.stdout).toBe(without.stdout);
    expect(idle.millis).toBeLessThan(PROMPT_MILLIS);
    expect(receiver.spans).toHaveLength(1);
  });
});

describe('a program that ends abruptly', { timeout: 60_000 }, () => {
  const ENDINGS = {
    'process.exit(5)': 'process.exit(5);',
    'an uncaught error': 'setTimeout(fail);',
    'an unhandled rejection': 'Promise.resolve().then(fail);',
  };

  test.each(Object.entries(ENDINGS))(
    'by %s: its own bytes and code, and one line with the number lost',
    async (_, ending) => {
      const receiver = await receiveOtlp();
      const tail = `
        function fail() { throw new TypeError('of the program'); }
        console.log('out');
        ${ending}`;
      const spans = `
        for (const provider of [make(), make(foreign()), make()]) {
          const tracer = provider.getTracer('t');
          globalThis.open = [globalThis.open, tracer.startSpan('open')];
          for (const name of ['a', 'b']) tracer.startSpan(name).end();
        }`;
      // The same text, so that stacks are of the same lines.
      const program = await bundle(`${IMPORTS} if (process.env.TRACED) {${spans}} ${tail}`);
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
      const without = await start(program, { environment }).ended;
      const ended = await start(program, { environment: { ...environment, TRACED: '1' } }).ended;
      const own = ended.stderr
        .split('\n')
        .filter((line) => !line.startsWith('spandrel: '))
        .join('\n');
      expect([ended.code, ended.stdout, own]).toEqual([without.code, without.stdout, without.stderr]);
      expect(ended.stderr.match(/^spandrel: /gm)).toHaveLength(1);
      expect(saidLost(ended.stderr)).toEqual({ finished: 6, open: 3 });
      expect(receiver.requests).toHaveLength(0);
    },
  );

  test('says the spans of init() in the same line', async () => {
    const program = await bundle(`${IMPORTS}
      import { init, startSpan } from './src/index.ts';
      init();
      startSpan('of init').end();
      make().getTracer('t').startSpan('own').end();
      process.exit(3);
    `);
    const { code, stderr } = await start(program).ended;
    expect([code, stderr.match(/^spandrel: /gm)]).toEqual([3, ['spandrel: ']]);
    expect(saidLost(stderr)).toEqual({ finished: 2, open: 0 });
  });

  test('after shutdown() says nothing', async () => {
    const program = await bundle(`${IMPORTS}
      const provider = make();
      const tracer = provider.getTracer('t');
      await provider.shutdown();
      provider.getTracer('another');
      tracer.startSpan('late').end();
      process.exit(3);
    `);
    expect(await run(program)).toMatchObject({ code: 3, stderr: '' });
  });
});

describe('listeners', () => {
  const EVENTS = ['beforeExit', 'exit', 'uncaughtExceptionMonitor', 'uncaughtException', 'SIGTERM'] as const;
  const counts = () => EVENTS.map((event) => process.listenerCount(event));
  const made: TracerProvider[] = [];
  const provider = (...others: object[]): TracerProvider => {
    const one = new TracerProvider({
      spanProcessors: [...(others as []), new BatchSpanProcessor(new InMemorySpanExporter())],
    });
    made.push(one);
    return one;
  };

  afterEach(async () => {
    await Promise.all(made.splice(0).map((one) => one.shutdown()));
    trace.disable();
  });

  test('are there from the first tracer on, one an event for all providers, until the last is shut down', async () => {
    const before = counts();
    const [first, second] = [provider(), provider(processorOf())];
    expect(counts()).toEqual(before);
    for (const one of [first, second, second]) one.getTracer('t');
    expect(counts().map((count, index) => count - before[index])).toEqual([1, 1, 1, 0, 0]);
    await first.shutdown();
    expect(counts().map((count, index) => count - before[index])).toEqual([1, 1, 1, 0, 0]);
    await second.shutdown();
    expect(counts()).toEqual(before);
    second.getTracer('another');
    expect(counts()).toEqual(before);
  });

  test('are none for a provider that has nothing to lose', () => {
    const before = counts();
    new TracerProvider().getTracer('t').startSpan('s').end();
    const off = new TracerProvider({
      disabled: true,
      spanProcessors: [new BatchSpanProcessor(new InMemorySpanExporter())],
    });
    off.getTracer('t').startSpan('s').end();
    expect(counts()).toEqual(before);
  });

  test('keep no provider that was made and dropped', { timeout: 60_000 }, async () => {
    const program = await bundle(`${IMPORTS}
      const known = [];
      const listeners = [];
      const before = process.listenerCount('exit');
      for (let index = 0; index < 300; index += 1) {
        // Of another make, and so in plug-in mode: one that keeps no span, as those in memory do.
        const keepsNone = { export: (spans, done) => done({ code: 0 }), async shutdown() {} };
        const exporter = index % 2 === 0 ? new InMemorySpanExporter() : keepsNone;
        const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
        provider.getTracer('t').startSpan('s').end();
        await provider.forceFlush();
        known.push(new WeakRef(provider));
        listeners.push(process.listenerCount('exit') - before);
        if (index % 20 === 19) { await new Promise((resolve) => setImmediate(resolve)); gc(); }
      }
      const alive = known.filter((one) => one.deref() !== undefined).length;
      console.log(JSON.stringify([Math.max(...listeners), alive]));
    `);
    const { code, stdout, stderr } = await run(program, { flags: ['--expose-gc'] });
    expect([code, stderr]).toEqual([0, '']);
    const [listeners, alive] = JSON.parse(stdout);
    expect(listeners).toBe(1);
    expect(alive).toBeLessThan(70);
  });
});
