/** Sizes that keep every source readable in one sitting. */
import { describe, expect, it } from 'vitest';
import { parseSource, sourcesOf } from './helpers/engine-sources.ts';

const MOST_LINES = 400;
const MEDIAN_LINES = 120;
const FUNCTION_LINES = 75;

const files = [...sourcesOf('src'), ...sourcesOf('assembly')];

describe('sources', () => {
  it(`have at most ${MOST_LINES} lines`, () => {
    expect(files.length).toBeGreaterThan(80);
    expect(
      files.filter(({ lines }) => lines > MOST_LINES).map(({ path, lines }) => `${path}: ${lines}`),
    ).toEqual([]);
  });

  it(`have ${MEDIAN_LINES} lines or fewer, half of them`, () => {
    const sizes = files.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES);
  });

  it(`have no function over ${FUNCTION_LINES} lines`, () => {
    const functions = files.flatMap(({ path, functions }) => functions.map((one) => ({ ...one, path })));
    expect(functions.length).toBeGreaterThan(300);
    const long = functions.filter(({ lines }) => lines > FUNCTION_LINES);
    expect(long.map(({ path, name, lines }) => `${path}, ${name}: ${lines}`)).toEqual([]);
  });

  it('are named in kebab-case', () => {
    expect(
      files
        .map(({ path }) => path)
        .filter((path) => !/^(\w+\/)+[a-z0-9]+(-[a-z0-9]+)*(\.wasm|\.d)?\.ts$/.test(path)),
    ).toEqual([]);
  });
});

describe('the measure', () => {
  it('counts lines of functions of every kind', () => {
    const body = '{\n\n}';
    const text = [
      `function a() ${body}`,
      `const b = () => ${body};`,
      `class C { constructor() ${body} d() ${body} get e() ${body} }`,
      'declare function f(): void;',
    ].join('\n');
    const { functions, lines } = parseSource('src/api/a.ts', `${text}\n`);
    expect(functions.map((one) => one.lines)).toEqual([3, 3, 3, 3, 3]);
    expect(lines).toBe(text.split('\n').length);
  });
});
