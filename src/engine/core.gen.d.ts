import type { Core } from './engine.ts';

/** The engine core over one buffer; made by scripts/build-core.mjs out of assembly/. */
export function createCore(buffer: ArrayBuffer): Core;
