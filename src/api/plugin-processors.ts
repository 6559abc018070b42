/**
 * The processors of a provider in plug-in mode: each gets every span, whatever the others do. Trace SDK
 * specification, "Span processor": all `onEnding` come before any `onEnd`, in the order of registration.
 */
import type { Context } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import type { Arena } from '../engine/arena.ts';
import { isOwn } from '../export/own-class.ts';
import type { FlushResult } from '../export/pipe.ts';
import { describe } from './attributes.ts';
import { guardedWithin, reportFault, watchAnswer } from './guarded-call.ts';
import { NoopSpanProcessor } from './noop-span-processor.ts';
import type { PluginSpan } from './plugin-span.ts';
import {
  NOTHING_COUNTED,
  type SpanDestination,
  type SpanDestinationStats,
  type Started,
} from './span-destination.ts';
import type { SpanProcessor } from './types.ts';
import { WireSpanProcessor } from './wire-span-processor.ts';

export class PluginProcessors implements SpanDestination {
  private readonly processors: readonly SpanProcessor[];
  private readonly ending: readonly SpanProcessor[];
  /** Of ours, whose numbers are known; `undefined` when there is none. */
  private readonly counted: WireSpanProcessor | undefined;

  constructor(processors: readonly SpanProcessor[], arena: Arena) {
    this.processors = processors;
    this.ending = processors.filter(hasOnEnding);
    for (const processor of processors) {
      if (processor instanceof WireSpanProcessor) processor.encodeIn(arena);
    }
    this.counted = processors.find((processor) => processor instanceof WireSpanProcessor);
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

  releaseHeld(): void {
    for (const processor of this.processors) {
      if (processor instanceof WireSpanProcessor) processor.objectState?.releaseHeld();
    }
  }

  async flush(millis: number): Promise<FlushResult> {
    const before = this.counts();
    await Promise.all(this.processors.map((processor) => flushOne(processor, millis)));
    const after = this.counts();
    return {
      exported: after.exported - before.exported,
      dropped: lost(after) - lost(before),
      waiting: after.waiting,
      bytes: after.bytes,
    };
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all(this.processors.map((processor) => stopOne(processor, millis)));
  }

  /**
   * The numbers of our first processor. One that gets spans from elsewhere too - it is listed twice, or serves another
   * provider - cannot say which are of this one: all are then `delegated`.
   */
  stats({ ended, shed }: Started): SpanDestinationStats {
    const received = this.counted?.objectState?.received ?? 0;
    if (received === 0 || received > ended)
      return { ...NOTHING_COUNTED, shed: { ...shed }, delegated: ended };
    const counts = this.counts();
    counts.shed.shortened += shed.shortened;
    counts.shed.omitted += shed.omitted;
    return { ...counts, delegated: Math.max(0, ended - counts.waiting - counts.exported - lost(counts)) };
  }

  private counts() {
    const state = this.counted?.objectState;
    if (state === undefined) return { ...NOTHING_COUNTED, shed: { ...NOTHING_COUNTED.shed } };
    const { shutdown, ...counters } = state.counters;
    const dropped = { ...state.dropped };
    if (shutdown > 0) dropped.shutdown = (dropped.shutdown ?? 0) + shutdown;
    return {
      ...counters,
      waiting: state.waitingSpans,
      bytes: state.waitingBytes,
      dropped,
      cut: state.cut,
      shed: { ...state.shed },
    };
  }
}

/** Ours end by themselves in time, and have then counted what did not leave. */
async function flushOne(processor: SpanProcessor, millis: number): Promise<void> {
  if (isOurs(processor, 'forceFlush')) await processor.flush(millis);
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

function lost({ rejected, failed, dropped }: Omit<SpanDestinationStats, 'delegated'>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, rejected + failed);
}

/** The processors that can be called; what is none is said, once. */
export function usableProcessors(given: readonly SpanProcessor[] | undefined): SpanProcessor[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    warnOnce('span-processors', `spanProcessors: expected an array, got ${describe(given)}; it is ignored.`);
    return [];
  }
  return given.filter((processor) => {
    try {
      // Exactly ours: it would only put the provider in plug-in mode.
      if (processor instanceof NoopSpanProcessor && isOwn(processor)) return false;
      if (typeof processor?.onStart === 'function' && typeof processor.onEnd === 'function') return true;
    } catch {
      // A Proxy that refuses to be read.
    }
    warnOnce(
      'span-processor',
      `spanProcessors: expected objects with onStart and onEnd, got ${describe(processor)}; it gets no spans.`,
    );
    return false;
  });
}
