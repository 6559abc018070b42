/** @module Which engine keeps the spans, and in how much memory. */

import type { Choice } from './options.ts';
import { resolveChoice, resolveNumber } from './resolve.ts';

/** WebAssembly memory is counted in pages of this many bytes (WebAssembly Core Specification, §4.2.8). */
const PAGE_BYTES = 65_536;

/** Options of the engine; they count for the first provider of a thread, which creates its arena. */
export interface EngineOptions {
  /**
   * `wasm` and `ts` force one engine, and creating a provider fails if it cannot start; `auto` takes `wasm`
   * where it can start and says so once where it cannot. Default `auto`; `SPANDREL_ENGINE`.
   */
  engine?: Choice<'engine'>;
  /**
   * Memory for finished spans that wait to be sent, in bytes, rounded up to whole pages of 64 KiB. From 4 MiB
   * to 1 GiB; default 64 MiB; `SPANDREL_ARENA_BYTES`. When it is full, new spans are dropped and counted.
   */
  arenaBytes?: number;
}

/** The engine options in force; `arenaBytes` is a multiple of 65,536. */
export function resolveEngineOptions(options: EngineOptions = {}): Readonly<Required<EngineOptions>> {
  const bytes = resolveNumber('arenaBytes', options?.arenaBytes);
  return {
    engine: resolveChoice('engine', options?.engine),
    arenaBytes: Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES,
  };
}
