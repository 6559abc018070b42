/** @module What a program writes while a line is redrawn at the bottom of its terminal. */

/** The part of an output stream that is watched. */
export interface GuardedStream {
  write: NodeJS.WriteStream['write'];
}

export interface OutputGuard {
  /** Runs `write`, whose writing is the line itself. */
  own(write: () => void): void;
  /** Whether the cursor stands where a line may begin: the last text of the program ended its line. */
  atLineStart(): boolean;
  /** Takes the streams out of watch. */
  release(): void;
}

/**
 * Watches the outputs of the process and `stream`: before a text of the program is written, `clear` takes the line
 * away. Without this, the next drawing would erase the program's last line in place of its own.
 */
export function guardOutput(
  stream: GuardedStream,
  clear: () => void,
  others: readonly GuardedStream[] = [process.stdout, process.stderr],
): OutputGuard {
  let mine = false;
  let lineStart = true;
  const own = (write: () => void) => {
    const before = mine;
    mine = true;
    try {
      write();
    } finally {
      mine = before;
    }
  };
  const restore = [...new Set([stream, ...others])].map((one) => {
    const had = Object.hasOwn(one, 'write');
    const { write } = one;
    const watched = function (this: unknown, ...parameters: Parameters<typeof write>): boolean {
      if (!mine) {
        own(clear);
        lineStart = endsLine(parameters[0], lineStart);
      }
      return write.apply(one, parameters);
    } as typeof write;
    one.write = watched;
    return () => {
      // Someone else who watches since then stays, and with it this one.
      if (one.write !== watched) return;
      if (had) one.write = write;
      else delete (one as Partial<GuardedStream>).write;
    };
  });
  return {
    own,
    atLineStart: () => lineStart,
    release() {
      mine = true;
      for (const undo of restore) undo();
    },
  };
}

function endsLine(chunk: string | Uint8Array, otherwise: boolean): boolean {
  if (chunk.length === 0) return otherwise;
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk[chunk.length - 1] === 0x0a;
}
