/** @module Values that a careless or hostile program may hand to a tracing call. */

const refuse = (): never => {
  throw new Error('trap');
};

/** Throws whatever is asked of it. */
export function hostileProxy(target: object = {}): object {
  const traps: Record<string, () => never> = {};
  for (const trap of Object.getOwnPropertyNames(Reflect)) traps[trap] = refuse;
  return new Proxy(target, traps);
}

/** Throws already when asked whether it is an array. */
export function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

export function cycle(): object {
  const object: Record<string, unknown> = { name: 'loop' };
  object.self = object;
  object.list = [object];
  return object;
}

/** An object `depth` objects deep. */
export function nested(depth: number): object {
  let object: object = { bottom: true };
  for (let level = 1; level < depth; level += 1) object = { in: object };
  return object;
}

/** By a name for the test's title. Factories, so that each use gets a fresh one. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'a getter that throws': () => ({
    get bad() {
      throw new Error('getter');
    },
  }),
  'a getter that throws something without a string form': () => ({
    get bad() {
      throw Object.create(null);
    },
  }),
  'a cycle': cycle,
  'a map that contains itself twice': () => {
    const map = new Map<unknown, unknown>();
    return map.set('a', map).set('b', map);
  },
  'a proxy that throws in every trap': () => hostileProxy(),
  'an array proxy that throws in every trap': () => hostileProxy([]),
  'a revoked proxy': revokedProxy,
  'a toJSON that throws': () => ({ toJSON: refuse }),
  'a toJSON that returns itself': () => {
    const object = { toJSON: (): unknown => object };
    return object;
  },
  'a symbol': () => Symbol('s'),
  'a function': () => function named() {},
  'an object without a prototype': () => Object.create(null),
  'an iterator that throws': () => {
    const list = [1, 2];
    list[Symbol.iterator] = refuse;
    return list;
  },
  'an invalid date': () => new Date(Number.NaN),
  'a detached buffer': () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return view;
  },
  'an object 100 deep': () => nested(100),
  'an object 20,000 deep': () => nested(20_000),
  'a million elements': () => new Array(1_000_000).fill(1),
  'a sparse array of 2^32 - 1': () => new Array(2 ** 32 - 1),
};
