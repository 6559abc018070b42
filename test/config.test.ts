import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resolveBatchOptions } from '../src/config/batch.ts';
import { readEnvironment, readFirstEnvironment } from '../src/config/environment.ts';
import { parseHeaderList, parseKeyValueList } from '../src/config/key-value-list.ts';
import { OPTION_DESCRIPTIONS, OPTION_GROUPS } from '../src/config/option-descriptions.ts';
import { OPTIONS } from '../src/config/options.ts';
import { parseNumber } from '../src/config/readers.ts';
import { resolveSpanLimits } from '../src/config/span-limits.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';

const env = (name: string, value: string) => vi.stubEnv(name, value);

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('environment', () => {
  test('empty and blank count as unset, and blanks around a value do not count', () => {
    env('SPANDREL_TEST', '');
    expect(readEnvironment('SPANDREL_TEST')).toBeUndefined();
    env('SPANDREL_TEST', ' \t');
    expect(readEnvironment('SPANDREL_TEST')).toBeUndefined();
    env('SPANDREL_TEST', ' x ');
    expect(readEnvironment('SPANDREL_TEST')).toBe('x');
    expect(readFirstEnvironment(['SPANDREL_NONE', 'SPANDREL_TEST'])).toEqual({
      name: 'SPANDREL_TEST',
      value: 'x',
    });
    expect(readFirstEnvironment(['SPANDREL_NONE'])).toBeUndefined();
  });

  test.each([
    ['no process', undefined],
    ['no environment', {}],
    [
      'an environment that refuses access',
      {
        get env(): never {
          throw new Error('denied');
        },
      },
    ],
  ])('a host with %s gives the defaults', (_name, host) => {
    env('OTEL_BSP_SCHEDULE_DELAY', '1');
    vi.stubGlobal('process', host);
    const value = readEnvironment('OTEL_BSP_SCHEDULE_DELAY');
    const delay = resolveBatchOptions().scheduledDelayMillis;
    vi.unstubAllGlobals();
    expect(value).toBeUndefined();
    expect(delay).toBe(5_000);
  });
});

describe('numbers', () => {
  test.each(['', ' ', 'x', '1x', '0x10', '1_000', '1,5', 'NaN', 'Infinity', '--1', '1e', '9'.repeat(400)])(
    '%j is no number',
    (text) => {
      expect(parseNumber(text)).toBeUndefined();
    },
  );

  test('decimal notation is read, whole numbers unless told otherwise, bounds included', () => {
    expect(parseNumber('12')).toBe(12);
    expect(parseNumber('-3')).toBe(-3);
    expect(parseNumber('1e3')).toBe(1_000);
    expect(parseNumber('0.5')).toBeUndefined();
    expect(parseNumber('0.5', { integer: false })).toBe(0.5);
    expect([1, 2, 5, 6].map((value) => parseNumber(String(value), { minimum: 2, maximum: 5 }))).toEqual([
      undefined,
      2,
      5,
      undefined,
    ]);
  });

  test('what is read is what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(parseNumber(String(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-6, max: 1e20 }), (value) => {
        expect(parseNumber(String(value), { integer: false })).toBe(value);
      }),
    );
  });

  test('a bad variable is named once, with what came, and skipped for the next one', () => {
    env('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'many');
    env('OTEL_ATTRIBUTE_COUNT_LIMIT', '7');
    expect(resolveSpanLimits().attributeCountLimit).toBe(7);
    resolveSpanLimits();
    expect(said).toEqual([
      'spandrel: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: expected a whole number of entries from 0 to 2147483647, ' +
        'got "many"; it is ignored. Correct or remove it.\n',
    ]);
  });

  test('a negative number is like any other bad value', () => {
    env('OTEL_BSP_SCHEDULE_DELAY', '-1');
    expect(resolveBatchOptions().scheduledDelayMillis).toBe(5_000);
    expect(said.join('')).toMatch(/OTEL_BSP_SCHEDULE_DELAY/);
  });

  test('a bad option is named and falls back to the variable, then the default', () => {
    env('OTEL_SPAN_EVENT_COUNT_LIMIT', '9');
    for (const bad of [-1, 1.5, Number.NaN, '5' as unknown as number, null as unknown as number]) {
      resetDiagnostics();
      const limits = resolveSpanLimits({ eventCountLimit: bad, linkCountLimit: bad });
      expect([limits.eventCountLimit, limits.linkCountLimit]).toEqual([9, 128]);
    }
    expect(said[0]).toMatch(
      /option spanLimits.eventCountLimit: expected a whole number of entries .* got -1;/,
    );
  });
});

