/** Signals: what has finished is sent before they end the program, when asked for; how it ends stays the program's own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundle, write } from '../../helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from '../../helpers/api-receiver.ts';
import { refusingPort, until } from '../../helpers/fault-server.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { type Ending, saidLost, start, upstreamStart } from './program.ts';

/** Of what may be random: when a signal comes. Long runs: `npm run test:long`. */
const IS_LONG = process.env.SPANDREL_LONG === '1';
const RUNS = IS_LONG ? 200 : 8;
const COMMAND = `${IS_LONG ? 'SPANDREL_LONG=1 ' : ''}SPANDREL_FIGURES=write npx vitest run test/faults/exits/signals.test.ts`;
/** Twice what is promised: these machines are shared. */
const HEALTHY_MILLIS = 1_000;
const UNREACHABLE_MILLIS = 4_400;

/** Ends a span now and then, named by its number, and says so with the time; the one of the number 0 never ends. */
const WORK = `
  import { writeSync } from 'node:fs';
  import { trace } from '@opentelemetry/api';
  const tracer = trace.getTracer('work');
  globalThis.open = tracer.startSpan('0');
  writeSync(1, '0 0\\n');
  let number = 0;
  setInterval(() => {
    for (let more = 0; more < 10; more += 1) {
      number += 1;
      tracer.startSpan(String(number)).end();
      writeSync(1, number + ' ' + Date.now() + '\\n');
    }
  }, 5);
`;

let hooked: Promise<string> | undefined;
/** What `spandrel/register` is, for `--import`: bundled once. */
function register(): Promise<string> {
  hooked ??= bundle(`import { initOnce } from './src/init.ts'; initOnce();`);
  return hooked;
}

const environmentOf = (receiver: { base: string }) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
  SPANDREL_FLUSH_ON_SIGNALS: 'true',
});

interface Finished {
  readonly number: string;
  readonly at: number;
}

function finishedOf({ stdout }: Ending): Finished[] {
  const lines = stdout.trim().split('\n');
  return lines.slice(1).map((line) => ({ number: line.split(' ')[0], at: Number(line.split(' ')[1]) }));
}

const namesOf = (receiver: OtlpReceiver): string[] => receiver.spans.map(({ name }) => name);

describe('a program that gets SIGTERM', { timeout: 60_000 + RUNS * 1_000 }, () => {
  test('has sent whatever had finished, at any moment, and says exactly what ended or was open meanwhile', async () => {
    const program = write(WORK, 'mjs');
    const preload = await register();
    const exits: number[] = [];
    let finishedBefore = 0;
    let lostBefore = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), async (spans) => {
        const receiver = await receiveOtlp();
        const child = start(program, { flags: ['--import', preload], environment: environmentOf(receiver) });
        await child.says(`\n${spans} `);
        const signalledAt = Date.now();
        child.signal('SIGTERM');
        const ending = await child.ended;
        const received = new Set(namesOf(receiver));
        const finished = finishedOf(ending);
        const lost = finished.filter(({ number }) => !received.has(number));
        const before = lost.filter(({ at }) => at < signalledAt);
        finishedBefore += finished.filter(({ at }) => at < signalledAt).length;
        lostBefore += before.length;
        exits.push(ending.millis);
        expect([ending.code, ending.signal]).toEqual([null, 'SIGTERM']);
        expect(before).toEqual([]);
        expect(saidLost(ending.stderr)).toEqual({ finished: lost.length, open: 1 });
        expect(received.size).toBe(receiver.spans.length);
        expect(ending.millis).toBeLessThan(HEALTHY_MILLIS);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    keepFigures(
      'exit-sigterm',
      COMMAND,
      {
        runs: exits.length,
        'spans finished before the signal': finishedBefore,
        'of these lost': lostBefore,
        'longest exit, ms': Math.round(Math.max(...exits)),
      },
      WRITES_FIGURES ? await upstreamAtSignal(program) : undefined,
    );
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s: a shell sees exit code %i', async (signal, code) => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { spawnSync } from 'node:child_process';
      import { init, startSpan } from './src/index.ts';
      if (process.env.INNER === undefined) {
        const { stdout } = spawnSync('/bin/sh', ['-c', '"$0" "$1"; echo $?', process.execPath, process.argv[1]], {
          env: { ...process.env, INNER: '1' },
        });
        console.log(String(stdout));
      } else {
        init({ flushOnSignals: true });
        startSpan('one').end();
        process.kill(process.pid, '${signal}');
        setTimeout(() => process.exit(9), 5_000);
      }
    `);
    const ending = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
    // A shell that is the last command of a group may be replaced by it; either way the code is what it says.
    await ending.says(String(code));
    expect(namesOf(receiver)).toEqual(['one']);
  });

  test('without the option is ended by the signal at once, as without this package', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { flush, init, startSpan } from './src/index.ts';
      init();
      startSpan('sent').end();
      await flush();
      startSpan('lost').end();
      console.log('listeners: ' + process.listenerCount('SIGTERM'));
      setInterval(() => {}, 1_000);
    `);
    const child = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
    await child.says('listeners: 0');
    child.signal('SIGTERM');
    const { signal, stderr } = await child.ended;
    expect([signal, stderr, namesOf(receiver)]).toEqual(['SIGTERM', '', ['sent']]);
  });
});

