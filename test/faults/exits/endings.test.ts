/** How a program ends is its own: exit code, output and stack, but for one line about what is lost. */
import { describe, expect, test } from 'vitest';
import { bundle, write } from '../../helpers/api-child.ts';
import { receiveOtlp } from '../../helpers/api-receiver.ts';
import { accept, refusingPort } from '../../helpers/fault-server.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { OURS, THEIRS } from '../sdk-sources.ts';
import { type Ending, saidLost, start, upstreamStart } from './program.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/exits/endings.test.ts';
/** Twice what is promised: these machines are shared. */
const ADDED_MILLIS = 2_000;

let preloaded: Promise<string> | undefined;
/** What `spandrel/register` is, for `--import`: bundled once. */
function register(): Promise<string> {
  preloaded ??= bundle(`import { initOnce } from './src/init.ts'; initOnce();`);
  return preloaded;
}

/** Ends three spans and leaves one open, then does `ending`. */
const programThat = (ending: string): string =>
  write(
    `import { trace } from '@opentelemetry/api';
    const tracer = trace.getTracer('work');
    globalThis.open = tracer.startSpan('open');
    for (const name of ['a', 'b', 'c']) tracer.startSpan(name).end();
    function fail() { throw new TypeError('of the program\\nwith two lines'); }
    console.log('out'); console.error('err');
    ${ending}`,
    'mjs',
  );

const ABRUPT = {
  'process.exit(5)': 'process.exit(5);',
  'process.exit() with an exitCode': 'process.exitCode = 6; process.exit();',
  'an uncaught error': 'setTimeout(fail);',
  'an uncaught error in its first turn': 'fail();',
  'an uncaught value that is no error': `setTimeout(() => { throw { reason: 'none' }; });`,
  'an unhandled rejection': 'Promise.resolve().then(fail);',
  'a rejection with no error': `Promise.reject('text');`,
  'an error, with an exit code set last': `process.on('exit', () => { process.exitCode = 9; }); fail();`,
  'an error while a monitor listens': `process.on('uncaughtExceptionMonitor', (e, origin) => console.log(origin)); fail();`,
};

/** The rest of stderr, and our line. */
function partsOf({ stderr }: Ending): { own: string; lines: string[] } {
  const lines = stderr.split('\n');
  const isOurs = (line: string): boolean => line.startsWith('spandrel: ');
  return { own: lines.filter((line) => !isOurs(line)).join('\n'), lines: lines.filter(isOurs) };
}

describe('a program that ends abruptly', { timeout: 60_000 }, () => {
  test.each(Object.keys(ABRUPT) as (keyof typeof ABRUPT)[])(
    'by %s: the same bytes and code as without tracing, and one line with the number lost',
    async (how) => {
      const receiver = await receiveOtlp();
      const file = programThat(ABRUPT[how]);
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
      const [without, ending] = await Promise.all([
        start(file).ended,
        start(file, { environment, flags: ['--import', await register()] }).ended,
      ]);
      const { own, lines } = partsOf(ending);
      expect({ code: ending.code, signal: ending.signal, stdout: ending.stdout, stderr: own }).toEqual({
        code: without.code,
        signal: without.signal,
        stdout: without.stdout,
        stderr: without.stderr,
      });
      expect(lines).toHaveLength(1);
      expect(saidLost(ending.stderr)).toEqual({ finished: 3, open: 1 });
      expect(receiver.requests).toHaveLength(0);
    },
  );

  test('has said every loss: what the receiver counted and what is said add up to what was started', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(`
      import { flush, init, startSpan } from './src/index.ts';
      init();
      for (let index = 0; index < 7; index += 1) startSpan('sent').end();
      await flush();
      for (let index = 0; index < 5; index += 1) startSpan('unsent').end();
      globalThis.open = [startSpan('open'), startSpan('open')];
      process.exit(1);
    `);
    const ending = await start(program, { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base } })
      .ended;
    const { finished, open } = saidLost(ending.stderr);
    expect([receiver.spans.length, finished, open]).toEqual([7, 5, 2]);
    if (!WRITES_FIGURES) return;
    const file = programThat('process.exit(5);');
    const upstream = await start(file, {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: (await receiveOtlp()).base },
      flags: ['--import', upstreamStart()],
    }).ended;
    expect([upstream.code, upstream.stdout]).toEqual([5, 'out\n']);
    keepFigures(
      'exit-abrupt',
      COMMAND,
      { 'endings compared byte for byte': Object.keys(ABRUPT).length, 'spans lost and not said': 0 },
      { 'lines about the 3 spans lost': upstream.stderr.split('\n').length - 2 },
    );
  });

  test('that listens for uncaught errors goes on, and delivers everything at its end', async () => {
    const receiver = await receiveOtlp();
    const file = programThat(`
      globalThis.open.end();
      process.on('uncaughtException', (error) => { process.exitCode = 8; console.log(error.name); });
      setTimeout(fail);
      setTimeout(() => tracer.startSpan('later').end(), 50);`);
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
    const ending = await start(file, { environment, flags: ['--import', await register()] }).ended;
    expect([ending.code, ending.stdout, ending.stderr]).toEqual([8, 'out\nTypeError\n', 'err\n']);
    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'later', 'open']);
  });
});