describe('lists of pairs', () => {
  const SECRET = 'c3VwZXItc2VjcmV0';

  test('headers: W3C baggage form, with the equals signs of base64', () => {
    expect(parseHeaderList(`authorization=Basic%20${SECRET}==, x-team = a b ,,`)).toEqual({
      pairs: [
        ['authorization', `Basic ${SECRET}==`],
        ['x-team', 'a b'],
      ],
    });
  });

  test.each([
    ['no equals sign', `a=1,${SECRET}`],
    ['an empty name', `=${SECRET}`],
    ['a name that is no token', `x y=${SECRET}`],
    ['broken encoding', `a=${SECRET}%zz`],
    ['a line break', `a=${SECRET}%0d%0ax: y`],
    ['a NUL', `a=${SECRET}%00`],
    ['a character above U+00FF', `a=${SECRET}%E2%82%AC`],
  ])('headers: %s is a fault that does not show the value', (_name, text) => {
    const list = parseHeaderList(text);
    expect(list).toHaveProperty('fault');
    expect(JSON.stringify(list)).not.toContain(SECRET);
  });

  test('what is encoded is read back, whatever it was', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const written = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join(' , ');
        expect(parseKeyValueList(written, { equalsInValue: false })).toEqual({ pairs });
      }),
    );
  });
});

describe('the table', () => {
  test('every default is a value the option accepts', () => {
    for (const [name, option] of Object.entries(OPTIONS)) {
      if (option.type === 'choice') expect(option.choices, name).toContain(option.default);
      if ((option.type === 'integer' || option.type === 'ratio') && option.default !== undefined) {
        expect(option.default, name).toBeGreaterThanOrEqual(option.minimum);
        expect(option.default, name).toBeLessThanOrEqual(option.maximum);
      }
    }
  });

  test('every option is on the page, once', () => {
    const listed = OPTION_GROUPS.flatMap((group) => group.options);
    expect([...listed].sort()).toEqual(Object.keys(OPTIONS).sort());
    expect(Object.keys(OPTION_DESCRIPTIONS).sort()).toEqual(Object.keys(OPTIONS).sort());
  });

  test('no variable belongs to two options', () => {
    const variables = Object.values(OPTIONS).flatMap((option) => option.environment as readonly string[]);
    expect(new Set(variables).size).toBe(variables.length);
  });

  test('docs/configuration.md is what the table says', () => {
    const script = fileURLToPath(new URL('../scripts/write-configuration.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(`${status} ${stderr}`).toBe('0 ');
  });

  test('importing the modules reads no variable', async () => {
    const read: PropertyKey[] = [];
    vi.stubGlobal('process', {
      ...process,
      env: new Proxy(process.env, {
        get: (target, name) => {
          read.push(name);
          return Reflect.get(target, name);
        },
      }),
    });
    vi.resetModules();
    const modules = await Promise.all([
      import('../src/config/activation.ts'),
      import('../src/config/batch.ts'),
      import('../src/config/content.ts'),
      import('../src/config/engine.ts'),
      import('../src/config/propagators.ts'),
      import('../src/config/resource.ts'),
      import('../src/config/sampler.ts'),
      import('../src/config/span-limits.ts'),
    ]);
    const whileImporting = read.filter((name) => /^(OTEL|SPANDREL)_/.test(String(name)));
    modules[1].resolveBatchOptions();
    vi.unstubAllGlobals();
    expect(whileImporting).toEqual([]);
    // The probe works: resolving does read.
    expect(read).toContain('OTEL_BSP_SCHEDULE_DELAY');
  });
});
