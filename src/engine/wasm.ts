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

const HEX_DIGITS = 2;

function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length / HEX_DIGITS }, (_, index) =>
    Number.parseInt(text.substr(index * HEX_DIGITS, HEX_DIGITS), 16),
  );
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
