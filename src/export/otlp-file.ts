/**
 * @module Requests as lines of a file (OpenTelemetry Protocol File Exporter specification): each line is one
 * `ExportTraceServiceRequest` in OTLP's JSON mapping.
 */

import type * as FileSystem from 'node:fs/promises';
import { getBuiltin, loadBuiltin } from './builtin.ts';
import type { ExportRequest, SendResult, WireExporter } from './exporter.ts';
import { toJsonBody } from './otlp-json-body.ts';
import { runSuppressed } from './suppressed-context.ts';

const LINE_END = 0x0a;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** The process has too many files open, or the file is held: another try may find it otherwise. */
const TRANSIENT: ReadonlySet<string> = new Set(['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE']);

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'it may not be written',
  EDQUOT: 'the quota is used up',
  EFBIG: 'it has the largest size that a file may have here',
  EISDIR: 'it is a folder; name a file',
  ELOOP: 'it is a symbolic link, which is not followed; name the file itself',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'it may not be written',
  EROFS: 'it may not be written',
};

class FileFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Appends each request to a file. The file is opened for each one and closed after it: one that was removed or renamed
 * meanwhile is made anew, with its folder.
 */
export class OtlpFileTransport implements WireExporter {
  readonly #path: string;
  /** The last line may have no end: a program, this one perhaps, was cut off while it wrote. */
  #mayLackEnd = true;

  constructor(path: string) {
    this.#path = path;
  }

  send(request: ExportRequest, abort?: AbortSignal): Promise<SendResult> {
    // Instrumentations of the file system are not to see this.
    return runSuppressed(() => this.#send(request, abort));
  }

  /** Nothing stays open between requests. */
  close(): void {}

  async #send({ chunks }: ExportRequest, abort: AbortSignal | undefined): Promise<SendResult> {
    try {
      const body = await toJsonBody(chunks, Number.POSITIVE_INFINITY, () => abort?.aborted === true);
      if (body === undefined) {
        return {
          kind: 'retryable',
          reason: `${this.#path}: given up before it was written`,
          code: 'cancelled',
        };
      }
      await this.#append(body.chunks, body.byteLength);
      return { kind: 'delivered', rejected: 0 };
    } catch (error) {
      this.#mayLackEnd = true;
      return failure(this.#path, error);
    }
  }

  async #append(chunks: readonly Uint8Array[], byteLength: number): Promise<void> {
    const file = await openToAppend(this.#path);
    try {
      const lead = this.#mayLackEnd && (await lacksLineEnd(file)) ? 1 : 0;
      const line = toLine(chunks, byteLength, lead);
      // One write of the whole line, which POSIX appends in one piece: `appendFile` would write 512 KiB at a time.
      const { bytesWritten } = await file.write(line, 0, line.length);
      if (bytesWritten < line.length) throw new FileFault('ENOSPC', 'a part of a line was written');
      this.#mayLackEnd = false;
    } finally {
      await file.close();
    }
  }
}

async function openToAppend(path: string): Promise<FileSystem.FileHandle> {
  const { open, mkdir } = await loadBuiltin<typeof FileSystem>('node:fs/promises');
  const { constants } = await loadBuiltin<typeof import('node:fs')>('node:fs');
  // A pipe without a reader would hold `open` up; where there is no such flag, there is no such file or link either.
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const file = await open(path, flags, FILE_MODE).catch(async (error: NodeJS.ErrnoException) => {
    const [folder] = /^.*[\\/]/.exec(path) ?? [];
    if (error.code !== 'ENOENT' || folder === undefined) throw error;
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    return open(path, flags, FILE_MODE);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new FileFault('not_a_file', 'it is no regular file');
}

/** Whether the file ends in the middle of a line. */
async function lacksLineEnd(file: FileSystem.FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const last = new Uint8Array(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== LINE_END;
}

function toLine(chunks: readonly Uint8Array[], byteLength: number, lead: number): Uint8Array {
  const line = new Uint8Array(lead + byteLength + 1).fill(LINE_END, 0, lead);
  let at = lead;
  for (const chunk of chunks) {
    line.set(chunk, at);
    at += chunk.length;
  }
  line[at] = LINE_END;
  return line;
}

function failure(path: string, error: unknown): SendResult {
  const { code = 'unknown', message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  const reason = `cannot write ${path}: ${CAUSES[code] ?? message} (${code})`;
  return { kind: TRANSIENT.has(code) ? 'retryable' : 'failed', reason, code };
}

/** The path as it is now: a program may change its folder later. */
export function absolutePath(path: string): string {
  return getBuiltin<typeof import('node:path')>('node:path')?.resolve(path) ?? path;
}
