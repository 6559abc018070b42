/**
 * The SDK's metrics about itself (Semantic Conventions, "OpenTelemetry SDK metrics"): one set of instruments a
 * MeterProvider. Spans are counted as they start and end; all else is read from the counters that are kept anyway,
 * when somebody collects.
 */
import {
  type BatchObservableResult,
  type Counter,
  type Histogram,
  type Meter,
  type MeterProvider,
  type Observable,
  type UpDownCounter,
  ValueType,
} from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { VERSION } from '../version.ts';
import { messageOf } from './attributes.ts';

const METER_NAME = 'spandrel';

export interface Instruments {
  readonly meter: Meter;
  readonly started: Counter;
  readonly live: UpDownCounter;
  readonly queueSize: Observable;
  readonly queueCapacity: Observable;
  readonly processed: Observable;
  readonly inFlight: Observable;
  readonly exported: Observable;
  readonly duration: Histogram;
}

/** A processor or an exporter, read at each collection. */
export interface Observed {
  report(result: BatchObservableResult, instruments: Instruments): void;
  /** Nothing will change any more. */
  readonly isClosed: boolean;
}

const known = new WeakMap<object, SdkMetrics>();

/** The metrics of a MeterProvider, the same for the same one; `null` without one, or when it failed. Never throws. */
export function sdkMetrics(provider: MeterProvider | null | undefined): SdkMetrics | null {
  if (provider === undefined || provider === null) return null;
  let metrics = known.get(provider);
  if (metrics === undefined) {
    metrics = new SdkMetrics(provider);
    // What is no object has no meters either, and is said once all the same.
    if (typeof provider === 'object' || typeof provider === 'function') known.set(provider, metrics);
  }
  return metrics.instruments === undefined ? null : metrics;
}

export class SdkMetrics {
  /** `undefined` once the user's meter has failed: nothing of it is called any more. */
  instruments: Instruments | undefined;
  private readonly observed = new Set<Observed>();
  private isObserving = false;

  constructor(provider: MeterProvider) {
    try {
      this.instruments = createInstruments(provider.getMeter(METER_NAME, VERSION));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Reads `component` at every collection, up to the first one after it was closed. */
  observe(component: Observed): void {
    this.observed.add(component);
    if (this.isObserving) return;
    this.isObserving = true;
    this.guard((instruments) => {
      instruments.meter.addBatchObservableCallback(this.onCollect, observables(instruments));
    });
  }

  /** Calls the user's instruments. */
  guard(call: (instruments: Instruments) => void): void {
    if (this.instruments === undefined) return;
    try {
      call(this.instruments);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the metrics: a fault of the user's meter must not reach the traced program. */
  fail(error: unknown): void {
    this.instruments = undefined;
    this.observed.clear();
    warnOnce(
      'sdk-metrics',
      `meterProvider: expected meters and instruments that do not throw, got: ${messageOf(error)}. ` +
        'The metrics of this SDK are off; spans are not affected.',
    );
  }

  private readonly onCollect = (result: BatchObservableResult): void => {
    this.guard((instruments) => {
      for (const component of this.observed) component.report(result, instruments);
    });
    for (const component of this.observed) if (component.isClosed) this.observed.delete(component);
    // Not at once: opentelemetry-js walks its list of callbacks just now, and would leave out the next one.
    if (this.observed.size === 0) void Promise.resolve().then(() => this.stopObserving());
  };

  private stopObserving(): void {
    if (this.observed.size > 0 || !this.isObserving) return;
    this.isObserving = false;
    this.guard((instruments) => {
      instruments.meter.removeBatchObservableCallback(this.onCollect, observables(instruments));
    });
  }
}

function observables(instruments: Instruments): Observable[] {
  const { queueSize, queueCapacity, processed, inFlight, exported } = instruments;
  return [queueSize, queueCapacity, processed, inFlight, exported];
}

function createInstruments(meter: Meter): Instruments {
  const spans = (description: string) => ({ description, unit: '{span}', valueType: ValueType.INT });
  return {
    meter,
    started: meter.createCounter('otel.sdk.span.started', spans('Spans that were started.')),
    live: meter.createUpDownCounter('otel.sdk.span.live', spans('Recording spans that have not ended.')),
    queueSize: meter.createObservableUpDownCounter(
      'otel.sdk.processor.span.queue.size',
      spans('Finished spans that wait in a span processor.'),
    ),
    queueCapacity: meter.createObservableUpDownCounter(
      'otel.sdk.processor.span.queue.capacity',
      spans('Finished spans that may wait in a span processor.'),
    ),
    processed: meter.createObservableCounter(
      'otel.sdk.processor.span.processed',
      spans('Spans that a span processor handed to its exporter, or dropped.'),
    ),
    inFlight: meter.createObservableUpDownCounter(
      'otel.sdk.exporter.span.inflight',
      spans('Spans whose export is under way.'),
    ),
    exported: meter.createObservableCounter(
      'otel.sdk.exporter.span.exported',
      spans('Spans whose export has ended, well or not.'),
    ),
    duration: meter.createHistogram('otel.sdk.exporter.operation.duration', {
      description: 'Duration of one export, retries and pauses included.',
      unit: 's',
      // Semantic Conventions: a single bucket, which gives count and sum.
      advice: { explicitBucketBoundaries: [] },
    }),
  };
}
