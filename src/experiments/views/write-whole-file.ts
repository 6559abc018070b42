/** @module Files that are there whole or not at all. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes pieces of text to a file, whose folder is made when it is missing. They go to a file beside it first, so that
 * who reads `path` never reads a half, and what was there stays when the disk is full.
 *
 * @throws Error that names the file, with what the system said as its `cause`.
 */
export async function writeWholeFile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(pieces, { objectMode: true }), createWriteStream(beside));
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {});
    const { message } = cause as Error;
    throw new Error(
      `${path}: could not be written: ${message}. Name a file in a folder that may be written to.`,
      { cause },
    );
  }
}
