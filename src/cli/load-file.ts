/** Loads an evaluation file and what it imports, TypeScript or not. */
import { relative } from 'node:path';

export interface LoadedFile {
  /** What it exports as default. */
  readonly default: unknown;
}

/** Why a file could not be loaded, for a person. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

export type LoadFile = (path: string) => Promise<LoadedFile>;

/** @param entries - modules by the name that files import them by, in the place of what would be found. */
export async function openLoader(
  entries: Record<string, unknown>,
): Promise<{ load: LoadFile; loaded(): string[] }> {
  const { createJiti } = await import('./libraries.ts');
  // Nothing of a prompt or a data set is to lie in a folder of temporary files.
  const options = { fsCache: false, sourceMaps: true, jsx: true, interopDefault: false };
  const { transform } = createJiti(import.meta.url, options);
  const jiti = createJiti(import.meta.url, {
    ...options,
    virtualModules: entries,
    transform: (given) => ({ code: withDescriptors(transform(given)) }),
  });
  const load = async (path: string): Promise<LoadedFile> => {
    try {
      return await jiti.import<LoadedFile>(path);
    } catch (fault) {
      throw explained(fault, path);
    }
  };
  const loaded = () => Object.keys(jiti.cache).filter((file) => !/[\\/]node_modules[\\/]/.test(file));
  return { load, loaded };
}

/**
 * jiti 2.7.0 puts a decorator of its own before those of a method, for `design:*` metadata. Where there is no
 * `Reflect.metadata` it returns what it was given first, the class, which the next decorator gets for a descriptor. This
 * one returns nothing, in as many characters, so that source maps hold.
 */
function withDescriptors(code: string): string {
  return code.replace(/(Reflect\.metadata\?\.\("design:\w+", .*?\) \|\| )\(\(t\) => t\)/g, '$1(() => {})');
}

/** A fault of the file's own as it is; of its syntax or its imports, a line that says where. */
function explained(fault: unknown, path: string): unknown {
  const { message = '', code } = (fault ?? {}) as { message?: string; code?: string };
  const file = relative(process.cwd(), path);
  // The transpiler: `ParseError: <what> \n <file>:<line>:<column>`.
  const parse = /^ParseError:\s*(.*?)\s*\n\s*(.+:\d+:\d+)/.exec(message);
  if (parse !== null) return new LoadError(`${parse[2].replace(path, file)}: syntax error: ${parse[1]}`);
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return fault;
  return new LoadError(`${file}: ${message.split('\n', 1)[0]}`);
}
