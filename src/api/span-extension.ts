/** What a layer above the SDK keeps for a span until it ends. */
import type { Attributes, HrTime } from '@opentelemetry/api';

/** A span of ours as its extension sees it. */
export interface ExtensibleSpan {
  readonly name: string;
  readonly startTime: HrTime;
  readonly attributes: Attributes;
  setAttribute(key: string, value: unknown): unknown;
  setAttributes(attributes: Attributes): unknown;
  isRecording(): boolean;
  /**
   * Sets an attribute that has a place of its own: at `attributeCountLimit` it takes that of the attribute set last
   * which has none, and that one is counted as dropped.
   */
  _setCore(key: string, value: unknown): void;
  /** As `_setCore`, for captured content: under load it is shortened or left out. */
  _setContent(key: string, text: string): void;
  /** Says that there was content, which was not even read. @param units - its length, -1 where nobody knows. */
  _leaveOutContent(key: string, units: number): void;
  _extension: SpanExtension | null;
}

/** Called once, when its span ends and would be kept, before the encoder or another processor sees the span. */
export interface SpanExtension {
  /** Sets what the extension has. It may call code of the user, which may trace and may end the span. Must not throw. */
  finish(span: ExtensibleSpan): void;
}
