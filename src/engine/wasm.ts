/** The engine as a WebAssembly module: instantiated here and nowhere else. */
import { type Core, createEngine, type Engine, type EngineOptions } from './engine.ts';
import { wasmHex } from './wasm-bytes.gen.ts';

const PAGE_BYTES = 65536;

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** The part of the WebAssembly JavaScript interface used here; hosts without it leave the global undefined. */
interface WebAssemblyHost {
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => Memory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { env: { memory: Memory } },
  ) => { readonly exports: object };
}

/** A loop: a call of `parseInt` for each byte took 2.8 ms of a start, this 0.3. */
function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = (digit(text.charCodeAt(index * 2)) << 4) | digit(text.charCodeAt(index * 2 + 1));
  }
  return bytes;
}

/** `0` to `9` begin at 48, `a` to `f` at 97. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/**
 * The memory is made here with `initial === maximum`, so it never grows and its buffer never detaches.
 *
 * @throws Error when the host has no WebAssembly, refuses to compile at run time or has no address space left.
 */
export function createWasmEngine(options: EngineOptions): Engine {
  const host = (globalThis as { WebAssembly?: WebAssemblyHost }).WebAssembly;
  if (host === undefined) {
    throw new Error('expected a host with WebAssembly, found none; use engine: "ts" or "auto"');
  }
  if (!wasmHex) {
    throw new Error(
      'expected the WebAssembly module in the bundle, found none; bundle this package as it is',
    );
  }
  const pages = options.arenaBytes / PAGE_BYTES;
  const memory = new host.Memory({ initial: pages, maximum: pages });
  const instance = new host.Instance(new host.Module(decodeHex(wasmHex)), { env: { memory } });
  return createEngine('wasm', { ...instance.exports } as Core, memory.buffer, options);
}
