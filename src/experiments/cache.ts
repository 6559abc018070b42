/** Outputs that were made before, by all that they depend on. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { warnOnce } from '../diagnostics.ts';
import type { Entry } from './items.ts';
import { causeOf } from './journal.ts';
import { toCanonicalJson, toJson } from './json.ts';
import type { ItemResult } from './result.ts';

const FORMAT = 1;

type Cached = Pick<ItemResult, 'output' | 'usage' | 'durationMs'>;

/** A file an output, so that nothing is held in memory, and programs that run at the same time do not meet. */
export class OutputCache {
  private readonly folder: string;
  private readonly version: string;

  /** @param version - all that outputs depend on beside the row: version of the task, and its configuration. */
  constructor(folder: string, version: readonly unknown[]) {
    this.folder = folder;
    this.version = toCanonicalJson([FORMAT, ...version]);
  }

  /** `undefined` where there is none, or none that can be read. */
  async read(entry: Entry): Promise<Cached | undefined> {
    try {
      const { output, usage, durationMs } = JSON.parse(await readFile(this.pathOf(entry), 'utf8')) as Cached;
      return usage === undefined ? { output, durationMs } : { output, usage, durationMs };
    } catch {
      return undefined;
    }
  }

  /** Never rejects: without a cache the run goes on as it would. */
  async write(entry: Entry, { output, usage, durationMs }: ItemResult): Promise<void> {
    const path = this.pathOf(entry);
    // A file comes whole or not at all, whoever else writes it.
    const draft = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await writeFile(draft, toJson({ output, usage, durationMs }), { mode: 0o600, flag: 'wx' });
      await rename(draft, path);
    } catch (fault) {
      warnOnce('experiment-cache', `cache: cannot write ${path}: ${causeOf(fault)}; outputs are not kept.`);
    }
  }

  private pathOf({ row, repetition }: Entry): string {
    const { inputs, metadata } = row;
    const hash = createHash('sha256')
      .update(this.version)
      .update(toCanonicalJson([inputs, metadata, repetition]))
      .digest('hex');
    return join(this.folder, hash.slice(0, 2), `${hash.slice(2)}.json`);
  }
}
