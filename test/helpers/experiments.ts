/** @module Experiments that leave nothing behind: their folder, and the lines they write. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { resetDiagnostics } from '../../src/diagnostics.ts';
import { evaluate } from '../../src/experiments/evaluate.ts';
import type { EvaluateOptions } from '../../src/experiments/options.ts';
import type { ItemResult } from '../../src/experiments/result.ts';

export interface Bench {
  folder: string;
  /** Lines of stderr. */
  lines: string[];
}

/** A folder for each test; what is written to stderr is kept and not shown. */
export function useExperiments(): Bench {
  const bench: Bench = { folder: '', lines: [] };
  beforeEach(() => {
    resetDiagnostics();
    bench.folder = mkdtempSync(join(tmpdir(), 'spandrel-experiments-'));
    bench.lines = [];
    vi.spyOn(process.stderr, 'write').mockImplementation(((text: string, done?: () => void) => {
      bench.lines.push(String(text));
      if (typeof done === 'function') done();
      return true;
    }) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(bench.folder, { recursive: true, force: true });
  });
  return bench;
}

/** Runs without a view, in the folder of the test. */
export function quietly<Given, Output>(bench: Bench, options: EvaluateOptions<Given, Output>) {
  return evaluate<Given, Output>({ directory: bench.folder, progress: 'none', ...options });
}

export async function listOf<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const list: Value[] = [];
  for await (const value of values) list.push(value);
  return list;
}

/** The items in a file, as they lie. */
export function itemsOf(file: string | null): ItemResult[] {
  const lines = readFileSync(file as string, 'utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => JSON.parse(line)).flatMap((line) => (line.kind === 'item' ? [line.item] : []));
}

/** A promise that a test settles when it wants to. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
