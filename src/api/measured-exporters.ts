/** Which exporters have metrics, `otel.sdk.exporter.*`; the metrics are made for the first that is measured. */
import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { ExporterMetrics } from './exporter-metrics.ts';
import { nameOf } from './guarded-call.ts';
import { sdkMetrics } from './sdk-metrics.ts';

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
  const provider = declaration?.meterProvider ?? meterProvider;
  if (provider === undefined) return undefined;
  const sdk = sdkMetrics(provider);
  if (sdk === null) return undefined;
  const type = declaration?.type ?? nameOf(exporter);
  const metrics = new ExporterMetrics(sdk, type, declaration?.destination ?? {});
  metricsOf.set(exporter, metrics);
  return metrics;
}
