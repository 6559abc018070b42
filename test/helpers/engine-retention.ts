/**
 * @module A program for a process of its own, started with --expose-gc: spans whose name, keys and values are short
 * slices of long prompts. Prints how much memory the prompts took and how much is still held without them.
 */

import { createSinkProvider } from '../../src/bench-hooks.ts';

const PROMPT_UNITS = 1 << 20;
const PROMPTS = 160;
const MEBIBYTE = 1 << 20;

function heapBytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return process.memoryUsage().heapUsed;
}

const { provider, drain } = createSinkProvider({ engine: 'ts', arenaBytes: 4 * MEBIBYTE });
const tracer = provider.getTracer('retention');

/** A flat string of one byte a unit that no other shares. */
function prompt(index: number): string {
  return Buffer.alloc(PROMPT_UNITS, `prompt ${index} `).toString('latin1');
}

function record(index: number): void {
  const text = prompt(index);
  const key = text.slice(0, 30);
  const span = tracer.startSpan(text.slice(5, 40), { attributes: { [key]: text.slice(10, 50) } });
  span.setAttribute('value', text.slice(20, 60));
  span.setAttribute('long', text.slice(20, 90_000));
  span.addEvent(text.slice(1, 31), { [key]: text.slice(3, 33) });
  span.end();
}

record(0);
drain();
const before = heapBytes();
let promptBytes = 0;
for (let index = 1; index <= PROMPTS; index += 1) {
  record(index);
  promptBytes += PROMPT_UNITS;
  drain();
}
const retained = heapBytes() - before;
process.stdout.write(
  JSON.stringify({
    retainedMiB: retained / MEBIBYTE,
    promptMiB: promptBytes / MEBIBYTE,
    keys: provider.stats().memo.keys,
  }),
);
