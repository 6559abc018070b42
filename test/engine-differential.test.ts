/**
 * Both engines run the same random programs; results, wire bytes and whole memories must be equal. To repeat a
 * failure, set SPANDREL_TEST_SEED to the seed in its message.
 */
import { describe, expect, it } from 'vitest';
import {
  ARRAY_CLOSE,
  ARRAY_OPEN,
  BOOL,
  BYTES_AT,
  DOUBLE,
  FIELD,
  FIELD_AT,
  FIELD_BYTES8,
  FIELD_BYTES16,
  FIELD_FIXED32,
  FIELD_FIXED64,
  FIELD_VARINT,
  INT,
  INT64,
  KEY,
  KEY_AT,
  KEY_INLINE,
  KEY_NONE,
  MAP_CLOSE,
  MAP_OPEN,
  MEMO,
  MESSAGE_CLOSE,
  MESSAGE_OPEN,
  NAME_MEMO,
  NAME_REMEMBER,
  NULL,
  RAW8,
  STRING,
  STRING_AT,
  STRING_REMEMBER,
} from '../assembly/cells.ts';
import { HEAD, MAX_KEYS, MAX_MEMOS, STRINGS } from '../assembly/layout.ts';
import { emptyResource } from '../src/api/resource.ts';
import { createSinkProvider } from '../src/bench-hooks.ts';
import { type AttributeValue, Int64, KeyValues } from '../src/engine/attribute-value.ts';
import type { Engine, EngineName } from '../src/engine/engine.ts';
import { createTsEngine } from '../src/engine/ts.ts';
import { createWasmEngine } from '../src/engine/wasm.ts';
import { EngineDriver, type Entry, mapOf, type SpanInput } from './helpers/engine-driver.ts';
import { accounts, pieceBytes, sizedOptions, stage } from './helpers/engine-memory.ts';
import { baseSeed, SeededRandom } from './helpers/engine-random.ts';

const STAGING = 32_768;
const TEXTS = [
  '',
  'a',
  'constant',
  'é',
  '漢字',
  '🌊',
  '\ud83c',
  '\udf0a',
  'x'.repeat(130),
  'ü漢🌊'.repeat(400),
];

function twins(blocks: number, blockShift: number): readonly [Engine, Engine] {
  const options = sizedOptions(blocks, blockShift, STAGING);
  return [createWasmEngine(options), createTsEngine(options)];
}

function expectEqualMemory([wasm, ts]: readonly [Engine, Engine], note: string): void {
  if (Buffer.compare(wasm.bytes, ts.bytes) === 0) return;
  const at = wasm.bytes.findIndex((byte, index) => byte !== ts.bytes[index]);
  expect.fail(
    `${note}: memories differ first at address ${at}: ${wasm.bytes[at]} in wasm, ${ts.bytes[at]} in ts`,
  );
}

const CELL_TYPES = [
  [STRING, STRING_REMEMBER, KEY, FIELD, NAME_REMEMBER],
  [MEMO, NAME_MEMO, BOOL, INT, INT64, DOUBLE, NULL],
  [STRING_AT, BYTES_AT, KEY_AT, FIELD_AT],
  [ARRAY_OPEN, ARRAY_CLOSE, MAP_OPEN, MAP_CLOSE, MESSAGE_OPEN, MESSAGE_CLOSE],
  [FIELD_VARINT, FIELD_FIXED32, FIELD_FIXED64, FIELD_BYTES8, FIELD_BYTES16, RAW8],
];

