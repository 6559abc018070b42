/** @module Values that a careless or hostile program may hand to a tracing call, at random. */
import { cycle, HOSTILE, hostileProxy, nested, revokedProxy } from '../helpers/api-hostile.ts';
import type { SeededRandom } from '../helpers/engine-random.ts';

/** What a value can do to the program while it is read. */
export interface World {
  readonly random: SeededRandom;
  /** A span of its own, started, written and ended within one call. */
  traceAside(): void;
  /** Writes to the very span whose value is being read. */
  writeSelf(): void;
  /** Ends it. */
  endSelf(): void;
}

export type Maker = (world: World, depth: number) => unknown;

const TEXTS = [
  ...[
    '',
    'a',
    'é',
    '漢字',
    '🌊',
    '\ud83c',
    '\udf0a',
    'x\ud83c',
    '\udf0ay',
    '\0',
    'a\0b',
    '\ufeff',
    '\u2028',
    '\uffff',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'toJSON',
    'then',
    'length',
    '\n\r\t\x1b[31m',
  ],
  ...['x'.repeat(127), 'é'.repeat(64), '🌊'.repeat(300), 'x'.repeat(1025), `${'漢'.repeat(1023)}\ud83c`],
];

export function hostileText(random: SeededRandom): string {
  let text = '';
  for (let count = random.below(3); count >= 0; count -= 1) {
    text += random.chance(0.7) ? random.pick(TEXTS) : String.fromCharCode(random.below(65_536));
  }
  return text;
}

const THROWN: readonly (() => unknown)[] = [
  () => new Error('thrown'),
  () => undefined,
  () => null,
  () => Symbol('thrown'),
  () => Object.create(null),
  () => hostileProxy(),
  revokedProxy,
  () => 1n,
  () => ({ message: hostileProxy(), name: 5, toString: null }),
];

function refuse(random: SeededRandom): never {
  throw random.pick(THROWN)();
}

const NUMBERS = [
  0,
  -0,
  1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e308,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
];
const BIGINTS = [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 10n ** 400n];

const PLAIN: readonly Maker[] = [
  () => undefined,
  () => null,
  ({ random }) => random.chance(0.5),
  ({ random }) => random.pick(NUMBERS),
  ({ random }) => random.next() * 10 ** random.below(30),
  ({ random }) => random.pick(BIGINTS),
  ({ random }) => hostileText(random),
  ({ random }) => Symbol(hostileText(random)),
  () => Symbol.iterator,
  () => function named() {},
  () => class Named {},
  ({ random }) => Object.assign(() => {}, { toString: () => refuse(random) }),
  () => new String('boxed'),
  () => Object(1n),
  () => Object(Symbol('boxed')),
  () => /pattern/g,
  () => Promise.resolve(1),
  () => new WeakMap(),
  () => globalThis.Math,
];

const NAMES = [
  'toJSON',
  'toString',
  'valueOf',
  Symbol.toPrimitive,
  Symbol.iterator,
  Symbol.toStringTag,
  'then',
];
const MEMBERS = [
  'length',
  'message',
  'name',
  'stack',
  'code',
  'constructor',
  'context',
  'attributes',
  'traceId',
  'spanId',
];

/** An object with one member that throws, recurses or answers with something odd when it is read or called. */
function trapped({ random }: World, base: object): object {
  const key = random.pick<string | symbol>([...NAMES, ...MEMBERS, 'x', '__proto__']);
  const answers: (() => unknown)[] = [
    () => refuse(random),
    () => base,
    () => ({}),
    () => 5,
    () => () => refuse(random),
    () => Object.create(null),
    function again(): unknown {
      return { [key]: again };
    },
  ];
  const answer = random.pick(answers);
  const descriptor = random.chance(0.5) ? { get: answer } : { value: answer };
  try {
    Object.defineProperty(base, key, { ...descriptor, enumerable: true, configurable: true });
  } catch {
    // What the base has already stays.
  }
  return base;
}

