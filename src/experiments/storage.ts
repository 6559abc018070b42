/** Opens the file of a run, new or of one that goes on. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { error as reportError, warn } from '../diagnostics.ts';
import { ItemLog } from './item-log.ts';
import { keyOf } from './items.ts';
import {
  causeOf,
  findJournal,
  isComplete,
  Journal,
  journalPath,
  type RunLine,
  readJournal,
} from './journal.ts';
import type { ItemResult } from './result.ts';

export interface Storage {
  readonly run: RunLine;
  readonly log: ItemLog;
  readonly journal: Journal | null;
  /** Items that are done already, by key. */
  readonly done: ReadonlySet<string>;
}

export interface StorageOptions {
  readonly name: string;
  readonly directory: string | null;
  readonly resume: boolean | string;
  readonly metadata: Record<string, unknown> | undefined;
  /** Gets every item that is done already. */
  onItem(item: ItemResult): void;
}

/** @throws when the run to resume is not there, or its file is damaged. A file that cannot be made is said, and done without. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { name, resume } = options;
  const directory = options.directory === null ? null : resolve(options.directory);
  if (resume !== false) {
    if (directory === null) throw new TypeError('resume: expected a directory to find the run in, got null.');
    const path = findJournal(directory, resume, name);
    const isOver = path !== undefined && resume === true && (await isComplete(path));
    if (path !== undefined && !isOver) return reopen(path, options);
    if (typeof resume === 'string')
      throw new Error(
        `resume: expected a run id or the path of a run's file, found no ${resume} in ${directory}.`,
      );
    warn(
      'experiment-resume',
      `resume: found no run of ${name} in ${directory} that was stopped; a new one begins.`,
    );
  }
  const startTime = new Date().toISOString();
  const runId = `${startTime.slice(0, 19).replace(/[-:]/g, '')}-${randomBytes(4).toString('hex')}`;
  const run: RunLine = { kind: 'run', name, runId, startTime, metadata: options.metadata };
  const journal = directory === null ? null : create(journalPath(directory, name, runId));
  journal?.append(run);
  return { run, journal, log: new ItemLog(journal), done: new Set() };
}

function create(path: string): Journal | null {
  try {
    return Journal.create(path);
  } catch (fault) {
    reportError(
      `experiment-file ${path}`,
      `cannot make ${path}: ${causeOf(fault)}. The run goes on in memory and cannot be resumed; ` +
        'name a folder that may be written to as the directory.',
    );
    return null;
  }
}

async function reopen(path: string, { onItem, metadata }: StorageOptions): Promise<Storage> {
  const done = new Set<string>();
  let run: RunLine | undefined;
  let bytes = 0;
  for await (const { line, end } of readJournal(path)) {
    bytes = end;
    if (line.kind === 'run') run = line;
    // What was stopped while it was under way is not done.
    if (line.kind !== 'item' || line.item.status === 'aborted') continue;
    const key = keyOf(line.item);
    if (done.has(key)) continue;
    done.add(key);
    onItem({ ...line.item, cached: true });
  }
  if (run === undefined)
    throw new Error(`${path}: expected the first line of a run, got none; the run cannot be resumed.`);
  const journal = Journal.resume(path, bytes);
  journal.append({
    ...run,
    kind: 'resume',
    metadata: metadata ?? run.metadata,
    startTime: new Date().toISOString(),
  });
  return { run, journal, log: new ItemLog(journal, bytes), done };
}
