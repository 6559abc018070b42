/**
 * The processors of a provider in plug-in mode: each gets every span, whatever the others do. Trace SDK
 * specification, "Span processor": all `onEnding` come before any `onEnd`, in the order of registration.
 */
import type { Context } from '@opentelemetry/api';
import type { Arena } from '../engine/arena.ts';
import { distinctNames } from './exporter-names.ts';
import { type FlushResult, flushResult } from './flush-result.ts';
import { guardedWithin, reportFault, watchAnswer } from './guarded-call.ts';
import type { ShedCounts } from './ledger.ts';
import type { ObjectExport } from './object-export.ts';
import type { PluginSpan } from './plugin-span.ts';
import {
  type DestinationCounts,
  NOTHING_COUNTED,
  type SpanDestination,
  type SpanDestinationStats,
  type Started,
} from './span-destination.ts';
import type { ReadableSpan, SpanProcessor } from './types.ts';
import { WireSpanProcessor } from './wire-span-processor.ts';

export class PluginProcessors implements SpanDestination {
  private processors: readonly SpanProcessor[];
  private readonly ending: readonly SpanProcessor[];
  /** Of ours, whose numbers are known, and how their exporters are called. */
  private readonly ours: readonly WireSpanProcessor[];
  private readonly names: readonly string[];

  constructor(processors: readonly SpanProcessor[], arena: Arena) {
    this.processors = processors;
    this.ending = processors.filter(hasOnEnding);
    const ours = processors.filter((processor) => processor instanceof WireSpanProcessor);
    this.ours = [...new Set(ours)];
    this.names = distinctNames(this.ours.map(({ exporter }) => exporter));
    for (const processor of this.ours) processor.encodeIn(arena);
  }

  onStart(span: PluginSpan, context: Context): void {
    for (const processor of this.processors) {
      try {
        watchAnswer('onStart', processor, processor.onStart(span, context));
      } catch (error) {
        reportFault('onStart', processor, error);
      }
    }
  }

  onEnding(span: PluginSpan): void {
    for (const processor of this.ending) {
      try {
        watchAnswer('onEnding', processor, processor.onEnding?.(span));
      } catch (error) {
        reportFault('onEnding', processor, error);
      }
    }
  }

  onEnd(span: PluginSpan): void {
    for (const processor of this.processors) {
      try {
        watchAnswer('onEnd', processor, processor.onEnd(span));
      } catch (error) {
        reportFault('onEnd', processor, error);
      }
    }
  }

  /** As `TracerProvider.watchRoots`. */
  watchRoots(listener: () => void): void {
    const none = async (): Promise<void> => {};
    const onEnd = ({ parentSpanContext: parent }: ReadableSpan): void => {
      if (parent === undefined || parent.isRemote) listener();
    };
    this.processors = [...this.processors, { onStart: () => {}, onEnd, forceFlush: none, shutdown: none }];
  }

  releaseHeld(): void {
    for (const processor of this.processors) {
      if (processor instanceof WireSpanProcessor) processor.objectState?.releaseHeld();
    }
  }

  async flush(millis: number, isLast: boolean): Promise<FlushResult> {
    const before = this.ours.map(({ objectState }) => achievedBy(objectState));
    await Promise.all(this.processors.map((processor) => flushOne(processor, millis, isLast)));
    const results = this.ours.map(({ objectState }, index) => {
      const { exported, dropped, bytes } = achievedBy(objectState);
      return {
        name: this.names[index],
        exported: exported - before[index].exported,
        dropped: dropped - before[index].dropped,
        waiting: objectState?.waitingSpans ?? 0,
        bytes: bytes - before[index].bytes,
      };
    });
    return flushResult(
      results.filter((_, index) => this.ours[index].objectState?.isClosed !== true),
      0,
    );
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all(this.processors.map((processor) => stopOne(processor, millis)));
  }

  /**
   * The numbers of our first processor that was not shut down, and of each. One that gets spans from elsewhere too - it is
   * listed twice, or serves another provider - cannot say which are of this one: all are then `delegated`.
   */
  stats({ ended, shed }: Started): SpanDestinationStats {
    const destinations = this.ours.map((processor, index) => ({
      name: this.names[index],
      ...countsOf(processor.objectState, ended),
    }));
    const atWork = this.ours.findIndex(({ objectState }) => objectState?.isClosed !== true);
    const { name: _, ...first } = destinations[Math.max(0, atWork)] ?? {
      ...countsOf(undefined, ended),
      name: '',
    };
    const cut = this.ours.reduce((sum, { objectState }) => Math.max(sum, objectState?.cut ?? 0), 0);
    return { ...first, cut, shed: this.shedOf(shed), destinations };
  }

  /** Values are shed where a span is encoded, or by the provider itself. */
  private shedOf({ shortened, omitted }: ShedCounts): ShedCounts {
    const states = this.ours.map(({ objectState }) => objectState?.shed);
    return {
      shortened: states.reduce((sum, shed) => sum + (shed?.shortened ?? 0), shortened),
      omitted: states.reduce((sum, shed) => sum + (shed?.omitted ?? 0), omitted),
    };
  }
}

/** What an export came to so far: spans taken, their bytes where they are encoded, spans lost. */
function achievedBy(state: ObjectExport | undefined): { exported: number; bytes: number; dropped: number } {
  if (state === undefined) return { exported: 0, bytes: 0, dropped: 0 };
  const { exported, exportedBytes, rejected, failed, shutdown } = state.counters;
  const dropped = sumOf(state.dropped) + (state.evictedSpans ?? 0) + rejected + failed + shutdown;
  return { exported, bytes: exportedBytes, dropped };
}

function sumOf(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function countsOf(state: ObjectExport | undefined, ended: number): DestinationCounts {
  if (state === undefined || state.received === 0 || state.received > ended) {
    return { ...NOTHING_COUNTED, delegated: ended };
  }
  const { exported, rejected, failed, shutdown, lastError, lastErrorTime } = state.counters;
  const dropped = { ...state.dropped };
  if (state.evictedSpans) dropped.evicted = (dropped.evicted ?? 0) + state.evictedSpans;
  if (shutdown > 0) dropped.shutdown = (dropped.shutdown ?? 0) + shutdown;
  const waiting = state.waitingSpans;
  const known = sumOf(dropped) + waiting + exported + rejected + failed;
  return {
    waiting,
    bytes: state.waitingBytes,
    exported,
    rejected,
    failed,
    dropped,
    delegated: Math.max(0, ended - known),
    lastError,
    lastErrorTime,
  };
}

/** Ours end by themselves in time, and have then counted what did not leave. */
async function flushOne(processor: SpanProcessor, millis: number, isLast: boolean): Promise<void> {
  if (isOurs(processor, 'forceFlush')) await processor.flush(millis, isLast);
  else await guardedWithin('forceFlush', processor, millis, () => processor.forceFlush?.());
}

async function stopOne(processor: SpanProcessor, millis: number): Promise<void> {
  if (isOurs(processor, 'shutdown')) await processor.stop(millis);
  else await guardedWithin('shutdown', processor, millis, () => processor.shutdown?.());
}

/** Whether a processor is of ours, in this method too. */
function isOurs(processor: SpanProcessor, method: 'forceFlush' | 'shutdown'): processor is WireSpanProcessor {
  return processor instanceof WireSpanProcessor && processor[method] === WireSpanProcessor.prototype[method];
}

function hasOnEnding(processor: SpanProcessor): boolean {
  try {
    return typeof processor.onEnding === 'function';
  } catch (error) {
    reportFault('onEnding', processor, error);
    return false;
  }
}
