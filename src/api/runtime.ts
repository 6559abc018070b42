/** @module Which runtime this is, and its modules where they can be had. */

import { getBuiltin, loadBuiltin } from '../export/builtin.ts';

interface Host {
  readonly Deno?: { readonly version?: { readonly deno?: string } };
  readonly Bun?: { readonly version?: string };
  readonly process?: Partial<NodeJS.Process>;
}

/** The runtime's own `process`, or `undefined` in a browser; a stand-in for one may lack members. */
export function hostProcess(): Partial<NodeJS.Process> | undefined {
  return (globalThis as Host).process;
}

/** A runtime, by its names in the attributes `process.runtime.*`. */
export interface Runtime {
  readonly name: 'nodejs' | 'deno' | 'bun';
  readonly version: string;
  readonly description: string;
}

/** Deno and Bun have a `process.versions.node` too, so they are asked first. */
export function runtime(): Runtime | undefined {
  const { Deno, Bun } = globalThis as Host;
  const deno = Deno?.version?.deno;
  if (deno !== undefined) return { name: 'deno', version: deno, description: 'Deno' };
  if (Bun?.version !== undefined) return { name: 'bun', version: Bun.version, description: 'Bun' };
  const node = hostProcess()?.versions?.node;
  return node === undefined ? undefined : { name: 'nodejs', version: node, description: 'Node.js' };
}

/**
 * What `read` makes of a module of the runtime: at once where that can be, a promise on Node before 20.16, and
 * `undefined` where there is no such module or reading throws.
 */
export function fromBuiltin<Module, Value>(
  name: string,
  read: (module: Module) => Value,
): Value | Promise<Value | undefined> | undefined {
  if (hostProcess() === undefined) return undefined;
  try {
    const module = getBuiltin<Module>(name);
    if (module !== undefined) return read(module);
  } catch {
    return undefined;
  }
  return loadBuiltin<Module>(name).then(read).catch(nothing);
}

function nothing(): undefined {
  return undefined;
}
