/**
 * Masks: what may be said of a value decides the program, for every span of the provider, before it reaches the arena or
 * another processor's `onEnd`. A mask that fails says nothing at all.
 */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { type AttributeValue, KeyValues } from '../engine/attribute-value.ts';
import type { AttributeList } from './attribute-list.ts';
import { define, describe } from './attributes.ts';
import type { RecordedEvent, RecordedLink } from './event.ts';

/** The span a value is of, to read. */
export interface MaskedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  /** Name of the instrumentation scope. */
  readonly scope: string;
  /** An attribute as it was set; `undefined` where there is none. */
  get(key: string): unknown;
}

/**
 * Called with every string of a span: attributes, those inside arrays and maps (with the key of the attribute), attributes
 * of events and links, names of events (`event.name`), the status message (`status.message`), the span's name
 * (`span.name`). What it returns takes the string's place; `null` leaves an empty one, or, for an attribute, none.
 *
 * Synchronous. One that throws or returns anything else costs the value: `[masked]` is sent, and a warning says so.
 */
export type Mask = (value: string, key: string, span: MaskedSpan) => string | null;

/** Stands for what a mask failed at. */
export const FAILED = '[masked]';

/** A mask at work on one span. */
export class Masking {
  private readonly mask: Mask;
  private readonly span: MaskedSpan;

  constructor(mask: Mask, span: MaskedSpan) {
    this.mask = mask;
    this.span = span;
  }

  /** A text; `null` to leave it out. */
  text(value: string, key: string): string | null {
    let masked: unknown;
    try {
      masked = this.mask(value, key, this.span);
    } catch (error) {
      return refuse(`it threw ${describe(error)}`);
    }
    if (typeof masked === 'string' || masked === null) return masked;
    return refuse(`it returned ${typeof masked}`);
  }

  /** The strings inside a value that was copied when it was set. */
  value(value: AttributeValue, key: string): AttributeValue {
    if (typeof value === 'string') return this.text(value, key) ?? '';
    if (Array.isArray(value)) return value.map((item) => this.value(item, key));
    if (!(value instanceof KeyValues)) return value;
    const masked = new KeyValues();
    for (let index = 0; index < value.keys.length; index += 1) {
      masked.keys.push(value.keys[index]);
      masked.values.push(this.value(value.values[index], key));
    }
    return masked;
  }

  list(list: AttributeList | null): void {
    for (let slot = (list?.count ?? 0) - 1; slot >= 0; slot -= 1) {
      const key = (list as AttributeList).keyAt(slot);
      const value = (list as AttributeList).values[slot] as AttributeValue;
      const masked = typeof value === 'string' ? this.text(value, key) : this.value(value, key);
      if (masked === null && value !== null) (list as AttributeList).remove(slot);
      else (list as AttributeList).replace(slot, masked);
    }
  }

  events(events: readonly RecordedEvent[]): RecordedEvent[] {
    return events.map((event) => {
      this.list(event.attributes);
      return { ...event, name: this.text(event.name, 'event.name') ?? '' };
    });
  }

  links(links: readonly RecordedLink[]): void {
    for (const { attributes } of links) this.list(attributes);
  }

  /** The same for attributes of a span that is an object; what other processors put there included. */
  attributes(attributes: Attributes): void {
    for (const key of Object.keys(attributes)) {
      const masked = this.plain(attributes[key], key, 0);
      if (masked === null && attributes[key] !== null) delete attributes[key];
      else if (masked !== attributes[key]) define(attributes as Record<string, unknown>, key, masked);
    }
  }

  private plain(value: unknown, key: string, depth: number): unknown {
    if (typeof value === 'string') return this.text(value, key) ?? (depth === 0 ? null : '');
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (depth > MAX_DEPTH) return FAILED;
    if (Array.isArray(value)) return value.map((item) => this.plain(item, key, depth + 1));
    const masked: Record<string, unknown> = {};
    for (const [member, inner] of Object.entries(value)) {
      define(masked, member, this.plain(inner, key, depth + 1));
    }
    return masked;
  }
}

/** Deeper than any value that was set through the API. */
const MAX_DEPTH = 64;

function refuse(why: string): string {
  warn('mask', `mask: expected a string or null, but ${why}; the value is replaced by ${FAILED}.`);
  return FAILED;
}
