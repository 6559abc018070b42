/** The engine as TypeScript over an ArrayBuffer, for hosts that refuse run-time WebAssembly. */
import { createCore } from './core.gen.js';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';

/** @throws RangeError when the host cannot allocate `arenaBytes`. */
export function createTsEngine(options: EngineOptions): Engine {
  const buffer = new ArrayBuffer(options.arenaBytes);
  return createEngine('ts', createCore(buffer), buffer, options);
}
