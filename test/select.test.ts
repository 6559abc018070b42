import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { captureWarnings } from './helpers/api-recorder.ts';

const MEBIBYTE = 1_048_576;
const lines = captureWarnings();

// Fresh for each test: the arena lives as long as the module.
const load = async () => (await import('../src/engine/select.ts')).openArena;

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the arena of a thread', () => {
  test('is made by the first call; auto takes wasm where it can start', async () => {
    const openArena = await load();
    const arena = openArena({ engine: 'auto', arenaBytes: 4 * MEBIBYTE });
    expect(arena.engine.name).toBe('wasm');
    expect(arena.engine.bytes).toHaveLength(4 * MEBIBYTE);
    expect(openArena({ engine: 'auto', arenaBytes: 4 * MEBIBYTE }) === arena).toBe(true);
    expect(openArena({ engine: 'wasm', arenaBytes: 4 * MEBIBYTE }) === arena).toBe(true);
    expect(lines).toEqual([]);
  });

  test('is one more, and always the same, for a forced other engine', async () => {
    const openArena = await load();
    openArena({ engine: 'wasm', arenaBytes: 4 * MEBIBYTE });
    const other = openArena({ engine: 'ts', arenaBytes: 4 * MEBIBYTE });
    expect(other.engine.name).toBe('ts');
    expect(openArena({ engine: 'ts', arenaBytes: 4 * MEBIBYTE }) === other).toBe(true);
  });

  test('gives out each stream number once', async () => {
    const openArena = await load();
    const arena = openArena({ engine: 'ts', arenaBytes: 4 * MEBIBYTE });
    const streams = Array.from({ length: 100 }, () => arena.newStream());
    expect(new Set(streams).size).toBe(100);
  });
});

describe.each([
  ['no WebAssembly', undefined, /a host with WebAssembly, found none/],
  [
    'no memory left',
    {
      Memory: class {
        constructor() {
          throw new RangeError('could not allocate memory');
        }
      },
    },
    /could not allocate memory/,
  ],
])('on a host with %s', (_, host, reason) => {
  beforeEach(() => {
    vi.stubGlobal('WebAssembly', host);
  });

  test('a forced wasm engine throws, and says why and what to do', async () => {
    const openArena = await load();
    const open = () => openArena({ engine: 'wasm', arenaBytes: 4 * MEBIBYTE });
    expect(open).toThrow(/^engine 'wasm': expected to start, but .*Use engine 'auto' or 'ts'/s);
    expect(open).toThrow(reason);
  });

  test('auto takes the TypeScript engine, and says so once', async () => {
    const openArena = await load();
    for (let round = 0; round < 2; round += 1) {
      expect(openArena({ engine: 'auto', arenaBytes: 4 * MEBIBYTE }).engine.name).toBe('ts');
    }
    expect(lines).toEqual([expect.stringMatching(/wasm engine could not start .*TypeScript engine/)]);
    expect(lines[0]).toMatch(reason);
  });
});
