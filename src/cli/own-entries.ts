/** The entries of this package as programs load them, so that the command and a file have one state. */
import { createRequire } from 'node:module';
import type { evaluate } from '../experiments/evaluate.ts';
import type { readExperiment } from '../experiments/read-experiment.ts';

/** What the command itself uses of `spandrel/experiments`. */
export interface ExperimentsEntry {
  readonly evaluate: typeof evaluate;
  readonly readExperiment: typeof readExperiment;
}

const NAMES = ['ai-sdk', 'experiments', 'honeyhive', 'langchain', 'mcp', 'otel', 'register', 'testing'];

/** An entry by its name, `index` for the package itself. */
function ownEntry(name: string): unknown {
  return createRequire(import.meta.url)(`../cjs/${name}.cjs`);
}

export function ownExperiments(): ExperimentsEntry {
  return ownEntry('experiments') as ExperimentsEntry;
}

/** Every entry under the name that files import it by, loaded when it is asked for; some in the place of others. */
export function entriesForFiles(instead: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = {};
  for (const name of ['index', ...NAMES]) {
    const id = name === 'index' ? 'spandrel' : `spandrel/${name}`;
    Object.defineProperty(entries, id, { enumerable: true, get: () => instead[id] ?? ownEntry(name) });
  }
  return entries;
}
