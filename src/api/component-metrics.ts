/** What processors and exporters have in common as subjects of metrics. */
import type { Attributes } from '@opentelemetry/api';
import type { ExportOutcomes } from '../export/export-outcomes.ts';

/** The way of spans through a processor and its exporter: a pipe, or where span objects are. */
export interface SpanFlow {
  /** Finished spans without a final answer. */
  readonly waitingSpans: number;
  /** Those of them that the exporter has. */
  readonly inFlightSpans: number;
  /** Spans given up for other destinations before the exporter had them. Default 0. */
  readonly evictedSpans?: number;
  readonly outcomes: Readonly<ExportOutcomes>;
  readonly isClosed: boolean;
}

export const ERROR_TYPE = 'error.type';

const instances = new Map<string, number>();

/** Semantic Conventions, `otel.component.name`: the type and a number that counts up in the process. */
export function componentAttributes(type: string): Attributes {
  const instance = instances.get(type) ?? 0;
  instances.set(type, instance + 1);
  return { 'otel.component.type': type, 'otel.component.name': `${type}/${instance}` };
}

/** Adds to the count of `key`. */
export function tally(counts: Map<string, number>, key: string, spans: number): void {
  if (spans > 0) counts.set(key, (counts.get(key) ?? 0) + spans);
}
