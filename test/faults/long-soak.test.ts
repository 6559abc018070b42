/** An hour of work: what leaks shows. */
import { describe, expect, test } from 'vitest';
import { delivery } from './both-sides.ts';
import { CAP, LONG, MEBIBYTE, report, SDKS } from './long.ts';
import type { ProgramLine } from './program.ts';
import { expectAllOnce, runFault } from './run-fault.ts';

const MINUTES = Number(process.env.SPANDREL_SOAK_MINUTES || 60);
const RATE = 10_000;
/** A slope over less is that of the noise of two collections. */
const LEAST_MINUTES = 30;

/** Bytes an hour, by least squares, of the lines after the first sixth: caches have filled by then. */
function heapSlope(lines: readonly ProgramLine[]): number {
  const late = lines.filter(({ millis }) => millis > (MINUTES * 60_000) / 6);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const hours = late.map(({ millis }) => millis / 3_600_000);
  const centre = mean(hours);
  const level = mean(late.map(({ heap }) => heap));
  const covariance = mean(late.map(({ heap }, index) => (hours[index] - centre) * (heap - level)));
  return covariance / mean(hours.map((hour) => (hour - centre) ** 2));
}

describe.skipIf(!LONG)('long', () => {
  test.each(SDKS)(
    'soak: an hour at 10,000 spans/s, %s',
    { timeout: MINUTES * 66_000 + 120_000 },
    async (sdk) => {
      const result = await runFault({
        ...{ sdk, spans: Math.round(RATE * 60 * MINUTES), rate: RATE, flags: ['--expose-gc'] },
        ...{ ledgerMillis: 10_000, flushMillis: 30_000, deadlineMillis: MINUTES * 66_000 + 60_000 },
      });
      const { end, lines, ledger } = result;
      const rss = Math.max(...lines.map((line) => line.rss)) - end.rssBefore;
      report('soak', sdk, {
        minutes: MINUTES,
        ...delivery(result),
        'lost, by reason': JSON.stringify(ledger?.dropped ?? 'not counted'),
        'heap slope, MB/h': Number((heapSlope(lines) / 1e6).toFixed(2)),
        'RSS above the start, MiB': Math.round(rss / MEBIBYTE),
        'CPU of one core, %': Number(((end.cpuMillis / end.madeMillis) * 100).toFixed(1)),
      });
      if (sdk === 'upstream') return;
      expectAllOnce(result);
      expect(rss).toBeLessThan(CAP + 64 * MEBIBYTE);
      if (MINUTES >= LEAST_MINUTES) expect(heapSlope(lines)).toBeLessThan(1_000_000);
      else console.warn(`the heap slope is not judged: ${MINUTES} minutes are less than ${LEAST_MINUTES}`);
    },
  );
});
