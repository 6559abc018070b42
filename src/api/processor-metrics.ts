/** `otel.sdk.processor.span.*` of one span processor. */
import type { Attributes, BatchObservableResult } from '@opentelemetry/api';
import { componentAttributes, ERROR_TYPE, type SpanFlow, tally } from './component-metrics.ts';
import type { DropReason } from './ledger.ts';
import type { Instruments, Observed, SdkMetrics } from './sdk-metrics.ts';

/** Spans that never reached an exporter, by reason; the counting object itself. */
export type DropCounts = Readonly<Partial<Record<DropReason, number>>>;

/** Reasons for which the Semantic Conventions have a word; the others go by their own. */
const ERROR_TYPES: Partial<Record<string, string>> = { shutdown: 'already_shutdown' };

interface Watched {
  readonly flow: SpanFlow;
  readonly dropped: DropCounts;
  readonly capacity: number;
}

export class ProcessorMetrics implements Observed {
  private readonly sdk: SdkMetrics;
  private readonly attributes: Attributes;
  private readonly hasQueue: boolean;
  private readonly watched: Watched[] = [];

  constructor(sdk: SdkMetrics, type: string, hasQueue: boolean) {
    this.sdk = sdk;
    this.attributes = Object.freeze(componentAttributes(type));
    this.hasQueue = hasQueue;
  }

  /** @param capacity - spans that may wait; Infinity when only bytes bound them, and then it is not told. */
  watch(flow: SpanFlow, dropped: DropCounts, capacity: number): void {
    this.watched.push({ flow, dropped, capacity });
    this.sdk.observe(this);
  }

  get isClosed(): boolean {
    return this.watched.every(({ flow }) => flow.isClosed);
  }

  report(result: BatchObservableResult, instruments: Instruments): void {
    const { attributes } = this;
    const lost = new Map<string, number>();
    let handed = 0;
    for (const { flow, dropped } of this.watched) {
      handed += handedOver(flow);
      tally(lost, 'already_shutdown', flow.outcomes.unsent);
      tally(lost, 'evicted', flow.evictedSpans ?? 0);
      for (const [reason, count] of Object.entries(dropped)) {
        // A span that is not sampled is none of an exporting processor's.
        if (reason !== 'not_sampled') tally(lost, ERROR_TYPES[reason] ?? reason, count);
      }
    }
    result.observe(instruments.processed, handed, attributes);
    for (const [reason, count] of lost) {
      result.observe(instruments.processed, count, { ...attributes, [ERROR_TYPE]: reason });
    }
    if (this.hasQueue) this.reportQueue(result, instruments);
  }

  private reportQueue(result: BatchObservableResult, { queueSize, queueCapacity }: Instruments): void {
    let waiting = 0;
    let room = 0;
    for (const { flow, capacity } of this.watched) {
      waiting += flow.waitingSpans - flow.inFlightSpans;
      // A queue that is closed holds nothing, and the sum over all processors is to say so.
      room += flow.isClosed && capacity !== Number.POSITIVE_INFINITY ? 0 : capacity;
    }
    result.observe(queueSize, waiting, this.attributes);
    if (room !== Number.POSITIVE_INFINITY) result.observe(queueCapacity, room, this.attributes);
  }
}

/** Spans that were given to the exporter, whatever came of it. */
function handedOver({ outcomes, inFlightSpans }: SpanFlow): number {
  let spans = outcomes.exported + outcomes.rejected + inFlightSpans;
  for (const failed of outcomes.failures.values()) spans += failed;
  return spans;
}
