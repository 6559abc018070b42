import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { error, resetDiagnostics, toPrintable, warn, warnOnce } from '../src/diagnostics.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  resetDiagnostics();
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  vi.spyOn(process.stderr, 'write').mockImplementation((text, ...rest) => {
    lines.push(String(text));
    const done = rest.find((argument) => typeof argument === 'function') as
      | ((error?: Error) => void)
      | undefined;
    done?.();
    return true;
  });
});

afterEach(() => {
  diag.disable();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function logger(overrides: Partial<DiagLogger> = {}) {
  const said: string[] = [];
  const take = (level: string) => (message: string) => void said.push(`${level} ${message}`);
  const methods = { error: take('error'), warn: take('warn'), info() {}, debug() {}, verbose() {} };
  return { said, logger: { ...methods, ...overrides } as DiagLogger };
}

describe('without a diag logger', () => {
  test('a warning is one line on stderr', () => {
    warn('a', 'expected x, got y');
    expect(lines).toEqual(['spandrel: expected x, got y\n']);
  });

  test('no character that could forge a line or turn it around is printed, wherever it stands', () => {
    const forbidden: string[] = [];
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(character)) forbidden.push(character);
    }
    expect(forbidden.length).toBe(65 + 2 + 12);
    for (const character of forbidden) expect(toPrintable(`a${character}ä`)).toMatch(/^a ?ä$/);
    expect(toPrintable(`a${forbidden.join('')}ä`)).toMatch(/^a +ä$/);
    expect(toPrintable('\u001b[31mred\u001b[0m \u009b2Kgone \u001b[1;1Hmoved')).toBe('red gone moved');
    expect(toPrintable('naïve 日本 😀 café\u0301')).toBe('naïve 日本 😀 café\u0301');
  });

  test('control characters cannot make a second line', () => {
    warn('a', 'first\r\nspandrel: forged\u2028third\u001b[31m');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe('spandrel: first spandrel: forged third\n');
  });

  test('a very long message is cut', () => {
    warn('a', 'x'.repeat(1_000_000));
    expect(lines[0].length).toBeLessThan(2_100);
  });

  test.each([
    ['none', []],
    ['error', ['spandrel: e\n']],
    ['warn', ['spandrel: w\n', 'spandrel: e\n']],
    ['INFO', ['spandrel: w\n', 'spandrel: e\n']],
    ['verbose', ['spandrel: w\n', 'spandrel: e\n']],
    ['', ['spandrel: w\n', 'spandrel: e\n']],
  ])('OTEL_LOG_LEVEL=%s', (level, expected) => {
    vi.stubEnv('OTEL_LOG_LEVEL', level);
    warn('w', 'w');
    error('e', 'e');
    expect(lines).toEqual(expected);
  });

  test('an unknown OTEL_LOG_LEVEL is named once and counts as info', () => {
    vi.stubEnv('OTEL_LOG_LEVEL', 'loud');
    warn('w', 'w');
    error('e', 'e');
    expect(lines[0]).toMatch(/OTEL_LOG_LEVEL: expected one of none, error, warn/);
    expect(lines.slice(1)).toEqual(['spandrel: w\n', 'spandrel: e\n']);
  });

  test('a stream that throws does not reach the caller', () => {
    vi.mocked(process.stderr.write).mockImplementation(() => {
      throw new Error('broken');
    });
    expect(() => warn('a', 'b')).not.toThrow();
  });

  test('no listener is left on stderr after a good write', () => {
    const before = process.stderr.listenerCount('error');
    warn('a', 'b');
    expect(process.stderr.listenerCount('error')).toBe(before);
  });

  test('a host without process writes to the console', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.stubGlobal('process', undefined);
    try {
      warn('a', 'b');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(said.mock.calls).toEqual([['spandrel: b']]);
  });
});

