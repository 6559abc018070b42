/** @module A collector that refuses connections for a time, while spans are made, and then comes back. */

import { setTimeout as delay } from 'node:timers/promises';
import { delivery } from './both-sides.ts';
import type { Figures } from './row.ts';
import type { FaultResult, Running, RunOptions } from './run-fault.ts';

export interface Outage {
  readonly options: RunOptions;
  /** Milliseconds from the return to each request that came after it. */
  back(result: FaultResult): readonly number[];
  figures(result: FaultResult): Figures;
}

/** Spans are made from a second before it, or less, to its end. */
export function outage(millis: number, rate: number, bytes: number): Outage {
  let returned = Number.POSITIVE_INFINITY;
  const meanwhile = async ({ proxy, receiver }: Running): Promise<void> => {
    returned = Number.POSITIVE_INFINITY;
    while (receiver.arrivals.length === 0) await delay(5);
    await proxy.refuse();
    await delay(millis);
    await proxy.accept();
    returned = performance.now();
  };
  const back = ({ arrivals }: FaultResult): readonly number[] =>
    arrivals.map(({ at }) => at - returned).filter((at) => at > 0);
  const inSeconds = (duration: number): number => Number((duration / 1_000).toFixed(1));
  return {
    back,
    options: {
      ...{ spans: Math.round(((millis + 500) * rate) / 1_000), rate, bytes, meanwhile },
      ...{ environment: { OTEL_BSP_SCHEDULE_DELAY: '100' }, flushes: 0, settleMillis: 60_000 },
      deadlineMillis: millis + 120_000,
    },
    figures: (result) => {
      const [first = 0, ...rest] = back(result);
      return {
        'outage, s': millis / 1_000,
        'spans a second': rate,
        ...delivery(result),
        'connections begun': result.attempts,
        'first request after the return, s': inSeconds(first),
        'all delivered after that, s': inSeconds((rest.at(-1) ?? first) - first),
      };
    },
  };
}
