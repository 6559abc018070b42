/** @module Loads modules of the runtime on first use, from ESM and from a CommonJS bundle alike. */

interface HostWithBuiltins {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/**
 * The runtime's own module of that name, e.g. `node:http`.
 *
 * @throws when the host has no such module; the caller says what that means for the user.
 */
export async function loadBuiltin<Module>(name: string): Promise<Module> {
  // A static import costs start-up for programs that never export; Node before 20.16 has no getBuiltinModule.
  return (getBuiltin<Module>(name) ?? (await import(/* @vite-ignore */ name))) as Module;
}

/** As {@link loadBuiltin}, at once, or `undefined` on hosts that cannot. */
export function getBuiltin<Module>(name: string): Module | undefined {
  return (globalThis as HostWithBuiltins).process?.getBuiltinModule?.(name) as Module | undefined;
}