const NATURAL = 'globalThis.open.end(); process.exitCode = 7;';

describe('a program that ends by itself', { timeout: 60_000 }, () => {
  async function timed(file: string, preload: string | undefined, base: string): Promise<Ending> {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: base };
    return start(file, { environment, flags: preload === undefined ? [] : ['--import', preload] }).ended;
  }

  test('has everything delivered, and its exit code', async () => {
    const receiver = await receiveOtlp();
    const ending = await timed(programThat(NATURAL), await register(), receiver.base);
    expect([ending.code, ending.stdout, ending.stderr]).toEqual([7, 'out\n', 'err\n']);
    expect(receiver.spans).toHaveLength(4);
    if (!WRITES_FIGURES) return;
    const other = await receiveOtlp();
    expect((await timed(programThat(NATURAL), upstreamStart(), other.base)).code).toBe(7);
    keepFigures(
      'exit-natural',
      COMMAND,
      { 'spans of 4 lost': 4 - receiver.spans.length },
      { 'spans of 4 lost': 4 - other.spans.length },
    );
  });

  const added: Record<string, number> = {};
  const theirs: Record<string, number> = {};
  test.each([
    ['refuses connections', async () => `http://127.0.0.1:${await refusingPort()}`],
    [
      'accepts and never answers',
      async () => `http://127.0.0.1:${(await accept((socket) => socket.resume())).port}`,
    ],
  ] as const)(
    'while its receiver %s, ends within a second more, and says what is lost',
    async (how, base) => {
      const file = programThat(NATURAL);
      const without = await timed(file, undefined, '');
      const ending = await timed(file, await register(), await base());
      expect(ending.code).toBe(7);
      expect(saidLost(ending.stderr)).toEqual({ finished: 4, open: 0 });
      expect(ending.millis - without.millis).toBeLessThan(ADDED_MILLIS);
      if (!WRITES_FIGURES) return;
      added[`${how}: held for, ms`] = await heldFor(await register(), await base());
      theirs[`${how}: held for, ms`] = await heldFor(upstreamStart(), await base());
      keepFigures('exit-natural-unreachable', COMMAND, added, theirs);
    },
  );

  test('keeps nothing that holds a process: no resources of ours, and no later end', async () => {
    const receiver = await receiveOtlp();
    const program = (tracing: string) =>
      bundle(`
        import { flush, init, startSpan } from './src/index.ts';
        ${tracing}
        setImmediate(() => console.log(JSON.stringify(process.getActiveResourcesInfo())));
      `);
    const traced = await program(
      `init({ flushOnSignals: true }); startSpan('s').end(); await flush(); startSpan('open');`,
    );
    const untraced = await program('');
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
    const [with_, without] = [await start(traced, { environment }).ended, await start(untraced).ended];
    expect(with_.stdout).toBe(without.stdout);
    expect(receiver.spans).toHaveLength(1);
    if (WRITES_FIGURES) await keepIdleFigures(environment);
  });
});

/** From the last line of a program with a full batch waiting, to its end, in milliseconds. */
async function heldFor(preload: string, base: string): Promise<number> {
  const file = programThat(`
    for (let n = 0; n < 512; n += 1) tracer.startSpan('s').end();
    globalThis.open.end();
    const last = performance.now();
    process.on('exit', () => console.log('held ' + Math.round(performance.now() - last)));`);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: base };
  const { code, stdout } = await start(file, { environment, flags: ['--import', preload] }).ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('held ')]);
  return Number(stdout.split('held ')[1]);
}

/** Pairs of runs, one after the other, of a program that traced and has nothing left to send. */
async function keepIdleFigures(environment: Record<string, string>): Promise<void> {
  const traced = `startSpan('s').end(); await flush();`;
  const ours = await idlePairs(OURS, `init({ flushOnSignals: true }); ${traced}`, environment);
  keepFigures('exit-idle', COMMAND, ours, await idlePairs(THEIRS, `init(); ${traced}`, environment));
}

async function idlePairs(sdk: string, tracing: string, environment: Record<string, string>) {
  const program = (traced: string) =>
    bundle(`
      ${sdk}
      ${traced}
      const before = performance.now();
      process.on('exit', () => console.log('end ' + (performance.now() - before)));
    `);
  const traced = await program(tracing);
  const untraced = await program('');
  const later: number[] = [];
  for (let pair = 0; pair < 20; pair += 1) {
    const [with_, bareRun] = [await start(traced, { environment }).ended, await start(untraced).ended];
    later.push(Number(with_.stdout.split(' ')[1]) - Number(bareRun.stdout.split(' ')[1]));
  }
  later.sort((a, b) => a - b);
  return {
    'pairs of runs': later.length,
    'exit later by, median, ms': later[10].toFixed(2),
    'exit later by, most, ms': later[19].toFixed(2),
  };
}
