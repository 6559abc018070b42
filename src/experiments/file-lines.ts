/** The lines of a file, one after the other, of which no more than a piece and a line is held. */
import { type FileHandle, open } from 'node:fs/promises';

const PIECE_BYTES = 65_536;
const LINE_END = 0x0a;

/** One line, without its end. */
export interface FileLine {
  readonly text: string;
  /** Place of its first byte in the file. */
  readonly start: number;
  /** Place after its end. */
  readonly end: number;
  /** Whether it ends in a line end: the last line of a file that was cut off does not. */
  readonly isWhole: boolean;
}

export interface LineRange {
  /** First byte to read. Default 0. */
  from?: number;
  /** Byte to stop before. Default: the end of the file. */
  to?: number;
}

/** Reads a file by lines. @throws what the file system throws, with its `code`. */
export async function* linesOf(
  path: string | URL,
  { from = 0, to = Number.POSITIVE_INFINITY }: LineRange = {},
): AsyncGenerator<FileLine> {
  const file = await open(path, 'r');
  try {
    yield* linesIn(file, from, to);
  } finally {
    await file.close();
  }
}

async function* linesIn(file: FileHandle, from: number, to: number): AsyncGenerator<FileLine> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let parts: Buffer[] = [];
  let start = from;
  let at = from;
  while (at < to) {
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, to - at), at);
    if (bytesRead === 0) break;
    let lineStart = 0;
    for (
      let end = piece.indexOf(LINE_END);
      end >= 0 && end < bytesRead;
      end = piece.indexOf(LINE_END, lineStart)
    ) {
      const text = textOf(parts, piece.subarray(lineStart, end));
      parts = [];
      lineStart = end + 1;
      yield { text, start, end: at + lineStart, isWhole: true };
      start = at + lineStart;
    }
    if (lineStart < bytesRead) parts.push(Buffer.from(piece.subarray(lineStart, bytesRead)));
    at += bytesRead;
  }
  if (parts.length > 0) yield { text: textOf(parts), start, end: at, isWhole: false };
}

function textOf(parts: Buffer[], last?: Buffer): string {
  if (parts.length === 0) return (last as Buffer).toString('utf8');
  return Buffer.concat(last === undefined ? parts : [...parts, last]).toString('utf8');
}
