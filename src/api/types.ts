/**
 * @module The SDK's public shapes, named and laid out as opentelemetry-js names them, so that processors and exporters
 * written for its `@opentelemetry/sdk-trace-base` 2.x accept our spans and the other way round. Declared here,
 * not imported: the SDK packages are no dependency of ours.
 */

import type {
  Span as ApiSpan,
  Attributes,
  AttributeValue,
  Context,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
} from '@opentelemetry/api';

/** A value, or one on the way. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** A resource attribute as it was given: its value may still be on the way. */
export type RawResourceAttribute = [key: string, value: MaybePromise<AttributeValue | undefined>];

/** The entity that produced the spans: a service, a process, a host (specification: Resource SDK). */
export interface Resource {
  /** Whether `attributes` is not final yet. */
  readonly asyncAttributesPending?: boolean;
  /** Attributes known so far. */
  readonly attributes: Attributes;
  /** Schema the attribute names follow; absent when unknown. */
  readonly schemaUrl?: string;
  /** Resolves when every attribute is known. Never rejects. */
  waitForAsyncAttributes?(): Promise<void>;
  /** A new resource holding both; where both name a key, `other` wins. */
  merge(other: Resource | null): Resource;
  /** The attributes as given, the stronger first where a key is named twice. */
  getRawAttributes(): RawResourceAttribute[];
}

/** The library that made the spans (specification: Instrumentation Scope). */
export interface InstrumentationScope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
  /** Attributes of the scope; absent when it has none. */
  readonly attributes?: Attributes;
  /** Scope attributes lost to limits; absent means none. */
  readonly droppedAttributesCount?: number;
}

/** Something that happened while a span was open (specification: Trace SDK, events). */
export interface TimedEvent {
  time: HrTime;
  name: string;
  attributes?: Attributes;
  /** Attributes of this event lost to limits. */
  droppedAttributesCount?: number;
}

/** What a processor or an exporter may read of a span (specification: Trace SDK, readable span). */
export interface ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  /** Absent on a root span. */
  readonly parentSpanContext?: SpanContext;
  /** `[seconds, nanoseconds]` since the Unix epoch. */
  readonly startTime: HrTime;
  /** `[seconds, nanoseconds]` since the Unix epoch; `[0, 0]` while the span is open. */
  readonly endTime: HrTime;
  /** `endTime` minus `startTime`, never negative. */
  readonly duration: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: TimedEvent[];
  readonly ended: boolean;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** A span while it records, as processors get it. */
export type Span = ApiSpan & ReadableSpan;

/** The outcome codes of an export. */
export const ExportResultCode = { SUCCESS: 0, FAILED: 1 } as const;
export type ExportResultCode = (typeof ExportResultCode)[keyof typeof ExportResultCode];

/** The outcome of an export; `error` says why it failed. */
export interface ExportResult {
  code: ExportResultCode;
  error?: Error;
}

/** Carries finished spans out of the process (specification: Trace SDK, span exporter). */
export interface SpanExporter {
  /** Takes a batch; `resultCallback` is called exactly once, with the outcome. Never called concurrently. */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void;
  /** Ends the exporter's work; later exports fail. */
  shutdown(): Promise<void>;
  /** Resolves when everything given so far has left. */
  forceFlush?(): Promise<void>;
}

/** Sees spans start and end (specification: Trace SDK, span processor). */
export interface SpanProcessor {
  /** Called in `startSpan`, with the attributes set; `parentContext` is the one its parent was taken from. */
  onStart(span: Span, parentContext: Context): void;
  /** Called in `end`, with the end time set; the span may still be written to. */
  onEnding?(span: Span): void;
  /** Called in `end`, after `onEnding` of every processor; the span refuses writes by its methods. */
  onEnd(span: ReadableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}
