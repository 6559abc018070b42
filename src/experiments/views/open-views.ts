/** @module What a person sees of an experiment in a terminal or in the log of a build: its progress and its result. */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { ExperimentResult, ProgressEvent, ProgressView } from '../result.ts';
import { progressBar } from './progress-bar.ts';
import { progressLines } from './progress-lines.ts';
import { type Paint, resultText } from './result-table.ts';

export interface ViewOptions {
  /** Whether to show progress, on stderr: a bar on a terminal, else lines. */
  readonly progress: boolean;
  /** Whether to print the result, on stdout. */
  readonly print: boolean;
  /** The name of the experiment. */
  readonly name: string;
  /** Default: those of the process. */
  readonly streams?: { readonly stdout: OutputStream; readonly stderr: OutputStream };
}

/** A stream that may be a terminal. */
export type OutputStream = NodeJS.WritableStream &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>>;

/** Columns of a table where no terminal says how many there are. */
const DEFAULT_COLUMNS = 100;

/**
 * The views of one run. A stream that fails, e.g. a pipe whose reader is gone, ends the view and not the run.
 *
 * Names, labels and messages come from data: what a terminal would obey is taken out of them. Colours follow
 * `NO_COLOR` and `FORCE_COLOR`, and are left out where the output is no terminal.
 */
export function openViews({ progress, print, name, streams = process }: ViewOptions): ProgressView {
  const view = progress ? openProgress(name, streams.stderr) : undefined;
  let broken = false;
  const guarded = (act: () => void) => {
    if (broken) return;
    try {
      act();
    } catch {
      broken = true;
    }
  };
  return {
    update(event: ProgressEvent) {
      if (view !== undefined) guarded(() => view.update(event));
    },
    end(result: ExperimentResult | null) {
      if (view !== undefined) guarded(() => view.end(result));
      if (!print || result === null) return;
      const { stdout } = streams;
      guarded(() => {
        stdout.write(resultText(result, stdout.columns || DEFAULT_COLUMNS, paintFor(stdout)));
      });
    },
  };
}

function openProgress(name: string, stream: OutputStream): ProgressView {
  // A dumb terminal cannot move its cursor (terminfo, "dumb").
  const redraws = stream.isTTY === true && process.env.TERM !== 'dumb';
  return redraws
    ? progressBar(name, stream as WriteStream)
    : progressLines(name, (text) => {
        stream.write(text);
      });
}

function paintFor(stream: OutputStream): Paint {
  return stream.isTTY === true && stream.hasColors?.() === true
    ? (style, text) => styleText(style, text)
    : (_, text) => text;
}