/** Refuses some traps and lies in others. */
function oddProxy({ random }: World, target: object): object {
  const traps: Record<string, (...args: never[]) => unknown> = {};
  for (const trap of Object.getOwnPropertyNames(Reflect)) {
    const mood = random.next();
    if (mood < 0.2) traps[trap] = () => refuse(random);
    else if (mood < 0.4) traps[trap] = () => random.pick<unknown>([undefined, null, 1, 'text', {}, [], true]);
  }
  return new Proxy(target, traps);
}

const OBJECTS: readonly Maker[] = [
  (world, depth) => trapped(world, container(world, depth)),
  (world, depth) => oddProxy(world, container(world, depth)),
  ({ random }) => random.pick(Object.values(HOSTILE_SMALL))(),
  cycle,
  () => hostileProxy([]),
  revokedProxy,
  (world, depth) => Object.freeze(container(world, depth)),
  (world) => trapped(world, new Date(0)),
  ({ random }) => new Date(random.pick([NaN, 8.64e15, -8.64e15, 8.7e15, -1, 1e18])),
  (world) => trapped(world, new Error('kept')),
  () => new AggregateError([new Error('one'), hostileProxy()], 'many'),
  () => JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}}'),
  (world, depth) =>
    new (class Own {
      #hidden = 1;
      open = container(world, depth);
      get late(): unknown {
        return this.#hidden === 1 ? refuse(world.random) : 0;
      }
    })(),
  (world, depth) => Object.assign(Object.create({ inherited: 1 }), { own: any(world, depth) }),
];

const LISTS: readonly Maker[] = [
  (world, depth) => trapped(world, [any(world, depth), any(world, depth)]),
  (world, depth) => oddProxy(world, [any(world, depth)]),
  (world, depth) =>
    new Map([
      [any(world, depth), any(world, depth)],
      [NaN, 1],
      [{}, 2],
      ['__proto__', 3],
    ]),
  (world, depth) => new Set([any(world, depth), any(world, depth)]),
  (world) => trapped(world, new Map([['key', 1]])),
  (world) => trapped(world, new Set([1])),
  // biome-ignore lint/suspicious/noSparseArray: holes are the purpose
  () => [, 1, , 2],
  (world, depth) => Object.assign([any(world, depth)], { extra: 1, length: 3 }),
  () => ({ length: 2 ** 53, 0: 'like an array' }),
];

/** Goes on for as long as somebody reads, or for minutes. */
const ENDLESS: readonly Maker[] = [
  () => new Array(2 ** 32 - 1),
  () => {
    const list: unknown[] = [1];
    const grow = { toJSON: () => list.push(grow) };
    list.push(grow);
    return list;
  },
  () => {
    const set = new Set<unknown>();
    let next = 0;
    const grow = { toJSON: () => set.add({ ...grow, next: next++ }).size };
    return set.add(grow);
  },
  () => ({
    *[Symbol.iterator]() {
      for (;;) yield 1;
    },
  }),
  () =>
    Object.assign([1], {
      *[Symbol.iterator]() {
        for (;;) yield 1;
      },
    }),
  () =>
    Object.assign(new Map(), {
      *[Symbol.iterator]() {
        for (;;) yield ['key', 1];
      },
    }),
  () => {
    const endless = (): unknown =>
      new Proxy(
        {},
        {
          get: (_, key) => (key === 'toJSON' ? undefined : endless()),
          ownKeys: () => ['a', 'b'],
          getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
        },
      );
    return endless();
  },
];

const BUFFERS: readonly Maker[] = [
  ({ random }) => Uint8Array.from({ length: random.below(300) }, () => random.below(256)),
  () => new Float64Array([NaN, 1]),
  () => new BigInt64Array([-1n]),
  () => new DataView(new ArrayBuffer(9), 3),
  () => Buffer.from('buffer'),
  () => new ArrayBuffer(7),
  () => new SharedArrayBuffer(7),
  () => new Uint16Array(new SharedArrayBuffer(8)),
  () => HOSTILE['a detached buffer'](),
  () => {
    const buffer = new ArrayBuffer(1);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  },
  () => {
    const buffer = resizable(64);
    const view = new Uint8Array(buffer, 32);
    buffer.resize(8);
    return view;
  },
  () => {
    const buffer = resizable(64);
    const view = new Uint8Array(buffer);
    return {
      get shrink() {
        return buffer.resize(3);
      },
      view,
      again: new Uint8Array(buffer, 2),
    };
  },
  (world) => trapped(world, new Uint8Array(3)),
  () =>
    Object.defineProperties(new Uint8Array(3), {
      byteLength: { value: 2 ** 40 },
      buffer: { value: new ArrayBuffer(4) },
    }),
  () => Object.defineProperty(new Uint8Array(3), 'byteOffset', { value: -1 }),
];

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(most: number): Resizable {
  // The ES library this is checked against does not know the second parameter.
  return new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(most, {
    maxByteLength: most,
  });
}

