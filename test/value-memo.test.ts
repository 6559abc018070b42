/** The value memo and the key table: right, used, bounded, and free of the user's strings. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { MAX_KEYS, MAX_MEMOS } from '../assembly/layout.ts';
import { FULL } from '../assembly/reasons.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { createSinkProvider } from '../src/bench-hooks.ts';
import { createTsEngine } from '../src/engine/ts.ts';
import { createWasmEngine } from '../src/engine/wasm.ts';
import { attributesOf, CapturingExporter } from './helpers/engine-capture.ts';
import { EngineDriver, type Entry, expectedEntry, wellFormed } from './helpers/engine-driver.ts';
import { accounts, readPieces, sizedOptions } from './helpers/engine-memory.ts';
import { baseSeed, SeededRandom } from './helpers/engine-random.ts';

const ENGINES = [
  ['wasm', createWasmEngine],
  ['ts', createTsEngine],
] as const;

describe.each(ENGINES)('the value memo on the %s engine', (engine, create) => {
  const newDriver = () => new EngineDriver(create(sizedOptions(16, 14)));
  const commit = (driver: EngineDriver, ...attributes: Entry[]) => {
    const piece = driver.commit(1, { name: 'n', attributes });
    const [span] = readPieces(driver.engine, piece);
    driver.engine.core.closePiece(piece);
    driver.engine.core.freePiece(piece);
    return span.attributes;
  };

  it('answers for constant values, and stats() shows how often', () => {
    const exporter = new CapturingExporter();
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    const provider = new TracerProvider({ engine, arenaBytes: 8 << 20, spanProcessors });
    const before = provider.stats().memo;
    for (let round = 0; round < 100; round += 1) {
      const tracer = provider.getTracer('scope');
      tracer.startSpan('work', { attributes: { model: 'm-1', region: 'north', count: round } }).end();
    }
    const { hits, misses, keys } = provider.stats().memo;
    expect(provider.stats().engine).toBe(engine);
    expect(hits - before.hits).toBeGreaterThanOrEqual(196);
    // One miss for each value, and the attributes of the scope and the resource.
    expect(misses - before.misses).toBeLessThan(20);
    expect(keys).toBeGreaterThanOrEqual(3);
    for (const [index, span] of exporter.take().entries()) {
      expect(attributesOf(span)).toEqual({ model: 'm-1', region: 'north', count: BigInt(index) });
    }
  });

  it('is right for a key that occurs several times in one span', () => {
    const driver = newDriver();
    const values = ['one', 'two', 'one', '', 'two', 'one', 'three', 'three'];
    for (const [index, value] of values.entries()) {
      const others = [values[(index + 1) % values.length], value, values[(index + 3) % values.length]];
      const piece = driver.commit(1, {
        attributes: [['key', value]],
        events: others.map((other) => ({ name: 'event', attributes: [['key', other]] })),
      });
      const [span] = readPieces(driver.engine, piece);
      expect(span.attributes).toEqual([expectedEntry(['key', value])]);
      expect(span.events.map(({ attributes }) => attributes)).toEqual(
        others.map((other) => [expectedEntry(['key', other])]),
      );
    }
  });

  it('is right after a span that the engine refused', () => {
    const driver = new EngineDriver(create(sizedOptions(1, 12)));
    expect(driver.commit(1, { name: 'old', attributes: [['key', 'old']] })).toBeGreaterThanOrEqual(0);
    const long: Entry = ['long', 'x'.repeat(4000)];
    expect(driver.commit(1, { name: 'new', attributes: [['key', 'new'], long] })).toBe(FULL);
    expect(driver.commit(1, { name: 'new', attributes: [['key', 'new'], long] })).toBe(FULL);
    for (const value of ['new', 'new', 'old', 'new', 'new']) {
      const piece = driver.commit(1, { name: value, attributes: [['key', value]] });
      const [span] = readPieces(driver.engine, piece);
      expect(span.name).toBe(value);
      expect(span.attributes).toEqual([expectedEntry(['key', value])]);
    }
  });

  it('is right whatever the order of a few keys, values and names', () => {
    const seed = baseSeed();
    const random = new SeededRandom(seed);
    const driver = newDriver();
    const values = ['', 'a', 'b', 'é', '漢字', '🌊', '\ud83c', '\ufffd', 'x'.repeat(49), 'y'.repeat(48)];
    const keys = ['a', 'b', 'ключ', 'k'.repeat(40), 'k'.repeat(41)];
    for (let round = 0; round < 4000; round += 1) {
      const attributes = keys
        .filter(() => random.chance(0.7))
        .map((key): Entry => [key, random.pick(values)]);
      const name = random.pick(values);
      const piece = driver.commit(1, { name, attributes });
      const [span] = readPieces(driver.engine, piece);
      const note = `seed ${seed}, round ${round}`;
      expect(span.attributes, note).toEqual(attributes.map(expectedEntry));
      expect(span.name, note).toBe(wellFormed(name));
      driver.engine.core.closePiece(piece);
      driver.engine.core.freePiece(piece);
    }
  });

  it.each(['a', 'é', '漢', '🌊'])('is right at its size limits, of characters %s', (character) => {
    const driver = newDriver();
    for (const keyLength of [39, 40, 41, 42, 43, 126, 127, 128]) {
      for (const length of [46, 47, 48, 49, 50]) {
        for (const key of ['k'.repeat(keyLength), character.repeat(keyLength)]) {
          // Twice, so that what was remembered is used.
          for (const value of [character, character].map((text) => text.repeat(length))) {
            expect(commit(driver, [key, value])).toEqual([expectedEntry([key, value])]);
          }
        }
      }
    }
    for (const length of [58, 59, 60, 61, 62]) {
      const name = character.repeat(length);
      for (const round of [1, 2]) {
        const piece = driver.commit(1, { id: round, name });
        expect(readPieces(driver.engine, piece)[0].name).toBe(name);
      }
    }
  });

  it('goes on with keys inline when the key table is full', () => {
    const driver = newDriver();
    for (let index = 0; index < MAX_KEYS + 50; index += 1) {
      const entry: Entry = [`key ${index}`, `value ${index}`];
      expect(commit(driver, entry)).toEqual([expectedEntry(entry)]);
    }
    const mixed: Entry[] = ['key 0', 'key 1023', 'key 1024', 'key 2000'].map((key) => [key, 'v']);
    for (let round = 0; round < 3; round += 1)
      expect(commit(driver, ...mixed)).toEqual(mixed.map(expectedEntry));
  });
});

describe('a million distinct keys and values', () => {
  it('make no table, array or arena grow', () => {
    const { provider, drain } = createSinkProvider({ engine: 'wasm', arenaBytes: 8 << 20 });
    const { arena, keyTable } = provider.settings;
    const tracer = provider.getTracer('bounds');
    for (let index = 0; index < 1_000_000; index += 1) {
      const span = tracer.startSpan(`name ${index}`);
      for (const end = index + 24; index < end; index += 1)
        span.setAttribute(`key ${index}`, `value ${index}`);
      span.setAttribute('always', `value ${index}`);
      span.end();
      if (index % 1000 < 25) drain();
    }
    expect(provider.stats().memo.keys).toBe(MAX_KEYS);
    expect(keyTable.keys).toHaveLength(MAX_KEYS);
    expect(keyTable.indexes.size).toBe(MAX_KEYS);
    expect(keyTable.memo).toHaveLength(MAX_MEMOS);
    drain();
    expect(accounts(arena.engine).waitingBytes).toBe(0);
    expect(arena.engine.bytes).toHaveLength(8 << 20);
  });

  it('leave no text of the user behind: slices of long prompts do not keep the prompts', async () => {
    const entry = fileURLToPath(new URL('./helpers/engine-retention.ts', import.meta.url));
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
      logLevel: 'error',
    });
    const input = outputFiles[0].text;
    const child = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-'], {
      input,
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(child.stderr).toBe('');
    const { retainedMiB, promptMiB, keys } = JSON.parse(child.stdout);
    expect(keys).toBeGreaterThanOrEqual(64);
    // Slices that are kept do keep their prompts: the measure sees what it should.
    expect(promptMiB).toBeGreaterThan(100);
    expect(retainedMiB).toBeLessThan(promptMiB / 20);
  });
});
