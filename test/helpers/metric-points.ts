/** @module A real MeterProvider, read on demand. */

import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'vitest';

class OnDemandReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** What one collection gave. */
export class Collected {
  readonly metrics: readonly MetricData[];

  constructor(metrics: readonly MetricData[]) {
    this.metrics = metrics;
  }

  get names(): string[] {
    return this.metrics.map(({ descriptor }) => descriptor.name).sort();
  }

  /** The points of a metric: `[attributes, value]`, a histogram's value being its count and sum. */
  points(name: string): [Attributes, unknown][] {
    return this.metrics
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap((metric) =>
        metric.dataPointType === DataPointType.HISTOGRAM
          ? metric.dataPoints.map(({ attributes, value }): [Attributes, unknown] => [attributes, pick(value)])
          : metric.dataPoints.map(({ attributes, value }): [Attributes, unknown] => [attributes, value]),
      );
  }

  /** Values by `error.type`, `ok` where there is none, of the only component, or of that one. */
  byError(name: string, component?: string): Record<string, number> {
    const points = this.points(name).filter(
      ([attributes]) => component === undefined || attributes['otel.component.name'] === component,
    );
    const values: Record<string, number> = {};
    for (const [attributes, value] of points) {
      const key = String(attributes['error.type'] ?? 'ok');
      expect(values).not.toHaveProperty(key);
      values[key] = value as number;
    }
    return values;
  }

  /** The sum of all points of a metric. */
  sum(name: string): number {
    return this.points(name).reduce((sum, [, value]) => sum + (value as number), 0);
  }
}

function pick({ count, sum }: Histogram): { count: number; sum: number | undefined } {
  return { count, sum };
}

/** A MeterProvider and what a collection of it gives. */
export function measure(temporality = AggregationTemporality.CUMULATIVE) {
  const reader = new OnDemandReader({ aggregationTemporalitySelector: () => temporality });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    meterProvider,
    async collect(): Promise<Collected> {
      const { resourceMetrics, errors } = await reader.collect();
      expect(errors).toEqual([]);
      return new Collected(resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics));
    },
  };
}
