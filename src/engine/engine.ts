/**
 * The contract of an engine: the core of `assembly/` over one memory, and the views through which the caller
 * fills the span head, the cells and the staged text. `wasm.ts` and `ts.ts` implement it with the same source,
 * so equal calls leave equal bytes in memory.
 */

/** The exported functions of `assembly/index.ts`; see there for what they do. */
export interface Core {
  configure(memoryBytes: number, blockShift: number, stringBytes: number): number;
  internKey(length: number): number;
  recoverText(cellCount: number, text: number): void;
  commitSpan(stream: number, cellCount: number, textEnd: number): number;
  encodeMessage(cellCount: number, textEnd: number): number;
  closePiece(piece: number): void;
  freePiece(piece: number): void;
  dropStream(stream: number): void;
}

/** Which engine runs: the WebAssembly module, or the same core as TypeScript. */
export type EngineName = 'wasm' | 'ts';

export interface Engine {
  readonly name: EngineName;
  readonly core: Core;
  /** The whole memory; made once, never grown, never detached. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly doubles: Float64Array<ArrayBuffer>;
}

/** How an engine's memory is laid out. */
export interface EngineOptions {
  /** Size of the memory in bytes; a multiple of 64 KiB. */
  readonly arenaBytes: number;
  /** log2 of the block size, 12 to 20. Default 17: 128 KiB. */
  readonly blockShift?: number;
  /** Bytes of string staging, a multiple of 16. Default: a sixteenth of the arena, at most 4 MiB. */
  readonly stringBytes?: number;
}

export const DEFAULT_BLOCK_SHIFT = 17;
const MAX_STRING_BYTES = 4 << 20;

/** Wraps a core and its memory, and lays the memory out. */
export function createEngine(
  name: EngineName,
  core: Core,
  buffer: ArrayBuffer,
  options: EngineOptions,
): Engine {
  const stringBytes = options.stringBytes ?? Math.min(MAX_STRING_BYTES, options.arenaBytes >> 4);
  const blocks = core.configure(options.arenaBytes, options.blockShift ?? DEFAULT_BLOCK_SHIFT, stringBytes);
  if (blocks === 0) {
    throw new RangeError(`arenaBytes: expected room for at least one block, got ${options.arenaBytes} bytes`);
  }
  return {
    name,
    core,
    bytes: new Uint8Array(buffer),
    words: new Int32Array(buffer),
    doubles: new Float64Array(buffer),
  };
}
