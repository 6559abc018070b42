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
import { guardedWithin, reportFault } from './guarded-call.ts';
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
    this.ending = processors.filter(({ onEnding }) => typeof onEnding === 'function');
    for (const processor of processors) {
      if (processor instanceof WireSpanProcessor) processor.encodeIn(arena);
    }
    this.counted = processors.find((processor) => processor instanceof WireSpanProcessor);
  }

  onStart(span: PluginSpan, context: Context): void {
    for (const processor of this.processors) {
      try {
        processor.onStart(span, context);
      } catch (error) {
        reportFault('onStart', processor, error);
      }
    }
  }

  onEnding(span: PluginSpan): void {
    for (const processor of this.ending) {
      try {
        processor.onEnding?.(span);
      } catch (error) {
        reportFault('onEnding', processor, error);
      }
    }
  }

  onEnd(span: PluginSpan): void {
    for (const processor of this.processors) {
      try {
        processor.onEnd(span);
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
    const before = this.stats({ started: 0, ended: 0 });
    await Promise.all(
      this.processors.map((processor) =>
        guardedWithin('forceFlush', processor, millis, () =>
          processor instanceof WireSpanProcessor && !overrides(processor, 'forceFlush')
            ? processor.flush(millis)
            : processor.forceFlush?.(),
        ),
      ),
    );
    const after = this.stats({ started: 0, ended: 0 });
    return {
      exported: after.exported - before.exported,
      dropped: lost(after) - lost(before),
      waiting: after.waiting,
      bytes: after.bytes,
    };
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all(
      this.processors.map((processor) =>
        guardedWithin('shutdown', processor, millis, () =>
          processor instanceof WireSpanProcessor && !overrides(processor, 'shutdown')
            ? processor.stop(millis)
            : processor.shutdown?.(),
        ),
      ),
    );
  }

  stats({ ended }: Started): SpanDestinationStats {
    const state = this.counted?.objectState;
    if (state === undefined) return { ...NOTHING_COUNTED, delegated: ended };
    const { shutdown, ...counters } = state.counters;
    const dropped = { ...state.dropped };
    if (shutdown > 0) dropped.shutdown = (dropped.shutdown ?? 0) + shutdown;
    const counts = {
      ...counters,
      waiting: state.waitingSpans,
      bytes: state.waitingBytes,
      dropped,
      cut: state.cut,
    };
    const known = counts.waiting + counts.exported + lost(counts);
    return { ...counts, delegated: Math.max(0, ended - known) };
  }
}

function lost({ rejected, failed, dropped }: Omit<SpanDestinationStats, 'delegated'>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, rejected + failed);
}

function overrides(processor: WireSpanProcessor, method: 'forceFlush' | 'shutdown'): boolean {
  return processor[method] !== WireSpanProcessor.prototype[method];
}

/** The processors that can be called; what is none is said, once. */
export function usableProcessors(given: readonly SpanProcessor[] | undefined): SpanProcessor[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    warnOnce('span-processors', `spanProcessors: expected an array, got ${describe(given)}; it is ignored.`);
    return [];
  }
  return given.filter((processor) => {
    // Exactly ours: it would only put the provider in plug-in mode.
    if (processor instanceof NoopSpanProcessor && isOwn(processor)) return false;
    if (typeof processor?.onStart === 'function' && typeof processor.onEnd === 'function') return true;
    warnOnce(
      'span-processor',
      `spanProcessors: expected objects with onStart and onEnd, got ${describe(processor)}; it gets no spans.`,
    );
    return false;
  });
}