/** Cells of any type in any order, their addresses and lengths within staging, and the text they stage. */
function randomCells(random: SeededRandom): { cells: number[][]; text: string } {
  const cells: number[][] = [];
  let text = '';
  const any = () => (random.next() * 4294967296) | 0;
  // Random opens and closes seldom match, and a span they spoil shows little of the rest.
  const sound = random.chance(0.7) ? CELL_TYPES.filter((types) => types !== CELL_TYPES[3]) : CELL_TYPES;
  for (let count = random.below(30); count > 0; count -= 1) {
    const types = random.pick(sound);
    const type = random.pick(types);
    const key = random.pick([KEY_INLINE, KEY_NONE, random.below(4), random.below(MAX_KEYS)]);
    const tag = random.pick([0x0a, 0x12, 0x5a, 0x0185]);
    const isField = type === FIELD || type >= MESSAGE_OPEN;
    if (types === CELL_TYPES[0]) {
      const length = random.pick([0, 1, 5, 7, 8, 9, 127, 191, 192, 300]);
      text += 'abcdefgh'.repeat(40).slice(0, length);
      cells.push([
        type,
        isField ? tag : Math.max(key, KEY_NONE),
        length,
        MAX_KEYS + random.below(MAX_MEMOS - MAX_KEYS),
      ]);
      if (type === STRING_REMEMBER) (cells.at(-1) as number[])[1] = random.below(MAX_KEYS);
    } else if (types === CELL_TYPES[2]) {
      cells.push([type, isField ? tag : key, STRINGS + random.below(1000), random.below(1000)]);
    } else if (type === MEMO || type === NAME_MEMO) {
      cells.push([type, random.below(MAX_KEYS), 0, MAX_KEYS + random.below(MAX_MEMOS - MAX_KEYS)]);
    } else {
      const first = type === BOOL ? random.below(2) : any() >> random.below(32);
      cells.push([type, isField ? tag : key, first, any() >> random.below(32)]);
    }
  }
  return { cells, text };
}

function giveBack({ core }: Engine, piece: number): undefined {
  core.closePiece(piece);
  core.freePiece(piece);
}

/** One step of a program on raw cells: the same calls, with the same staging, on any engine. */
function coreStep(random: SeededRandom): (engine: Engine) => number | undefined {
  const action = random.next();
  const piece = random.below(12);
  const stream = random.below(11);
  if (action < 0.1) return ({ core }) => void core.closePiece(piece);
  if (action < 0.25) return (engine) => giveBack(engine, piece);
  if (action < 0.28) return ({ core }) => void core.dropStream(stream);
  const { cells, text } = randomCells(random);
  const head = Array.from({ length: 14 }, () => (random.next() * 4294967296) | 0);
  const asMessage = random.chance(0.05);
  const length = random.below(130);
  const asKey = random.chance(0.05);
  return (engine) => {
    engine.words.set(head, HEAD >> 2);
    const staged = stage(engine, cells, text);
    if (asKey) return engine.core.internKey(length);
    return asMessage ? engine.core.encodeMessage(...staged) : engine.core.commitSpan(stream, ...staged);
  };
}

function randomValue(random: SeededRandom, depth = 0): AttributeValue {
  const kind = random.below(depth > 3 ? 8 : 11);
  if (kind < 3) return random.pick(TEXTS).repeat(random.pick([1, 1, 1, 2, 9]));
  if (kind === 3) return random.pick([0, -1, 2 ** 31, -(2 ** 40), 2 ** 53, -(2 ** 63), random.below(1e9)]);
  if (kind === 4) return random.pick([0.1, NaN, -Infinity, random.next() * 1e300]);
  if (kind === 5) return random.chance(0.5);
  if (kind === 6) return random.pick([null, new Int64(BigInt(random.below(2 ** 40)) << 20n)]);
  if (kind === 7) return Uint8Array.from({ length: random.below(300) }, () => random.below(256));
  const list = Array.from({ length: random.below(5) }, () => randomValue(random, depth + 1));
  return kind === 8 ? list : mapOf(...list.map((value) => [random.pick(TEXTS), value] as const));
}

function randomSpan(random: SeededRandom): SpanInput {
  const entries = (most: number): Entry[] =>
    Array.from({ length: random.below(most) }, () => [
      random.chance(0.8) ? `key ${random.below(20)}` : `${random.pick(TEXTS)}${random.below(2000)}`,
      randomValue(random),
    ]);
  return {
    id: random.below(1e9),
    parent: random.chance(0.5) ? random.below(1e9) : undefined,
    name: random.pick(TEXTS),
    kind: 1 + random.below(5),
    attributes: entries(12),
    events: Array.from({ length: random.below(3) }, () => ({
      name: random.pick(TEXTS),
      attributes: entries(4),
    })),
    status: random.chance(0.3) ? { code: 2, message: random.pick(TEXTS) } : undefined,
  };
}

