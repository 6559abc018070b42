import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSpan } from '../src/ai/trace.ts';
import { resolveSignals } from '../src/config/signals.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { init, shutdown, stats } from '../src/init.ts';
import { refusingPort } from './helpers/fault-server.ts';

const EVENTS = [
  'beforeExit',
  'exit',
  'uncaughtException',
  'uncaughtExceptionMonitor',
  'unhandledRejection',
  'rejectionHandled',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
];

const listenersNow = () => EVENTS.map((event) => [event, process.listeners(event as 'exit')]);
const addedSince = (before: ReturnType<typeof listenersNow>) =>
  listenersNow()
    .filter(([, listeners], index) => listeners.length > before[index][1].length)
    .map(([event]) => event);

let lines: string[];
beforeEach(() => {
  lines = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
});
afterEach(async () => {
  await shutdown(0);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('listeners', () => {
  test('by default: none that changes how a program ends', () => {
    const before = listenersNow();
    init({ exporters: [] });
    expect(addedSince(before)).toEqual(['beforeExit', 'exit', 'uncaughtExceptionMonitor']);
  });

  test.each([
    [true, ['SIGTERM', 'SIGINT']],
    [
      ['SIGHUP', 'SIGINT'],
      ['SIGINT', 'SIGHUP'],
    ],
  ] as const)('with flushOnSignals %j: those of %j; shutdown() takes all away', async (value, signals) => {
    const before = listenersNow();
    init({ exporters: [], flushOnSignals: value });
    expect(addedSince(before)).toEqual(['beforeExit', 'exit', 'uncaughtExceptionMonitor', ...signals]);
    await shutdown();
    expect(listenersNow()).toEqual(before);
  });

  test('while shutdown() waits for answers, a signal or an exit still finds them', async () => {
    const before = listenersNow();
    init({ endpoint: `http://127.0.0.1:${await refusingPort()}`, flushOnSignals: true });
    startSpan('s').end();
    const stopped = shutdown(600);
    expect(addedSince(before)).toContain('SIGTERM');
    await stopped;
    expect(listenersNow()).toEqual(before);
  });

  test('a host that refuses a signal is named, and tracing goes on', () => {
    vi.spyOn(process, 'prependListener').mockImplementation(() => {
      throw new TypeError('no such signal here');
    });
    init({ exporters: [], flushOnSignals: true });
    expect(stats().engine).not.toBe('none');
    expect(lines).toEqual([
      expect.stringContaining('does not let SIGTERM be listened to'),
      expect.stringContaining('does not let SIGINT be listened to'),
    ]);
  });

  test('a host without process events starts tracing all the same', () => {
    vi.stubGlobal('process', { env: {}, stderr: process.stderr });
    init({ exporters: [], flushOnSignals: true });
    expect(stats().engine).not.toBe('none');
  });
});

describe('an uncaught error on Deno, which brings no exit event', () => {
  const newest = (event: string) => process.listeners(event as 'exit').at(-1) as (...args: unknown[]) => void;

  test('is when the loss is said, and once where exit follows', () => {
    vi.stubGlobal('Deno', {});
    init({ exporters: ['otlp'] });
    startSpan('s').end();
    startSpan('open');
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    newest('uncaughtExceptionMonitor')(new Error('e'), 'uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
    const said = expect.stringMatching(/^spandrel: 1 finished spans were not sent .*and lost: 1\.\n$/);
    expect(lines).toEqual([said]);
    resetDiagnostics();
    newest('exit')(1);
    expect(lines).toEqual([said]);
  });

  test('that the program listens for ends nothing, and nothing is said', () => {
    vi.stubGlobal('Deno', {});
    init({ exporters: ['otlp'] });
    startSpan('s').end();
    const ignore = () => {};
    process.on('uncaughtException', ignore);
    newest('uncaughtExceptionMonitor')(new Error('e'), 'uncaughtException');
    process.removeListener('uncaughtException', ignore);
    expect(lines).toEqual([]);
  });
});

describe('flushOnSignals', () => {
  test.each([
    [undefined, undefined, []],
    [true, undefined, ['SIGTERM', 'SIGINT']],
    [false, 'true', []],
    [['SIGTERM', 'SIGTERM'], undefined, ['SIGTERM']],
    [[], 'true', []],
    [undefined, 'true', ['SIGTERM', 'SIGINT']],
    [undefined, 'TRUE', ['SIGTERM', 'SIGINT']],
    [undefined, 'false', []],
    [undefined, 'none', []],
    [undefined, 'sigterm, SIGHUP', ['SIGTERM', 'SIGHUP']],
    [undefined, 'SIGUSR2', ['SIGUSR2']],
  ] as const)('%j with the variable %j is %j', (option, variable, signals) => {
    if (variable !== undefined) vi.stubEnv('SPANDREL_FLUSH_ON_SIGNALS', variable);
    expect(resolveSignals({ flushOnSignals: option as never })).toEqual(signals);
    expect(lines).toEqual([]);
  });

  test.each([
    ['SIGKILL', ['SIGKILL'], []],
    ['yes', 'yes', []],
    ['SIGNONE', ['SIGTERM', 'SIGNONE'], ['SIGTERM']],
    ['number', 15, []],
  ])('that is not valid (%s) is named in one line', (named, option, signals) => {
    expect(resolveSignals({ flushOnSignals: option as never })).toEqual(signals);
    expect(lines).toEqual([
      expect.stringMatching(/^spandrel: option flushOnSignals: expected true, false or a list of SIGTERM,/),
    ]);
    expect(lines[0]).toContain(Array.isArray(option) ? named : 'a value of type');
  });
});
