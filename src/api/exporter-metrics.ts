/** `otel.sdk.exporter.*` of one exporter, through however many processors its spans come. */
import type { Attributes, BatchObservableResult, MeterProvider } from '@opentelemetry/api';
import type { ExportOperation } from '../export/export-outcomes.ts';
import { componentAttributes, ERROR_TYPE, type SpanFlow, tally } from './component-metrics.ts';
import { nameOf } from './guarded-call.ts';
import { type Instruments, type Observed, type SdkMetrics, sdkMetrics } from './sdk-metrics.ts';

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

/** What an exporter that counts what its `export` is given says of itself. */
interface Declaration {
  readonly type: string;
  /** `server.address` and `server.port`. */
  readonly destination: Attributes;
  readonly meterProvider: MeterProvider | undefined;
}

const declarations = new WeakMap<object, Declaration>();
const metricsOf = new WeakMap<object, ExporterMetrics>();

/** To be called in the constructor of an exporter that counts by itself. */
export function declareExporter(exporter: object, declaration: Declaration): void {
  declarations.set(exporter, declaration);
}

/** Whether it counts what its `export` is given, so that the caller must not. */
export function countsItself(exporter: object): boolean {
  return declarations.has(exporter);
}

/**
 * The metrics of an exporter: in the MeterProvider it was made with, else in the first that reached it; `undefined`
 * when there is none.
 *
 * @param meterProvider - that of the tracer provider.
 */
export function exporterMetrics(
  exporter: object,
  meterProvider?: MeterProvider,
): ExporterMetrics | undefined {
  const known = metricsOf.get(exporter);
  if (known !== undefined) return known;
  const declaration = declarations.get(exporter);
  const sdk = sdkMetrics(declaration?.meterProvider ?? meterProvider);
  if (sdk === null) return undefined;
  const type = declaration?.type ?? nameOf(exporter);
  const metrics = new ExporterMetrics(sdk, type, declaration?.destination ?? {});
  metricsOf.set(exporter, metrics);
  return metrics;
}
