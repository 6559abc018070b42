/** More spans at once than fit, as many as a machine makes, and a collector that takes none. */
import { describe, expect, test } from 'vitest';
import { delivery } from './both-sides.ts';
import { CAP, LONG, MEBIBYTE, report, SDKS, type SdkName } from './long.ts';
import { expectAllOnce, expectExact, type FaultResult, type RunOptions, runFault } from './run-fault.ts';
import { blackHole } from './transfer-faults.ts';

const MILLION = 1_000_000;
const TIME = { timeout: 180_000 };

const inMebibytes = (bytes: number): number => Math.round(bytes / MEBIBYTE);

/** Above what the program held before its first span. */
const growth = ({ end }: FaultResult): number => end.peakRss - end.rssBefore;

async function run(sdk: SdkName, options: RunOptions): Promise<FaultResult> {
  return runFault({ ...options, sdk, flushMillis: 30_000, deadlineMillis: 170_000 });
}

describe.skipIf(!LONG)('long', () => {
  test.each(SDKS)('burst: a million spans in one tick, %s', TIME, async (sdk) => {
    const result = await run(sdk, { spans: MILLION });
    report('burst', sdk, {
      ...{ 'spans made': result.sent, 'spans delivered': result.received },
      'spans lost': result.sent - result.received,
      'lost, by reason': JSON.stringify(result.ledger?.dropped ?? 'not counted'),
      'RSS above the start, MiB': inMebibytes(growth(result)),
      'made in, s': Number((result.end.madeMillis / 1_000).toFixed(1)),
    });
    if (sdk === 'upstream') return;
    expectExact(result);
    expect(result.duplicates).toBe(0);
    expect(result.received).toBeGreaterThanOrEqual(300_000);
    expect(result.ledger).toMatchObject({ waiting: 0, failed: 0 });
    expect(growth(result)).toBeLessThan(CAP + 32 * MEBIBYTE);
  });

  test.each(SDKS)('rate: a million spans at 100,000 a second, yielding, %s', TIME, async (sdk) => {
    const result = await run(sdk, { spans: MILLION, rate: 100_000 });
    report('rate', sdk, {
      ...delivery(result),
      'made in, s': Number((result.end.madeMillis / 1_000).toFixed(1)),
      'RSS above the start, MiB': inMebibytes(growth(result)),
      'CPU, s': Number((result.end.cpuMillis / 1_000).toFixed(1)),
    });
    if (sdk === 'spandrel') expectAllOnce(result);
  });

  test.each(SDKS)('black hole: 2,048 spans of 1 MB that nobody takes, %s', TIME, async (sdk) => {
    const options = { spans: 2_048, rate: 200, bytes: 1_000_000, fault: blackHole, flushes: 0 };
    // A process that ends for want of memory has no last line.
    const result = await run(sdk, { ...options, shutdownMillis: 100 }).catch((error: Error) => error);
    if (result instanceof Error) {
      report('black-hole', sdk, { 'the program': result.message.slice(0, 80) });
      expect(sdk).toBe('upstream');
      return;
    }
    report('black-hole', sdk, {
      ...{ 'spans made': result.sent, 'bytes made, MB': result.sent },
      'lost, by reason': JSON.stringify(result.ledger?.dropped ?? 'not counted'),
      'RSS above the start, MiB': inMebibytes(growth(result)),
    });
    if (sdk === 'upstream') return;
    expectExact(result);
    expect(growth(result)).toBeLessThan(CAP + 32 * MEBIBYTE);
  });
});
