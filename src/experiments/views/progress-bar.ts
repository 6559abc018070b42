/** @module Progress on a terminal: one line, redrawn in place. */
import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { ExperimentResult, ProgressEvent, ProgressView } from '../result.ts';
import { guardOutput } from './guard-output.ts';
import { fitted, oneLine, widthOf } from './one-line.ts';
import { fractionOf, progressParts, Rate } from './progress-text.ts';

/** Shortest time between two drawings, in milliseconds: what an eye can follow. */
const DRAW_MILLIS = 80;
const MINIMUM_BAR = 8;
const MAXIMUM_BAR = 30;
/** Assumed of a terminal that does not say. */
const DEFAULT_COLUMNS = 80;
const SEPARATOR = ' · ';

/** One line of at most `columns` columns: name, bar, and as many parts as fit. */
export function barLine(name: string, event: ProgressEvent, rate: number, columns: number): string {
  // A character in the last column makes some terminals begin a line.
  const width = Math.max(1, columns - 1);
  const title = oneLine(name, Math.floor(width / 4));
  const fraction = fractionOf(event);
  const parts = progressParts(event, rate);
  if (fraction !== undefined) parts[0] = `${Math.floor(fraction * 100)} % ${parts[0]}`;
  const fixed = title === '' ? 0 : widthOf(title) + 1;
  const bar = fraction === undefined ? 0 : MINIMUM_BAR + 1;
  while (parts.length > 1 && fixed + bar + widthOf(parts.join(SEPARATOR)) > width) parts.pop();
  const text = parts.join(SEPARATOR);
  const room = Math.min(MAXIMUM_BAR, width - fixed - widthOf(text) - 1);
  const drawn = fraction === undefined || room < MINIMUM_BAR ? [] : [drawBar(fraction, room)];
  return fitted([title, ...drawn, text].filter((part) => part !== '').join(' '), width);
}

function drawBar(fraction: number, width: number): string {
  const full = Math.floor(fraction * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** A bar on `stream`. What the program writes to its own outputs meanwhile appears above it. */
export function progressBar(name: string, stream: WriteStream): ProgressView {
  // The cursor stays: hidden, it would stay so in the terminal of a program that is killed.
  const draw = createLogUpdate(stream, { showCursor: true });
  const rate = new Rate();
  let drawnAt = -Infinity;
  let last: ProgressEvent | undefined;

  const guard = guardOutput(stream, () => draw.clear());
  const redraw = (event: ProgressEvent) => {
    drawnAt = event.elapsedMs;
    const line = barLine(name, event, rate.perSecond(event), stream.columns ?? DEFAULT_COLUMNS);
    guard.own(() => draw(line));
  };

  return {
    update(event) {
      last = event;
      rate.add(event);
      if (event.elapsedMs - drawnAt >= DRAW_MILLIS && guard.atLineStart()) redraw(event);
    },
    end(result: ExperimentResult | null) {
      if (last !== undefined && guard.atLineStart()) redraw(last);
      guard.release();
      draw.done();
      if (result === null) stream.write('stopped\n');
    },
  };
}
