/** Span objects on their way through one span processor, where they cannot be bytes from their end on. */
import { TraceFlags } from '@opentelemetry/api';
import type { ExportOperation } from '../export/export-outcomes.ts';
import type { PipeCounters } from '../export/pipe-counters.ts';
import type { PipeFlush } from '../export/pipe-options.ts';
import type { SpanFlow } from './component-metrics.ts';
import type { DropReason, ShedCounts } from './ledger.ts';
import type { ReadableSpan } from './types.ts';

/** When spans leave, as a processor has it. */
export interface ObjectSchedule {
  /** Finished spans that may wait; beyond it they are dropped. `undefined`: see the implementations. */
  readonly maxQueueSize: number | undefined;
  /** Spans in one export. `undefined`: see the implementations. */
  readonly maxExportBatchSize: number | undefined;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  /** Each span leaves when it ends: the simple processor. */
  readonly immediate: boolean;
}

export interface ObjectExportOptions extends ObjectSchedule {
  /** About the bytes that waiting objects may hold, where `maxQueueSize` is not set. */
  readonly maxQueueBytes: number;
  /** As in `PipeOptions`. */
  readonly name?: string;
  readonly onOperation?: (operation: ExportOperation) => void;
}

export interface ObjectExport extends SpanFlow {
  /** Takes a finished span. Never throws. */
  add(span: ReadableSpan): void;
  /** As `SpanDestination.releaseHeld`. */
  releaseHeld(): void;
  /** As `Pipe.flush`. */
  flush(millis: number, isLast?: boolean): Promise<PipeFlush>;
  /** As `Pipe.shutdown`. */
  shutdown(millis: number): Promise<PipeFlush>;
  /** Spans ever given to it, refused ones included. */
  readonly received: number;
  /** The bytes of the waiting spans that are encoded. */
  readonly waitingBytes: number;
  /** Spans that may wait, Infinity when only bytes bound them. */
  readonly capacity: number;
  readonly counters: PipeCounters;
  /** Spans that never reached the exporter, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Strings cut because one span can hold no more. */
  readonly cut: number;
  /** Captured values that were not kept whole. */
  readonly shed: ShedCounts;
}

/** Spans that one export takes where nothing else is set: the specification's number. */
export const DEFAULT_BATCH_SIZE = 512;

/** Whether a span is to be exported. One that cannot be asked is not. */
export function isSampled(span: ReadableSpan): boolean {
  try {
    return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  } catch {
    return false;
  }
}
