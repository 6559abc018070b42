/** `otel.sdk.exporter.*` of one exporter, through however many processors its spans come. */
import type { Attributes, BatchObservableResult } from '@opentelemetry/api';
import type { ExportOperation } from '../export/export-outcomes.ts';
import { componentAttributes, ERROR_TYPE, type SpanFlow, tally } from './component-metrics.ts';
import type { Instruments, Observed, SdkMetrics } from './sdk-metrics.ts';

export class ExporterMetrics implements Observed {
  private readonly sdk: SdkMetrics;
  private readonly attributes: Attributes;
  private readonly flows: SpanFlow[] = [];

  constructor(sdk: SdkMetrics, type: string, destination: Attributes) {
    this.sdk = sdk;
    this.attributes = Object.freeze({ ...componentAttributes(type), ...destination });
  }

  watch(flow: SpanFlow): void {
    this.flows.push(flow);
    this.sdk.observe(this);
  }

  get isClosed(): boolean {
    return this.flows.every((flow) => flow.isClosed);
  }

  report(result: BatchObservableResult, { inFlight, exported }: Instruments): void {
    const { attributes } = this;
    const lost = new Map<string, number>();
    let flying = 0;
    let taken = 0;
    for (const { outcomes, inFlightSpans } of this.flows) {
      flying += inFlightSpans;
      taken += outcomes.exported;
      tally(lost, 'rejected', outcomes.rejected);
      for (const [errorType, count] of outcomes.failures) tally(lost, errorType, count);
    }
    result.observe(inFlight, flying, attributes);
    result.observe(exported, taken, attributes);
    for (const [errorType, count] of lost) {
      result.observe(exported, count, { ...attributes, [ERROR_TYPE]: errorType });
    }
  }

  /** Records the duration of an export. */
  readonly onOperation = ({ seconds, status, errorType }: ExportOperation): void => {
    this.sdk.guard(({ duration }) => {
      duration.record(seconds, {
        ...this.attributes,
        ...(status !== undefined && { 'http.response.status_code': status }),
        ...(errorType !== undefined && { [ERROR_TYPE]: errorType }),
      });
    });
  };
}
