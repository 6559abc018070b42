/** The engine as TypeScript over an ArrayBuffer, for hosts that refuse run-time WebAssembly. */
import { createCore } from './core.gen.js';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';

/** @throws RangeError when the host cannot allocate `arenaBytes`. */
export function createTsEngine(options: EngineOptions): Engine {
  const buffer = allocate(options.arenaBytes);
  return createEngine('ts', createCore(buffer), buffer, options);
}

function allocate(arenaBytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(arenaBytes);
  } catch (cause) {
    throw new RangeError(
      `arenaBytes: expected ${arenaBytes} bytes of memory, the host has none left. Lower arenaBytes (SPANDREL_ARENA_BYTES).`,
      { cause },
    );
  }
}
