/** @module What a pipe is made with, and what it says of a flush. */

import type { ExportOperation } from './export-outcomes.ts';
import type { RequestSource, WireExporter } from './exporter.ts';

/** Options of a `Pipe`. Numbers are taken as they are; whoever reads the configuration checks them. */
export interface PipeOptions {
  readonly exporter: WireExporter;
  readonly source: RequestSource;
  /** Size of a request, in bytes; reaching it also starts sending. Default 4 MiB, at most 64 MiB. */
  readonly maxRequestBytes?: number;
  /** Spans in a request; reaching it also starts sending. Default: no limit. */
  readonly maxExportBatchSize?: number;
  /** Longest time a finished span waits for others, in milliseconds. Default 5000. */
  readonly scheduledDelayMillis?: number;
  /** Longest time of one attempt, in milliseconds; then it is aborted and tried again later. Default 30 000. */
  readonly exportTimeoutMillis?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  readonly now?: () => number;
  /** Takes warnings: a stable code and a text. Default: the diagnostics of the package. */
  readonly warn?: (code: string, message: string) => void;
  /** Called when a request has its final answer, or is given up at shutdown. Must not throw. */
  readonly onOperation?: (operation: ExportOperation) => void;
  /** Tells its warnings from those of other destinations: each is limited to one a minute. Default: none. */
  readonly name?: string;
}

/** What a flush achieved at one destination, counted from its call. */
export interface PipeFlush {
  /** Spans that the destination took. */
  readonly exported: number;
  /** Spans rejected, failed or given up. */
  readonly dropped: number;
  /** Finished spans still not answered for, those in flight included. */
  readonly waiting: number;
  /**
   * Bytes of the exported spans in wire form, before compression and without the headers around them; of a request that
   * was taken in part, that part.
   */
  readonly bytes: number;
}