/** Traces, or changes what is being read, while it is read. */
const REENTRANT: readonly Maker[] = [
  (world, depth) => ({
    get a() {
      world.traceAside();
      return 1;
    },
    b: any(world, depth),
  }),
  (world, depth) => ({
    toJSON() {
      world.traceAside();
      return any(world, depth);
    },
  }),
  (world) => ({
    toString() {
      world.traceAside();
      return 'named';
    },
  }),
  (world) => ({
    toJSON() {
      world.writeSelf();
      return 'written';
    },
  }),
  (world) => ({
    toJSON() {
      world.endSelf();
      return 'ended';
    },
  }),
  (world) => ({
    toString() {
      world.endSelf();
      return 'ended';
    },
  }),
  () => {
    const object: Record<string, unknown> = { z: 1 };
    const change = () => {
      delete object.z;
      object.new = 1;
    };
    Object.defineProperty(object, 'a', { enumerable: true, get: change });
    return object;
  },
  () => {
    const list: unknown[] = [];
    list.push({ toJSON: () => (list.length = 0) }, 2, 3);
    return list;
  },
  (world, depth) =>
    new Proxy(
      {},
      {
        get: () => {
          world.traceAside();
          return any(world, depth);
        },
        ownKeys: () => ['k'],
      },
    ),
];

/** Factories that cost microseconds; the others are rare, because they cost milliseconds. */
const HOSTILE_SMALL = Object.fromEntries(
  Object.entries(HOSTILE).filter(([name]) => !/million|sparse|000 deep|itself twice/.test(name)),
);
const HUGE_LIST = new Array(100_000).fill('element');
const HUGE_OBJECT = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key ${index}`, index]));
const DEEP_OBJECT = nested(10_000);
const DEEP_LIST = (() => {
  let list: unknown[] = [];
  for (let level = 0; level < 10_000; level += 1) list = [list];
  return list;
})();
const HUGE_BYTES = new Uint8Array(300_000);
const HUGE_TEXT = '漢'.repeat(100_000);
const WIDE = { a: HUGE_LIST, b: HUGE_OBJECT, c: HUGE_LIST };

const RARE: readonly Maker[] = [
  ...[HUGE_LIST, HUGE_OBJECT, DEEP_OBJECT, DEEP_LIST, HUGE_BYTES, HUGE_TEXT, WIDE].map(
    (value) => () => value,
  ),
  HOSTILE['a map that contains itself twice'],
];

function container(world: World, depth: number): object {
  const size = depth <= 0 ? 0 : world.random.below(3);
  const object: Record<string, unknown> = {};
  for (let index = 0; index < size; index += 1) {
    Object.defineProperty(object, hostileText(world.random), {
      value: any(world, depth - 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

/** How the kinds share: one in 500 is rare. Without `endless`, every value has an end. */
function any(world: World, depth: number): unknown {
  const { random } = world;
  const mood = random.next();
  if (depth <= 0 || mood < 0.3) return random.pick(PLAIN)(world, depth);
  if (mood < 0.55) return random.pick(OBJECTS)(world, depth - 1);
  if (mood < 0.7) return random.pick(LISTS)(world, depth - 1);
  if (mood < 0.85) return random.pick(BUFFERS)(world, depth - 1);
  return random.pick(REENTRANT)(world, depth - 1);
}

/** Any value at all. `finite` leaves out those that grow while they are read, for those who would read on. */
export function hostileValue(world: World, finite = false): unknown {
  const { random } = world;
  if (random.chance(0.002)) return random.pick(RARE)(world, 2);
  if (!finite && random.chance(0.001)) return random.pick(ENDLESS)(world, 2);
  return any(world, 3);
}
