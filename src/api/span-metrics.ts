/** `otel.sdk.span.started` and `otel.sdk.span.live`: no object and no closure a span. */
import { type Span as ApiSpan, type Attributes, isSpanContextValid } from '@opentelemetry/api';
import { NonRecordingSpan } from './non-recording-span.ts';
import { PluginSpan } from './plugin-span.ts';
import type { SdkMetrics } from './sdk-metrics.ts';
import { Span } from './span.ts';

/** Indexes of {@link RESULTS}. */
const DROP = 0;
const RECORD_ONLY = 1;
const RECORD_AND_SAMPLE = 2;
const SAMPLED = 1;

const RESULTS = ['DROP', 'RECORD_ONLY', 'RECORD_AND_SAMPLE'] as const;
const LIVE: readonly Attributes[] = RESULTS.map((result) =>
  Object.freeze({ 'otel.span.sampling_result': result }),
);

type Origin = 'none' | 'local' | 'remote';

const startedUnder = (origin: Origin): readonly Attributes[] =>
  RESULTS.map((result) =>
    Object.freeze({ 'otel.span.parent.origin': origin, 'otel.span.sampling_result': result }),
  );
const STARTED: Readonly<Record<Origin, readonly Attributes[]>> = {
  none: startedUnder('none'),
  local: startedUnder('local'),
  remote: startedUnder('remote'),
};

export class SpanMetrics {
  private readonly sdk: SdkMetrics;
  /** An instrument is at work; the spans that it starts are not counted, or there would be no end. */
  private isCounting = false;

  constructor(sdk: SdkMetrics) {
    this.sdk = sdk;
  }

  /** To be called when all of a start is done: an instrument is user code. */
  started(span: Span | PluginSpan | NonRecordingSpan, parent: ApiSpan | undefined): void {
    const { instruments } = this.sdk;
    if (instruments === undefined || this.isCounting) return;
    const origin = originOf(parent);
    const result = resultOf(span);
    this.isCounting = true;
    try {
      instruments.started.add(1, STARTED[origin][result]);
      if (result !== DROP) instruments.live.add(1, LIVE[result]);
    } catch (error) {
      this.sdk.fail(error);
    }
    this.isCounting = false;
  }

  /** @param flags - the trace flags of a span that recorded. */
  ended(flags: number): void {
    const { instruments } = this.sdk;
    if (instruments === undefined || this.isCounting) return;
    this.isCounting = true;
    try {
      instruments.live.add(-1, LIVE[(flags & SAMPLED) === 0 ? RECORD_ONLY : RECORD_AND_SAMPLE]);
    } catch (error) {
      this.sdk.fail(error);
    }
    this.isCounting = false;
  }
}

function resultOf(span: Span | PluginSpan | NonRecordingSpan): number {
  if (span instanceof NonRecordingSpan) return DROP;
  const flags = span instanceof Span ? span._flags : span._spanContext.traceFlags;
  return (flags & SAMPLED) === 0 ? RECORD_ONLY : RECORD_AND_SAMPLE;
}

/** Of our own spans without a context being made. */
function originOf(parent: ApiSpan | undefined): Origin {
  if (parent === undefined) return 'none';
  if (parent instanceof Span || parent instanceof NonRecordingSpan || parent instanceof PluginSpan) {
    return 'local';
  }
  try {
    const context = parent.spanContext();
    if (!isSpanContextValid(context)) return 'none';
    return context.isRemote ? 'remote' : 'local';
  } catch {
    return 'none';
  }
}