describe('rate', () => {
  test('one code is printed once a minute and then says how many were left out', () => {
    for (let index = 0; index < 5; index++) warn('a', 'm');
    vi.advanceTimersByTime(59_999);
    warn('a', 'm');
    expect(lines).toEqual(['spandrel: m\n']);
    vi.advanceTimersByTime(1);
    warn('a', 'm');
    expect(lines.slice(1)).toEqual(['spandrel: m (5 more like this since the last line)\n']);
  });

  test('a wall clock set back changes nothing', () => {
    warn('a', 'm');
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(0);
    warn('a', 'm');
    expect(lines).toHaveLength(2);
  });

  test('codes do not silence each other, and neither do levels', () => {
    warn('a', '1');
    warn('b', '2');
    error('a', '3');
    expect(lines).toHaveLength(3);
  });

  test('endlessly many codes give a bounded number of lines, and a minute later all work again', () => {
    for (let index = 0; index < 5_000; index++) warn(`code ${index}`, 'm');
    expect(lines.length).toBeGreaterThan(200);
    expect(lines.length).toBeLessThanOrEqual(257);
    vi.advanceTimersByTime(60_000);
    warn('another', 'new');
    expect(lines.at(-1)).toBe('spandrel: new\n');
  });

  test('warnOnce speaks once per process, and is bounded too', () => {
    warnOnce('a', 'm');
    vi.advanceTimersByTime(3_600_000);
    warnOnce('a', 'm');
    expect(lines).toEqual(['spandrel: m\n']);
    for (let index = 0; index < 5_000; index++) warnOnce(`code ${index}`, 'm');
    expect(lines.length).toBeLessThanOrEqual(257);
  });
});

describe('with a diag logger', () => {
  test('it receives the report and stderr does not', () => {
    const { said, logger: mine } = logger();
    diag.setLogger(mine);
    warn('a', 'w');
    warnOnce('b', 'o');
    error('c', 'e');
    expect(said).toEqual(['warn spandrel: w', 'warn spandrel: o', 'error spandrel: e']);
    expect(lines).toEqual([]);
  });

  test('its own level counts, not OTEL_LOG_LEVEL', () => {
    vi.stubEnv('OTEL_LOG_LEVEL', 'none');
    const { said, logger: mine } = logger();
    diag.setLogger(mine, { logLevel: DiagLogLevel.ERROR });
    warn('a', 'w');
    error('b', 'e');
    expect(said).toEqual(['error spandrel: e']);
  });

  test('a logger that throws does not reach the caller', () => {
    const thrower = () => {
      throw new Error('broken');
    };
    diag.setLogger(logger({ warn: thrower, error: thrower }).logger);
    expect(() => warn('a', 'b')).not.toThrow();
    expect(() => error('a', 'b')).not.toThrow();
  });

  test('a logger that causes the warning it is given does not recurse', () => {
    let calls = 0;
    diag.setLogger(
      logger({
        warn() {
          calls++;
          warn('again', 'm');
          warnOnce('once', 'm');
        },
      }).logger,
    );
    warn('again', 'm');
    expect(calls).toBe(2);
  });
});

test('a closed stderr does not end the process', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-diagnostics-'));
  try {
    const run = async (body: string) => {
      const outfile = join(folder, `${body.length}.mjs`);
      const contents = `import { warn } from './src/diagnostics.ts';
        process.once('message', () => { ${body}; setImmediate(() => setImmediate(() => process.exit(0))); });
        process.send('ready');`;
      const resolveDir = fileURLToPath(new URL('../', import.meta.url));
      const banner = { js: 'globalThis.keep = setTimeout(() => process.exit(3), 20000);' };
      await build({
        stdin: { contents, resolveDir, loader: 'ts' },
        bundle: true,
        format: 'esm',
        platform: 'node',
        outfile,
        banner,
      });
      const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
      if (child.stderr === null) throw new Error('expected a pipe');
      const exit = once(child, 'exit');
      await once(child, 'message');
      const closed = once(child.stderr, 'close');
      child.stderr.destroy();
      await closed;
      child.send('go');
      return (await exit)[0];
    };
    // The control shows that the fault is real on this host.
    expect(await run("for (let i = 0; i < 20; i++) process.stderr.write('x'.repeat(100000) + i)")).not.toBe(
      0,
    );
    expect(await run("for (let i = 0; i < 20; i++) warn('code ' + i, 'x'.repeat(1000))")).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
