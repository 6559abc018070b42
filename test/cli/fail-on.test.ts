import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFailOn } from '../../src/cli/fail-on.ts';
import { UsageError } from '../../src/cli/usage.ts';
import { pathFor } from '../../src/cli/write-reports.ts';

describe('--fail-on', () => {
  test.each([
    [['exact>=0.8'], { exact: { min: 0.8 } }],
    [['exact>=0.8', 'exact<=1'], { exact: { min: 0.8, max: 1 } }],
    [['duration_ms.p95<=2e3'], { duration_ms: { max: 2000, of: 'p95' } }],
    [['exact:regression', 'exact>=0'], { exact: { regression: true, min: 0 } }],
    [['exact:regression=0.02'], { exact: { regression: 0.02 } }],
    [['a.b.mean>=-1'], { 'a.b': { min: -1, of: 'mean' } }],
    [['__proto__>=1'], JSON.parse('{"__proto__":{"min":1}}')],
  ])('%j is %j', (rules, failOn) => expect({ ...parseFailOn(rules) }).toEqual({ ...failOn }));

  test.each([
    ['exact'],
    ['exact>0.8'],
    ['exact>='],
    ['>=1'],
    ['exact>=high'],
    ['exact:regression='],
    ['exact>=Infinity'],
  ])('%s is refused', (rule) => expect(() => parseFailOn([rule])).toThrow(UsageError));

  test('of two statistics of one metric is refused', () => {
    expect(() => parseFailOn(['a.p95<=1', 'a>=0'])).toThrow(/expected one statistic of a, got two/);
  });

  test('takes any limit of any metric as it is written', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z_.-]{1,10}$/),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (metric, limit) => {
          fc.pre(!/\.(mean|min|max|p50|p90|p95|p99)$/.test(metric));
          expect({ ...parseFailOn([`${metric}<=${limit}`]) }).toEqual({
            [metric]: { max: Number(`${limit}`) },
          });
        },
      ),
    );
  });
});

describe('the path of a report', () => {
  const paths = (names: string[]) => names.map((_, place) => pathFor('out/r.html', names, place));
  test.each([
    [['a'], ['out/r.html']],
    [
      ['My Test', 'b/../c'],
      ['out/r-my-test.html', 'out/r-b-c.html'],
    ],
    [
      ['a', 'A', 'b'],
      ['out/r-a-1.html', 'out/r-a-2.html', 'out/r-b.html'],
    ],
    [
      ['///', 'x'],
      ['out/r-1.html', 'out/r-x.html'],
    ],
  ])('of %j is %j', (names, expected) => expect(paths(names)).toEqual(expected));

  test('is never one twice, and never in another folder', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 6 }), (names) => {
        const all = paths(names);
        expect(new Set(all).size).toBe(names.length);
        expect(all.filter((path) => !/^out\/[^/\\]*\.html$/.test(path))).toEqual([]);
      }),
    );
  });
});
