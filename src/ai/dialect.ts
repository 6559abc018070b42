/** The names that typed fields have on the wire: one table a convention. */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { DialectName } from '../config/dialect.ts';
import type { Fields, SessionProperties, SpanType } from './fields.ts';
import type { CapturedContent } from './lazy.ts';

/** Where a dialect writes to. A value that is `undefined` sets nothing. */
export interface AttributeWriter {
  /** An attribute with a place of its own: never evicted, whatever the limit of attributes. */
  core(key: string, value: unknown): void;
  /** An attribute like any other. */
  set(key: string, value: unknown): void;
  /** Captured content, as text; it is shortened or left out where there is no room. Has a place of its own. */
  content(key: string, content: CapturedContent | undefined): void;
}

/** What a dialect may ask of the span it writes to. */
export interface DescribedSpan {
  readonly name: string;
  readonly startTime: HrTime;
  /** As set so far, those of the session included. Reading it copies all of them. */
  readonly attributes: Attributes;
}

export type { DialectName };

/** One convention. */
export interface Dialect {
  readonly name: DialectName;
  /**
   * What a span of this type starts with, so that samplers and `onStart` of processors see the kind; made once a traced
   * function. `undefined`: no type was given.
   */
  start(type: SpanType | undefined): Attributes;
  /** Writes what is there, with the fields of all calls: once a span of ours, as often as fields come to another's. */
  write(fields: Fields, out: AttributeWriter, span: DescribedSpan): void;
  /** What every span of a session carries. */
  session(properties: SessionProperties): Attributes;
}
