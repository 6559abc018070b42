/** Packages of platforms, and of programs that listen to signals, as they are published. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { span, trace } from '../../src/ai/trace.ts';
import { init, shutdown, stats } from '../../src/init.ts';
import { start } from '../faults/exits/program.ts';
import { bundle } from '../helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from '../helpers/api-receiver.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';

const require = createRequire(import.meta.url);
const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url));
const describePlatforms = requireCounterpart('the project test/platforms', () =>
  existsSync(`${PACKAGES}signal-exit`)
    ? undefined
    : 'Expected the packages that `npm ci --prefix test/platforms` installs; run that first.',
);

interface Request {
  readonly promises: Promise<unknown>[];
  waitUntil(promise: Promise<unknown>): void;
}
const requests = new AsyncLocalStorage<Request>();
const globals = globalThis as { [name: symbol]: unknown; Netlify?: unknown; caches?: unknown };
const VERCEL = Symbol.for('@vercel/request-context');

async function handle(work: () => unknown): Promise<Promise<unknown>[]> {
  const promises: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>) => void promises.push(promise);
  await requests.run({ promises, waitUntil }, async () => work());
  return promises;
}

const answer = trace(async function answer() {
  await span('step', () => new Promise((done) => setImmediate(done)));
});

describePlatforms('the package of a platform', () => {
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    receiver = await receiveOtlp();
  });
  afterEach(async () => {
    delete globals[VERCEL];
    for (const name of ['Netlify', 'caches'] as const) delete globals[name];
    await shutdown(0);
  });

  /** Ten requests, in each of which `own`, what the package offers, is asked to wait as well. */
  async function expectOncePerRequest(own: (promise: Promise<unknown>) => void): Promise<void> {
    init({ endpoint: receiver.base });
    const ofPackage = Promise.resolve('of the package');
    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        handle(async () => {
          own(ofPackage);
          await answer();
        }),
      ),
    );
    for (const promises of all) {
      expect(promises).toHaveLength(2);
      expect(promises[0]).toBe(ofPackage);
    }
    await Promise.all(all.flat());
    expect(receiver.spans).toHaveLength(20);
    expect(stats()).toMatchObject({ exported: 20, waiting: 0 });
  }

  test('@vercel/functions 3.9 finds the request where ours does, and it waits for the spans', async () => {
    const { waitUntil } = require(`${PACKAGES}@vercel/functions`);
    globals[VERCEL] = { get: () => requests.getStore() };
    await expectOncePerRequest(waitUntil);
  });

  test('@netlify/runtime 4.1 shows the request where ours looks, and it waits for the spans', async () => {
    const { startRuntime } = await import(
      /* @vite-ignore */ pathToFileURL(`${PACKAGES}@netlify/runtime/dist/main.js`).href
    );
    startRuntime({
      cache: { getCacheAPIContext: () => null },
      env: { get: () => undefined, set: () => {}, delete: () => {}, has: () => false, toObject: () => ({}) },
      getRequestContext: () => requests.getStore() ?? null,
    });
    const { Netlify } = globals as { Netlify: { context: Request } };
    await expectOncePerRequest((promise) => Netlify.context.waitUntil(promise));
  });
});

describePlatforms('signal-exit, which raises a signal again only when it is alone', () => {
  vi.setConfig({ testTimeout: 30_000 });
  test.each([
    [
      '3',
      `import { createRequire } from 'node:module';
      const onExit = createRequire(import.meta.url)('${PACKAGES}signal-exit-3');`,
    ],
    ['4', `import { onExit } from '${PACKAGES}signal-exit/dist/mjs/index.js';`],
  ])('version %s: both do their work, and the signal ends the program', async (_, load) => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      ${load}
      import { writeSync } from 'node:fs';
      import { init, startSpan } from './src/index.ts';
      init({ flushOnSignals: true });
      onExit((code, signal) => writeSync(1, 'cleaned up after ' + signal + '\\n'));
      startSpan('one').end();
      setInterval(() => {}, 1_000);
      console.log('ready');
    `);
    const child = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
    await child.says('ready');
    child.signal('SIGTERM');
    const { signal, stdout } = await child.ended;
    expect([signal, stdout]).toEqual(['SIGTERM', 'ready\ncleaned up after SIGTERM\n']);
    expect(receiver.spans.map(({ name }) => name)).toEqual(['one']);
  });
});
