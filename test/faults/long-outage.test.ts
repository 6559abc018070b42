/** Ten minutes without a collector, on real clocks and sockets. */
import { describe, expect, test } from 'vitest';
import { LONG, report, SDKS } from './long.ts';
import { outage } from './outage.ts';
import { expectExact, runFault } from './run-fault.ts';

/** Text of a span that is 1 KB on the wire with all the rest of it. */
const TEXT_BYTES = 890;
/** One minute shows what upstream loses. */
const MILLIS = { spandrel: 600_000, upstream: 60_000 };

describe.skipIf(!LONG)('long', () => {
  test.each(SDKS)('outage: ten minutes at 100 spans/s of 1 KB, %s', { timeout: 800_000 }, async (sdk) => {
    const { options, back, figures } = outage(MILLIS[sdk], 100, TEXT_BYTES);
    const result = await runFault({ ...options, sdk });
    report('long-outage', sdk, figures(result));
    if (sdk === 'upstream') return;
    expectExact(result);
    expect(result.received).toBe(result.sent);
    expect(result.attempts).toBeLessThanOrEqual(65);
    const [first, ...rest] = back(result);
    expect(first).toBeLessThan(30_000 + 2_000);
    expect((rest.at(-1) ?? first) - first).toBeLessThan(2 * 10_000);
  });
});
