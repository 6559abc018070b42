/** What an exporter's own `export` is given, counted for metrics; several exports may be under way at once. */
import {
  type ExportOperation,
  ExportOutcomes,
  errorTypeOf,
  type ResultCode,
} from '../export/export-outcomes.ts';
import type { SendResult } from '../export/exporter.ts';
import type { SpanFlow } from './component-metrics.ts';
import { exporterMetrics } from './measured-exporters.ts';

export class DirectExports implements SpanFlow {
  readonly outcomes = new ExportOutcomes();
  inFlightSpans = 0;
  isClosed = false;
  private isWatched = false;

  /** All that was taken is under way. */
  get waitingSpans(): number {
    return this.inFlightSpans;
  }

  /** An export of `spanCount` spans by `exporter` begins. */
  begin(exporter: object, spanCount: number): DirectExport {
    const metrics = exporterMetrics(exporter);
    if (metrics !== undefined && !this.isWatched) {
      this.isWatched = true;
      metrics.watch(this);
    }
    return new DirectExport(this, spanCount, metrics?.onOperation);
  }
}

/** One export. Each of its spans is told to be answered for or lost; the rest is lost at the end, no cause known. */
export class DirectExport {
  private readonly exports: DirectExports;
  private readonly spanCount: number;
  private readonly onOperation: ((operation: ExportOperation) => void) | undefined;
  private readonly begun = performance.now();
  private open: number;
  private status: number | undefined;
  private errorType: string | undefined;

  constructor(
    exports: DirectExports,
    spanCount: number,
    onOperation: ((operation: ExportOperation) => void) | undefined,
  ) {
    this.exports = exports;
    this.spanCount = spanCount;
    this.onOperation = onOperation;
    this.open = spanCount;
    exports.inFlightSpans += spanCount;
  }

  /** `spans` of it got this result. */
  answered(spans: number, result: SendResult): void {
    if (typeof result.code === 'number') this.status = result.code;
    if (result.kind !== 'delivered') {
      this.lost(spans, result.code);
      return;
    }
    const rejected = Math.min(result.rejected, spans);
    this.open -= spans;
    this.exports.outcomes.exported += spans - rejected;
    this.exports.outcomes.rejected += rejected;
    if (rejected > 0) this.errorType ??= 'rejected';
  }

  lost(spans: number, code?: ResultCode): void {
    this.open -= spans;
    this.errorType ??= errorTypeOf(code);
    this.exports.outcomes.countFailure(spans, errorTypeOf(code));
  }

  end(): void {
    if (this.open > 0) this.lost(this.open);
    this.exports.inFlightSpans -= this.spanCount;
    const seconds = (performance.now() - this.begun) / 1_000;
    this.onOperation?.({ seconds, status: this.status, errorType: this.errorType });
  }
}
