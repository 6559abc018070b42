/** @module Progress where no line can be redrawn: a pipe, a file, the log of a build. */
import type { ExperimentResult, ProgressEvent, ProgressView } from '../result.ts';
import { formatDuration } from './numbers.ts';
import { oneLine } from './one-line.ts';
import { fractionOf, progressParts, Rate } from './progress-text.ts';

/** A line each tenth of the work, */
const STEPS = 10;
/** and when none came for so long, in milliseconds, */
const QUIET_MILLIS = 5_000;
/** or for this part of the time so far, where that is longer: lines grow with the logarithm of the time. */
const QUIET_PART = 1 / 20;
const NAME_COLUMNS = 60;

/** Lines of progress; at most 10 for a short run, and for a long one as many as are worth reading. */
export function progressLines(name: string, write: (text: string) => void): ProgressView {
  const rate = new Rate();
  const title = oneLine(name, NAME_COLUMNS);
  let step = 0;
  let saidAt = 0;
  let said = -1;
  let last: ProgressEvent | undefined;

  const say = (event: ProgressEvent) => {
    saidAt = event.elapsedMs;
    said = event.done;
    const fraction = fractionOf(event);
    const percent = fraction === undefined ? '' : `${Math.floor(fraction * 100)} % · `;
    const parts = progressParts(event, rate.perSecond(event)).join(' · ');
    write(`${title}: ${percent}${parts} · ${formatDuration(event.elapsedMs)}\n`);
  };

  return {
    update(event) {
      last = event;
      rate.add(event);
      const reached = Math.floor((fractionOf(event) ?? 0) * STEPS);
      const quiet = event.elapsedMs - saidAt >= Math.max(QUIET_MILLIS, event.elapsedMs * QUIET_PART);
      if (reached > step || (quiet && event.done !== said)) say(event);
      step = Math.max(step, reached);
    },
    end(result: ExperimentResult | null) {
      if (last !== undefined && last.done !== said) say(last);
      if (result === null) write(`${title}: stopped\n`);
    },
  };
}