function runTwins<Subject>(options: {
  readonly seed: number;
  readonly steps: number;
  readonly engines: readonly [Engine, Engine];
  readonly subjects: readonly [Subject, Subject];
  readonly step: (random: SeededRandom) => (subject: Subject) => number | undefined;
}): void {
  const random = new SeededRandom(options.seed);
  for (let step = 0; step < options.steps; step += 1) {
    const act = options.step(random);
    const [wasm, ts] = options.subjects.map(act);
    const note = `seed ${options.seed}, step ${step}`;
    expect(wasm, `${note}: results, wasm and ts`).toBe(ts);
    if (step % 25 === 24 || step === options.steps - 1) expectEqualMemory(options.engines, note);
    if (wasm === undefined || wasm < 0 || wasm >= STRINGS) continue;
    expect(accounts(options.engines[0]), note).toEqual(accounts(options.engines[1]));
    if (step % 5 === 0 && wasm < 1000) {
      const [left, right] = options.engines.map((engine) => pieceBytes(engine, wasm));
      expect(Buffer.compare(left, right), `${note}: wire bytes of piece ${wasm}`).toBe(0);
    }
  }
}

describe('the two engines leave equal memories', () => {
  const seed = baseSeed();

  it.each([0, 1, 2, 3, 4, 5])('after random cells, sound and unsound (program %i)', (program) => {
    const engines = twins(4 + program * 3, 12 + (program % 3));
    runTwins({ seed: seed + program, steps: 600, engines, subjects: engines, step: coreStep });
  });

  it.each([0, 1, 2, 3])('after random spans through the cell writer (program %i)', (program) => {
    const engines = twins(6 + program * 8, 12 + program);
    runTwins<EngineDriver>({
      seed: seed + 100 + program,
      steps: 500,
      engines,
      subjects: [new EngineDriver(engines[0]), new EngineDriver(engines[1])],
      step(random) {
        const piece = random.below(40);
        const stream = random.below(10);
        if (random.chance(0.2)) return ({ engine }) => void engine.core.closePiece(piece);
        if (random.chance(0.3)) return ({ engine }) => giveBack(engine, piece);
        const span = randomSpan(random);
        return (driver) => driver.commit(stream, span);
      },
    });
  });

  it('after the same spans of two providers', () => {
    const engines = (['wasm', 'ts'] as const).map((name) => recordWith(name, seed + 200));
    expectEqualMemory([engines[0], engines[1]], `seed ${seed + 200}`);
  });
});

/** Random spans through the public API, with times and ids that do not depend on the run. */
function recordWith(engine: EngineName, seed: number): Engine {
  const random = new SeededRandom(seed);
  let ids = 0;
  const nextId = (length: number) => {
    ids += 1;
    return ids.toString(16).padStart(length, '0');
  };
  const { provider, drain } = createSinkProvider({
    engine,
    arenaBytes: 8 << 20,
    resource: emptyResource(),
    idGenerator: { generateSpanId: () => nextId(16), generateTraceId: () => nextId(32) },
  });
  expect(provider.stats().engine).toBe(engine);
  for (let second = 0; second < 300; second += 1) {
    const input = randomSpan(random);
    const tracer = provider.getTracer(`scope ${random.below(12)}`);
    const span = tracer.startSpan(input.name ?? '', {
      kind: random.below(5),
      startTime: [second, 5],
      root: true,
    });
    for (const [key, value] of input.attributes ?? []) span.setAttribute(key, toInput(value) as string);
    for (const { name, attributes } of input.events ?? []) {
      const values = Object.fromEntries(attributes.map(([key, value]) => [key, toInput(value) as string]));
      span.addEvent(name, values, [second, 7]);
    }
    if (input.status) span.setStatus(input.status);
    span.end([second + 1, random.below(1e9)]);
    if (random.chance(0.05)) drain();
  }
  return provider.settings.arena.engine;
}

/** What a user would set to get this value. */
function toInput(value: AttributeValue): unknown {
  if (value instanceof Int64) return value.toBigInt();
  if (value instanceof KeyValues)
    return new Map(value.keys.map((key, index) => [key, toInput(value.values[index])]));
  return Array.isArray(value) ? value.map(toInput) : value;
}
