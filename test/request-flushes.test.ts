/** What a serverless platform is asked to wait for. The packages of real ones are in `test/platforms/`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, trace as traceApi } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { span, startSpan, trace } from '../src/ai/trace.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { init, shutdown, stats } from '../src/init.ts';
import { keepFigures } from './faults/figures.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';

const VERCEL = Symbol.for('@vercel/request-context');
const NEXT = Symbol.for('@next/request-context');
const globals = globalThis as { [name: symbol]: unknown; Netlify?: unknown };

interface Request {
  readonly promises: Promise<unknown>[];
  waitUntil(promise: Promise<unknown>): void;
}
const requests = new AsyncLocalStorage<Request>();

/** Handles one request; the promises that its platform was given. */
async function handle(work: () => unknown): Promise<Promise<unknown>[]> {
  const promises: Promise<unknown>[] = [];
  const request = { promises, waitUntil: (promise: Promise<unknown>) => void promises.push(promise) };
  await requests.run(request, async () => work());
  return promises;
}

const current = () => requests.getStore();

/** How platforms show a request, by where that was read. */
const PLATFORMS: Record<string, () => void> = {
  'Vercel: the object of the request': () => {
    globals[VERCEL] = { get: current };
  },
  'Next.js, as Netlify sets it up: a new object a look, the function of the request': () => {
    globals[NEXT] = { get: () => ({ waitUntil: current()?.waitUntil }) };
  },
  'Netlify: a global with a getter': () => {
    globals.Netlify = {
      get context() {
        return current() ?? null;
      },
    };
  },
  'Vercel and Next.js both, only the second of which knows the request': () => {
    globals[VERCEL] = { get: () => ({}) };
    globals[NEXT] = { get: current };
  },
};

let lines: string[];
let receiver: OtlpReceiver;
beforeEach(async () => {
  lines = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  receiver = await receiveOtlp();
});
afterEach(async () => {
  for (const name of [VERCEL, NEXT]) delete globals[name];
  delete globals.Netlify;
  await shutdown(0);
  vi.restoreAllMocks();
});

const answer = trace(async function answer() {
  await Promise.all(
    Array.from({ length: 20 }, () => span('step', () => new Promise((done) => setImmediate(done)))),
  );
});

/** Two traces in one request. */
const twice = () => Promise.all([answer(), answer()]);

const passive = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
const MODES = { arena: {}, 'plug-in': { spanProcessors: [passive] } };

/** On every platform, in both modes. */
const held = { requests: 0, 'promises that held them': 0, 'spans of them lost': 0 };

describe.each(Object.keys(PLATFORMS))('%s', (platform) => {
  test.each(['arena', 'plug-in'] as const)(
    'in %s mode, each request is held once, until all its spans were answered for',
    async (mode) => {
      PLATFORMS[platform]();
      init({ endpoint: receiver.base, ...MODES[mode] });
      expect(stats().mode).toBe(mode);
      const all = await Promise.all(Array.from({ length: 10 }, () => handle(twice)));
      expect(all.map(({ length }) => length)).toEqual(Array(10).fill(1));
      await Promise.all(all.flat());
      expect(receiver.spans).toHaveLength(420);
      expect(stats()).toMatchObject({ started: 420, exported: 420, waiting: 0, live: 0 });
      held.requests += all.length;
      held['promises that held them'] += all.flat().length;
      held['spans of them lost'] += 420 - receiver.spans.length;
      keepFigures(
        'exit-serverless',
        'SPANDREL_FIGURES=write npx vitest run test/request-flushes.test.ts',
        held,
      );
    },
  );
});

describe('a platform', () => {
  test('is asked at the end of a span whose parent is in another process, and of no child', async () => {
    PLATFORMS['Vercel: the object of the request']();
    init({ endpoint: receiver.base });
    const caller = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
    const tracer = traceApi.getTracer('server');
    const served = tracer.startSpan('served', {}, traceApi.setSpanContext(ROOT_CONTEXT, caller));
    const inServed = traceApi.setSpan(ROOT_CONTEXT, served);
    const children = await handle(() => tracer.startSpan('child', {}, inServed).end());
    expect(children).toEqual([]);
    const promises = await handle(() => served.end());
    expect(promises).toHaveLength(1);
    await Promise.all(promises);
    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['child', 'served']);
  });

  test('waits for spans that end while an earlier flush of the request is under way', async () => {
    PLATFORMS['Vercel: the object of the request']();
    init({ endpoint: receiver.base });
    const promises = await handle(async () => {
      startSpan('first').end();
      await new Promise((done) => setImmediate(done));
      startSpan('second').end();
    });
    expect(promises).toHaveLength(1);
    await Promise.all(promises);
    expect(receiver.spans.map(({ name }) => name)).toEqual(['first', 'second']);
  });

  test('is asked anew in a request whose first flush is over', async () => {
    PLATFORMS['Vercel: the object of the request']();
    init({ endpoint: receiver.base });
    const promises = await handle(async () => {
      startSpan('first').end();
      await new Promise((done) => setImmediate(done));
      await Promise.all(current()?.promises ?? []);
      startSpan('second').end();
    });
    expect(promises).toHaveLength(2);
    await Promise.all(promises);
    expect(receiver.spans).toHaveLength(2);
  });

  test('is left alone outside a request', async () => {
    PLATFORMS['Vercel: the object of the request']();
    init({ endpoint: receiver.base });
    startSpan('s').end();
    await new Promise((done) => setImmediate(done));
    expect(receiver.requests).toHaveLength(0);
    expect(lines).toEqual([]);
  });

  test('that refuses is named once, and costs the program nothing', async () => {
    const refuse = () => {
      throw new Error('secret');
    };
    globals[VERCEL] = { get: () => ({ waitUntil: refuse }) };
    init({ endpoint: receiver.base });
    for (let index = 0; index < 3; index += 1) startSpan('s').end();
    await new Promise((done) => setImmediate(done));
    expect(lines).toEqual([expect.stringMatching(/^spandrel: the platform refused waitUntil/)]);
    expect(lines[0]).not.toContain('secret');
  });

  test('that comes after init() is not looked for: spans elsewhere cost what they did', async () => {
    const watchRoots = vi.spyOn(TracerProvider.prototype, 'watchRoots');
    init({ endpoint: receiver.base });
    for (const setUp of Object.values(PLATFORMS)) setUp();
    expect(await handle(answer)).toEqual([]);
    expect(watchRoots).not.toHaveBeenCalled();
  });
});
