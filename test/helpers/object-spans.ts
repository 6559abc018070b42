/** @module Span objects as some other SDK would hand them over, and processors and exporters of no SDK at all. */

import type { ExportResult, ReadableSpan, SpanExporter, SpanProcessor } from '../../src/api/types.ts';

let count = 0;

/** A finished, sampled span with ids of its own. */
export function spanObject(fields: Partial<ReadableSpan> = {}): ReadableSpan {
  count += 1;
  const spanId = count.toString(16).padStart(16, '0');
  return {
    name: `span ${count}`,
    kind: 0,
    spanContext: () => ({ traceId: 'ab'.repeat(16), spanId, traceFlags: 1 }),
    startTime: [1000, 0],
    endTime: [1001, 0],
    duration: [1, 0],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    ended: true,
    resource: RESOURCE,
    instrumentationScope: { name: 'foreign', version: '1' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...fields,
  };
}

const RESOURCE: ReadableSpan['resource'] = {
  attributes: { 'service.name': 'foreign' },
  merge: () => RESOURCE,
  getRawAttributes: () => [['service.name', 'foreign']],
};

/** A processor that does nothing but what is given. */
export function processorOf(hooks: Partial<SpanProcessor>): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {}, ...hooks };
}

/** An exporter whose calls the test answers. */
export class HeldExporter implements SpanExporter {
  readonly calls: { spans: ReadableSpan[]; answer: (result: ExportResult) => void }[] = [];
  /** Answers at once when set. */
  automatic: ExportResult | undefined;
  flushed = 0;
  stopped = 0;

  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    this.calls.push({ spans, answer: resultCallback });
    if (this.automatic !== undefined) resultCallback(this.automatic);
  }

  async forceFlush(): Promise<void> {
    this.flushed += 1;
  }

  async shutdown(): Promise<void> {
    this.stopped += 1;
  }

  get sizes(): number[] {
    return this.calls.map(({ spans }) => spans.length);
  }

  get names(): string[] {
    return this.calls.flatMap(({ spans }) => spans.map(({ name }) => name));
  }
}
