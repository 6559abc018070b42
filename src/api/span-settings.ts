/** What all spans of one provider share; one object, so that a span reaches everything in two steps. */
import type { Arena } from '../engine/arena.ts';
import type { KeyTable } from '../engine/key-table.ts';
import type { SpanQueue, Stream } from '../export/span-queue.ts';
import type { AttributeListPool } from './attribute-list-pool.ts';
import type { IdGenerator } from './ids.ts';
import type { Ledger } from './ledger.ts';
import type { ResolvedSpanLimits } from './limits.ts';
import type { Mask } from './mask.ts';
import type { PluginProcessors } from './plugin-processors.ts';
import type { Sampler, SamplingShortcut } from './sampler.ts';
import type { Span } from './span.ts';
import type { SpanMetrics } from './span-metrics.ts';
import type { Resource } from './types.ts';

export interface SpanSettings {
  readonly arena: Arena;
  readonly keyTable: KeyTable;
  readonly lists: AttributeListPool;
  readonly queue: SpanQueue;
  readonly limits: ResolvedSpanLimits;
  readonly sampler: Sampler;
  /** How to decide without asking it. */
  readonly shortcut: SamplingShortcut;
  /** `null` for random ids. */
  readonly idGenerator: IdGenerator | null;
  readonly resource: Resource;
  readonly ledger: Ledger;
  /** `null`: values are sent as they were set. */
  readonly mask: Mask | null;
  /** Spans that may wait, Infinity when only bytes bound them. */
  readonly maxQueueSize: number;
  /** Called after a commit that opened a piece, or after every one when `notifyEach`. */
  notify: (stream: Stream, span: Span) => void;
  notifyEach: boolean;
  /** `null` in arena mode: finished spans are bytes, and nobody sees them start. */
  readonly processors: PluginProcessors | null;
  /** `null` without a MeterProvider: nothing is counted for it then. */
  readonly metrics: SpanMetrics | null;
  /**
   * The provider was shut down, or is off by `OTEL_SDK_DISABLED`: new spans do not record, finished ones are dropped and
   * counted.
   */
  isShutdown: boolean;
}
