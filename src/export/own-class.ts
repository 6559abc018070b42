/** @module Which processors and exporters are ours exactly: a subclass or a patched instance may do anything. */

const originals = new WeakMap<object, Readonly<Record<string, unknown>>>();

/**
 * Remembers the methods of a class as it was written. To be called after the class: a class that names itself gets another
 * name in a bundle, and warnings show it.
 */
export function declareOwn(type: { readonly prototype: object }, ...methods: string[]): void {
  const prototype = type.prototype as Record<string, unknown>;
  originals.set(prototype, Object.fromEntries(methods.map((name) => [name, prototype[name]])));
}

/** Whether `value` is an instance of such a class itself, of no subclass, with those methods as they were written. */
export function isOwn(value: unknown): boolean {
  try {
    if (typeof value !== 'object' || value === null) return false;
    const methods = originals.get(Object.getPrototypeOf(value));
    if (methods === undefined) return false;
    const instance = value as Record<string, unknown>;
    return Object.keys(methods).every((name) => instance[name] === methods[name]);
  } catch {
    // A Proxy that refuses to be read.
    return false;
  }
}