async function upstreamAtSignal(program: string): Promise<Record<string, number>> {
  const preload = upstreamStart();
  let finished = 0;
  let received = 0;
  for (let run = 0; run < 8; run += 1) {
    const receiver = await receiveOtlp();
    const child = start(program, { flags: ['--import', preload], environment: environmentOf(receiver) });
    await child.says('\n100 ');
    child.signal('SIGTERM');
    finished += finishedOf(await child.ended).length;
    received += receiver.spans.length;
  }
  return { runs: 8, 'spans finished before the signal': finished, 'of these lost': finished - received };
}

/** Receivers from which no answer will come in time. */
const UNREACHABLE: Record<string, () => Promise<{ base: string; isTried?: () => boolean }>> = {
  'refuses connections': async () => ({ base: `http://127.0.0.1:${await refusingPort()}` }),
  'never answers': async () => {
    const receiver = await receiveOtlp(() => {});
    return { base: receiver.base, isTried: () => receiver.requests.length > 0 };
  },
  'asked to be left alone for 30 s': () =>
    receiveOtlp((response) => response.writeHead(503, { 'retry-after': '30' }).end()),
};

const THREE_SPANS = `
  import { init, startSpan } from './src/index.ts';
  init({ flushOnSignals: true });
  for (let index = 0; index < 3; index += 1) startSpan('s').end();
  startSpan('open');
  setInterval(() => {}, 1_000);
  console.log('ready');
`;

/** The same with opentelemetry-js. */
const UPSTREAM_SPANS = `
  import { trace } from '@opentelemetry/api';
  const tracer = trace.getTracer('work');
  for (let index = 0; index < 3; index += 1) tracer.startSpan('s').end();
  tracer.startSpan('open');
  setInterval(() => {}, 1_000);
  console.log('ready');
`;

describe('SIGTERM while a receiver', { timeout: 60_000 }, () => {
  const waits: Record<string, number> = {};
  const theirs: Record<string, number> = {};

  test.each(Object.keys(UNREACHABLE))('%s: ends in two seconds and says what is lost', async (how) => {
    const { base } = await UNREACHABLE[how]();
    const child = start(await bundle(THREE_SPANS), { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: base } });
    await child.says('ready');
    child.signal('SIGTERM');
    const { signal, stderr, millis } = await child.ended;
    expect(signal).toBe('SIGTERM');
    expect(saidLost(stderr)).toEqual({ finished: 3, open: 1 });
    // After `Retry-After: 30` nothing can come in time, and nothing is waited for.
    expect(millis).toBeLessThan(how.startsWith('asked') ? HEALTHY_MILLIS : UNREACHABLE_MILLIS);
    waits[`${how}: exit, ms`] = Math.round(millis);
    if (!WRITES_FIGURES) return;
    const other = await UNREACHABLE[how]();
    const rival = start(write(UPSTREAM_SPANS, 'mjs'), {
      flags: ['--import', upstreamStart()],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: other.base },
    });
    await rival.says('ready');
    rival.signal('SIGTERM');
    const upstream = await rival.ended;
    theirs[`${how}: exit, ms`] = Math.round(upstream.millis);
    keepFigures(
      'exit-sigterm-unreachable',
      COMMAND,
      { 'spans lost, of 3': 3, 'of these said': saidLost(stderr).finished, ...waits },
      { 'spans lost, of 3': 3, 'of these said': upstream.stderr === '' ? 0 : upstream.stderr, ...theirs },
    );
  });

  test('never answers: a second signal ends it at once', async () => {
    const { base, isTried = () => true } = await UNREACHABLE['never answers']();
    const child = start(await bundle(THREE_SPANS), { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: base } });
    await child.says('ready');
    child.signal('SIGTERM');
    await until(isTried);
    child.signal('SIGINT');
    const { signal, stderr, millis } = await child.ended;
    expect(signal).toBe('SIGINT');
    expect(saidLost(stderr)).toEqual({ finished: 3, open: 1 });
    expect(millis).toBeLessThan(HEALTHY_MILLIS);
  });
});

