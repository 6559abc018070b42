/** The append-only file of a run: a line for its beginning, one for each item, one for its end. */
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe } from '../api/attributes.ts';
import { error as reportError } from '../diagnostics.ts';
import { linesOf } from './file-lines.ts';
import { itemToJson, toJson } from './json.ts';
import type { ItemResult } from './result.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** First line of the file, and of each time the run was resumed. */
export interface RunLine {
  readonly kind: 'run' | 'resume';
  readonly name: string;
  readonly runId: string;
  readonly startTime: string;
  readonly metadata?: Record<string, unknown>;
}

export interface ItemLine {
  readonly kind: 'item';
  readonly item: ItemResult;
}

/** Written when all items are done: the run is not one to resume. */
export interface EndLine {
  readonly kind: 'end';
  readonly durationMs: number;
}

export type JournalLine = RunLine | ItemLine | EndLine;

/**
 * Appends lines, each by one write call that has returned before the item counts as done: what was done survives the
 * death of the process. A write that fails is said, undone, and the last one: later rows stay in memory.
 */
export class Journal {
  readonly path: string;
  /** Whole lines, in bytes. */
  bytes: number;
  private file: number | null;

  private constructor(path: string, file: number, bytes: number) {
    this.path = path;
    this.file = file;
    this.bytes = bytes;
  }

  /** @throws what the file system throws. */
  static create(path: string): Journal {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL } = constants;
    return new Journal(path, openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, FILE_MODE), 0);
  }

  /** Goes on after `bytes`; what follows, half a line, is cut off. @throws what the file system throws. */
  static resume(path: string, bytes: number): Journal {
    const { O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = constants;
    const file = openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW);
    ftruncateSync(file, bytes);
    return new Journal(path, file, bytes);
  }

  /** Appends to a file that is open already. @internal */
  static over(path: string, file: number): Journal {
    return new Journal(path, file, 0);
  }

  /** Whether the line is in the file. */
  append(line: JournalLine): boolean {
    if (this.file === null) return false;
    const text = line.kind === 'item' ? `{"kind":"item","item":${itemToJson(line.item)}}` : toJson(line);
    const bytes = Buffer.from(`${text}\n`);
    try {
      // One call, but where there is no room for all of it: the next one says why.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
      this.bytes += bytes.length;
      return true;
    } catch (fault) {
      this.giveUp(fault);
      return false;
    }
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private giveUp(fault: unknown): void {
    reportError(
      `experiment-file ${this.path}`,
      `cannot write ${this.path}: ${causeOf(fault)}. The run goes on; further rows are in memory alone. ` +
        'Make room, then resume the run to do them again.',
    );
    try {
      ftruncateSync(this.file as number, this.bytes);
    } catch {
      // Half a line at the end is cut off when the file is read.
    }
    this.close();
  }
}

/** Why the file system refused, in words. */
export function causeOf(fault: unknown): string {
  const { code } = fault as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return 'the disk is full (ENOSPC)';
  if (code === 'EDQUOT') return 'the quota is used up (EDQUOT)';
  if (code === 'EFBIG') return 'it has the largest size that a file may have here (EFBIG)';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return `it may not be written (${code})`;
  return fault instanceof Error ? fault.message : describe(fault);
}

/** One line of a file, with its place. */
export interface PlacedLine {
  readonly line: JournalLine;
  readonly end: number;
}

/**
 * The lines of a file. A last line without its end, of a program that was cut off, is passed over.
 *
 * @throws an error with the name of the file and the number of the line when another line is none of ours.
 */
export async function* readJournal(path: string, from = 0, to?: number): AsyncGenerator<PlacedLine, void> {
  let number = 0;
  for await (const { text, end, isWhole } of linesOf(path, { from, to })) {
    number += 1;
    if (isWhole) yield { line: parseLine(text, path, number), end };
  }
}

function parseLine(text: string, path: string, number: number): JournalLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // Said below, with what a line should be.
  }
  const { kind, item, runId } = (line ?? {}) as Partial<Record<string, unknown>>;
  const isItem = kind === 'item' && typeof (item as { id?: unknown } | undefined)?.id === 'string';
  const isRun = (kind === 'run' || kind === 'resume') && typeof runId === 'string';
  if (isItem || isRun || kind === 'end') return line as JournalLine;
  throw new Error(
    `${path}, line ${number}: expected a line of an experiment, got ${JSON.stringify(text.slice(0, 60))}. ` +
      'Remove the line to go on without it: its item is done again.',
  );
}

/** Whether all items of a run are done: its last line says so. */
export async function isComplete(path: string): Promise<boolean> {
  const { size } = statSync(path);
  let last = '';
  // The last line, but for one longer than this, which is an item.
  for await (const { text } of linesOf(path, { from: Math.max(0, size - 256) })) last = text;
  return /^\{"kind":"end"/.test(last);
}

/** Where the file of a run is: by its path, its run id, or as the last one of a name. */
export function findJournal(directory: string, named: string | true, name: string): string | undefined {
  if (named !== true && /[\\/]|\.jsonl$/.test(named)) return resolve(named);
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    return undefined;
  }
  const end = named === true ? undefined : `-${named}.jsonl`;
  const start = `${slugOf(name)}-`;
  const found = files.filter((file) =>
    end === undefined
      ? file.startsWith(start) && RUN_FILE.test(file.slice(start.length))
      : file.endsWith(end),
  );
  const times = found.map((file) => ({
    path: join(directory, file),
    time: statSync(join(directory, file)).mtimeMs,
  }));
  return times.sort((a, b) => b.time - a.time)[0]?.path;
}

const RUN_FILE = /^\d{8}T\d{6}-[0-9a-f]{8}\.jsonl$/;

export function journalPath(directory: string, name: string, runId: string): string {
  return join(directory, `${slugOf(name)}-${runId}.jsonl`);
}

/** A name as a part of a file's name. */
function slugOf(name: string): string {
  const slug = name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
  return slug.slice(0, 60) || 'experiment';
}
