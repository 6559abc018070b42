/** @module When and how much the batch processor sends. */

import { MAXIMUM_MILLIS } from './options.ts';
import { warnInvalid } from './readers.ts';
import { resolveNumber } from './resolve.ts';

/** Options of the batch span processor, under the names of opentelemetry-js. */
export interface BatchOptions {
  /** Longest time a finished span waits before it is sent, in milliseconds. Default 5000. */
  scheduledDelayMillis?: number;
  /** Longest time one export may take, all attempts included, in milliseconds; 0 means no limit. Default 30000. */
  exportTimeoutMillis?: number;
  /**
   * Finished spans that may wait; spans that end beyond it are dropped and counted. Default: unset, the bound
   * is `arenaBytes`.
   */
  maxQueueSize?: number;
  /** Spans in one request, at most `maxQueueSize`. Default: unset, the bound is the request size in bytes. */
  maxExportBatchSize?: number;
}

/** The options that opentelemetry-js has in browsers. */
export interface BatchSpanProcessorBrowserConfig extends BatchOptions {
  /**
   * Accepted for compatibility and without effect: what has finished is sent when the document is hidden, by the provider
   * and not by its processors. Default: unset.
   */
  disableAutoFlushOnDocumentHide?: boolean;
}

/** The options in force. `undefined` means that only bytes bound the queue, or the request. */
export interface ResolvedBatchOptions {
  readonly scheduledDelayMillis: number;
  /** Never 0: "no limit" is the longest time a timer can wait, 24.8 days. */
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number | undefined;
  readonly maxExportBatchSize: number | undefined;
}

/** The batch options in force (Environment Variable Specification, "Batch Span Processor"). */
export function resolveBatchOptions(options: BatchOptions = {}): ResolvedBatchOptions {
  const explicit = options ?? {};
  const maxQueueSize = resolveNumber('batch.maxQueueSize', explicit.maxQueueSize);
  let maxExportBatchSize = resolveNumber('batch.maxExportBatchSize', explicit.maxExportBatchSize);
  if (maxQueueSize !== undefined && maxExportBatchSize !== undefined && maxExportBatchSize > maxQueueSize) {
    warnInvalid(
      'maxExportBatchSize (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)',
      `at most the queue size, ${maxQueueSize}`,
      String(maxExportBatchSize),
      `${maxQueueSize} is used`,
    );
    maxExportBatchSize = maxQueueSize;
  }
  return {
    scheduledDelayMillis: resolveNumber('batch.scheduledDelayMillis', explicit.scheduledDelayMillis),
    exportTimeoutMillis:
      resolveNumber('batch.exportTimeoutMillis', explicit.exportTimeoutMillis) || MAXIMUM_MILLIS,
    maxQueueSize,
    maxExportBatchSize,
  };
}