describe('a program with a listener of its own', { timeout: 60_000 }, () => {
  const listens = (how: string) => `
    process.${how}('SIGTERM', () => {
      console.log('own listener');
      // Longer than a flush takes here: were the signal raised again, it would end the program first.
      setTimeout(() => process.exit(3), 700);
    });
  `;
  test('is flushed, and decides how it ends, however and whenever it listens', async () => {
    const cases = [
      ['on', true],
      ['once', true],
      ['on', false],
      ['once', false],
      ['prependListener', false],
      ['prependOnceListener', false],
    ] as const;
    const endings = await Promise.all(
      cases.map(async ([how, isBefore]) => {
        const receiver = await receiveOtlp();
        const program = await bundle(`
          import { init, startSpan } from './src/index.ts';
          ${isBefore ? listens(how) : ''}
          init({ flushOnSignals: ['SIGTERM'] });
          ${isBefore ? '' : listens(how)}
          startSpan('one').end();
          setInterval(() => {}, 1_000);
          console.log('ready');
        `);
        const child = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
        await child.says('ready');
        child.signal('SIGTERM');
        const { code, stdout, stderr } = await child.ended;
        return { how, isBefore, code, stdout, stderr, names: namesOf(receiver) };
      }),
    );
    const decided = { code: 3, stdout: 'ready\nown listener\n', stderr: '', names: ['one'] };
    expect(endings).toEqual(cases.map(([how, isBefore]) => ({ how, isBefore, ...decided })));
  });

  test('that ends nothing gets the next signal as well, and each is flushed for', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { init, startSpan, stats } from './src/index.ts';
      init({ flushOnSignals: true });
      let signals = 0;
      process.on('SIGINT', () => {
        signals += 1;
        const seen = signals;
        const wait = setInterval(() => {
          if (stats().exported < seen) return;
          clearInterval(wait);
          if (seen === 2) process.exit(4);
          startSpan('two').end();
          console.log('again');
        }, 5);
      });
      startSpan('one').end();
      console.log('ready');
      setInterval(() => {}, 1_000);
    `);
    const child = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
    await child.says('ready');
    child.signal('SIGINT');
    await child.says('again');
    child.signal('SIGINT');
    expect((await child.ended).code).toBe(4);
    expect(namesOf(receiver)).toEqual(['one', 'two']);
  });

  test('in a worker thread the option does nothing: workers get no signals', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { isMainThread, Worker } from 'node:worker_threads';
      import { fileURLToPath } from 'node:url';
      import { init, startSpan } from './src/index.ts';
      if (isMainThread) {
        new Worker(fileURLToPath(import.meta.url)).on('message', () => console.log('ready'));
      } else {
        init({ flushOnSignals: true });
        startSpan('lost with the process').end();
        const { parentPort } = await import('node:worker_threads');
        parentPort.postMessage('ready');
        setInterval(() => {}, 1_000);
      }
    `);
    const child = start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } });
    await child.says('ready');
    child.signal('SIGTERM');
    const { signal, stderr, millis } = await child.ended;
    expect([signal, stderr, receiver.requests.length]).toEqual(['SIGTERM', '', 0]);
    expect(millis).toBeLessThan(HEALTHY_MILLIS);
  });

  test('two copies of the package flush both, and the signal still ends it', async () => {
    // Their answers come apart: the first copy that has its own must not end the other's wait.
    const late = (millis: number) => receiveOtlp((response) => setTimeout(() => response.end(), millis));
    const receivers = [await late(0), await late(400)];
    const copies = await Promise.all(
      receivers.map(({ base }, index) =>
        bundle(`
          import { init, startSpan } from './src/index.ts';
          init({ endpoint: '${base}', flushOnSignals: true, registerGlobal: false });
          startSpan('copy ${index}').end();
        `),
      ),
    );
    const program = write(
      `${copies.map((file) => `import ${JSON.stringify(file)};`).join('\n')}
      setInterval(() => {}, 1_000);
      console.log('ready');`,
      'mjs',
    );
    const child = start(program);
    await child.says('ready');
    child.signal('SIGTERM');
    const { signal, stderr } = await child.ended;
    expect([signal, stderr]).toEqual(['SIGTERM', '']);
    expect(receivers.map(namesOf)).toEqual([['copy 0'], ['copy 1']]);
  });
});
