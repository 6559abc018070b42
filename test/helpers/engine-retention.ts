/**
 * @module A program for a process of its own, started with --expose-gc: spans whose name, keys and values are short
 * slices of long prompts. Prints how much memory the prompts took and how much is still held without them.
 */

import { createSinkProvider } from '../../src/bench-hooks.ts';

const PROMPT_UNITS = 1 << 20;
const PROMPTS = 160;
const MEBIBYTE = 1 << 20;

function usedBytes(): number {
  (globalThis as unknown as { gc(): void }).gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const { provider, drain } = createSinkProvider({ engine: 'ts', arenaBytes: 4 * MEBIBYTE });
const tracer = provider.getTracer('retention');

/** A text that no other shares; a slice of it holds all of it. */
function prompt(index: number): string {
  const line = `prompt ${index} `;
  return line.repeat(PROMPT_UNITS / line.length);
}

function record(index: number): void {
  const text = prompt(index);
  const span = tracer.startSpan(text.slice(5, 40));
  span.setAttribute(text.slice(0, 30), text.slice(10, 50));
  span.setAttribute('value', text.slice(20, 60));
  span.setAttribute('long', text.slice(20, 90_000));
  span.setAttribute('list', [text.slice(3, 43)]);
  span.addEvent(text.slice(1, 31), { [text.slice(2, 32)]: text.slice(3, 33) });
  span.setStatus({ code: 2, message: text.slice(4, 34) });
  span.end();
  drain();
}

/** How much more memory is in use after `act` has been called for each prompt. */
function growth(act: (index: number) => void): number {
  const before = usedBytes();
  for (let index = 1; index <= PROMPTS; index += 1) act(index);
  return (usedBytes() - before) / MEBIBYTE;
}

record(0);
const retainedMiB = growth(record);
const slices: string[] = [];
const promptMiB = growth((index) => slices.push(prompt(index).slice(10, 50)));
const { keys } = provider.stats().memo;
process.stdout.write(JSON.stringify({ retainedMiB, promptMiB, keys, slices: slices.length }));
