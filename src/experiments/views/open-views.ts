/** @module What a person sees of an experiment in a terminal or in the log of a build: its progress and its result. */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { Progress } from '../options.ts';
import type { ExperimentResult, ProgressEvent, ProgressView } from '../result.ts';
import { progressBar } from './progress-bar.ts';
import { progressLines } from './progress-lines.ts';
import { type Paint, resultText } from './result-table.ts';

export interface ViewOptions {
  /** How to show progress, on stderr; `true` is `auto`. A bar where the output is no terminal is lines. */
  readonly progress: Progress | boolean;
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
 * The views of one run.
 *
 * Names, labels and messages come from data: what a terminal would obey is taken out of them. Colours follow
 * `NO_COLOR` and `FORCE_COLOR`, and are left out where the output is no terminal.
 *
 * @throws what a stream or the function under `progress` throws, from `update` and `end`.
 */
export function openViews({ progress, print, name, streams = process }: ViewOptions): ProgressView {
  const view = openProgress(progress, name, streams.stderr);
  return {
    update(event: ProgressEvent) {
      view?.update(event);
    },
    end(result: ExperimentResult | null) {
      view?.end(result);
      if (!print || result === null) return;
      const { stdout } = streams;
      stdout.write(resultText(result, stdout.columns || DEFAULT_COLUMNS, paintFor(stdout)));
    },
  };
}

function openProgress(
  progress: Progress | boolean,
  name: string,
  stream: OutputStream,
): ProgressView | undefined {
  if (typeof progress === 'function') return { update: progress, end() {} };
  if (progress === 'none' || progress === false) return undefined;
  // A dumb terminal cannot move its cursor (terminfo, "dumb").
  const redraws = stream.isTTY === true && (process.env.TERM !== 'dumb' || progress === 'bar');
  return redraws && progress !== 'line'
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
