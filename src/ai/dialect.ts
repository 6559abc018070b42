/** The names that typed fields have on the wire: one table a convention. */
import type { Attributes } from '@opentelemetry/api';
import type { DialectName } from '../config/dialect.ts';
import type { Fields, SessionProperties } from './fields.ts';
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

export type { DialectName };

/** One convention. */
export interface Dialect {
  readonly name: DialectName;
  /** Writes what is there; called once a span in arena mode, with the fields of all calls. */
  write(fields: Fields, out: AttributeWriter): void;
  /** What every span of a session carries. */
  session(properties: SessionProperties): Attributes;
}
