/** Chooses the engine once, by option and by what the host can do, and keeps the arena of this thread. */
import { warnOnce } from '../diagnostics.ts';
import { Arena } from './arena.ts';
import type { Engine, EngineName, EngineOptions } from './engine.ts';
import { createTsEngine } from './ts.ts';
import { createWasmEngine } from './wasm.ts';

export interface ArenaOptions extends EngineOptions {
  readonly engine: EngineName | 'auto';
}

let shared: Arena | undefined;
/** Arenas of an engine that a later provider forced although the shared one runs the other. */
const forced = new Map<EngineName, Arena>();

/**
 * The arena of this thread, made by the first call. A later call with another size gets the same arena and
 * warns; one that forces the other engine gets an arena of its own.
 *
 * @throws Error when a forced engine cannot start, or the host has no memory for either.
 */
export function openArena(options: ArenaOptions): Arena {
  if (shared === undefined) {
    shared = new Arena(startEngine(options));
    return shared;
  }
  if (options.engine !== 'auto' && options.engine !== shared.engine.name)
    return openForced(options, options.engine);
  const size = shared.engine.bytes.length;
  if (size !== options.arenaBytes) {
    warnOnce(
      'arena-size',
      `arenaBytes: the arena of this thread has ${size} bytes already; ${options.arenaBytes} is ignored. ` +
        'Give the size to the first provider.',
    );
  }
  return shared;
}

function openForced(options: ArenaOptions, name: EngineName): Arena {
  const arena = forced.get(name) ?? new Arena(startEngine(options));
  forced.set(name, arena);
  return arena;
}

function startEngine(options: ArenaOptions): Engine {
  if (options.engine === 'ts') return createTsEngine(options);
  try {
    return createWasmEngine(options);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    if (options.engine === 'wasm') {
      throw new Error(`engine 'wasm': expected to start, but ${cause}. Use engine 'auto' or 'ts'.`, {
        cause: error,
      });
    }
    // First: where it cannot start either, nothing is used instead.
    const engine = createTsEngine(options);
    warnOnce(
      'engine-fallback',
      `the wasm engine could not start (${cause}); the TypeScript engine is used instead.`,
    );
    return engine;
  }
}
