/** @module The `tracestate` list (W3C Trace Context Level 2, §3.3). */

import type { TraceState as ApiTraceState } from '@opentelemetry/api';

/** Most members of a list (§3.3.2). */
const MAXIMUM_MEMBERS = 32;
/** Characters kept of the serialised list; the least the specification asks for (§3.3.3.1). */
const MAXIMUM_LENGTH = 512;
/** Members longer than this go first when the list is too long (§3.3.3.1). */
const LARGE_MEMBER_LENGTH = 128;
/** 32 members of the greatest legal size, 513 characters each, and some white space: more is not a trace state. */
const MAXIMUM_HEADER_LENGTH = 32_768;

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

type Member = readonly [key: string, value: string];

/**
 * An immutable list of vendor entries, newest first.
 *
 * A header that breaks the grammar or has more than 32 members counts as empty; of members with one key the
 * first stays (§3.5). A longer list than 512 characters is shortened by whole members: those over 128 characters
 * first, then from the end (§3.3.3.1). More than 32,768 characters are not read at all. Takes time linear in
 * the header; never throws.
 */
export class TraceState implements ApiTraceState {
  private members: readonly Member[];

  /** @param header - value of a `tracestate` header, several joined by commas. Default: empty. */
  constructor(header?: string) {
    this.members = typeof header === 'string' ? shorten(parseMembers(header) ?? []) : [];
  }

  /** Value of `key`. */
  get(key: string): string | undefined {
    return this.members.find(([name]) => name === key)?.[1];
  }

  /**
   * A list in which `key` comes first with `value`; what does not fit any more is dropped from the others. The
   * same list if the key, the value or their length is not legal.
   */
  set(key: string, value: string): TraceState {
    const legal = typeof key === 'string' && typeof value === 'string' && KEY.test(key) && VALUE.test(value);
    if (!legal || key.length + 1 + value.length > MAXIMUM_LENGTH) return this;
    const others = this.members.filter(([name]) => name !== key).slice(0, MAXIMUM_MEMBERS - 1);
    return stateOf(shorten([[key, value], ...others], 1));
  }

  /** A list without `key`. */
  unset(key: string): TraceState {
    const others = this.members.filter(([name]) => name !== key);
    return others.length === this.members.length ? this : stateOf(others);
  }

  /** The header value; empty for an empty list. */
  serialize(): string {
    return this.members.map(([key, value]) => `${key}=${value}`).join(',');
  }
}

/** Outside the class: one that names itself has another name in a bundle. */
function stateOf(members: readonly Member[]): TraceState {
  const state = new TraceState();
  (state as unknown as { members: readonly Member[] }).members = members;
  return state;
}

function parseMembers(header: string): Member[] | undefined {
  if (header.length > MAXIMUM_HEADER_LENGTH) return undefined;
  const members: Member[] = [];
  const keys = new Set<string>();
  let count = 0;
  for (let start = skipEmpty(header, 0); start < header.length; ) {
    const comma = header.indexOf(',', start);
    const end = comma < 0 ? header.length : comma;
    const member = header.slice(start, skipBlankBackwards(header, start, end));
    start = skipEmpty(header, end);
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(equals, 0));
    const value = member.slice(equals + 1);
    if (!KEY.test(key) || !VALUE.test(value) || ++count > MAXIMUM_MEMBERS) return undefined;
    if (keys.has(key)) continue;
    keys.add(key);
    members.push([key, value]);
  }
  return members;
}

/** Index of the first character from `start` that is part of a member: empty ones are allowed (§3.3.2). */
function skipEmpty(header: string, start: number): number {
  let index = start;
  while (index < header.length && (isBlank(header.charCodeAt(index)) || header[index] === ',')) index++;
  return index;
}

/** @param keep - members at the start that must stay. */
function shorten(members: readonly Member[], keep = 0): readonly Member[] {
  let length = members.reduce((sum, member) => sum + lengthOf(member) + 1, -1);
  if (length <= MAXIMUM_LENGTH) return members;
  const kept = members.slice();
  for (const onlyLarge of [true, false]) {
    for (let index = kept.length - 1; index >= keep && length > MAXIMUM_LENGTH; index--) {
      const size = lengthOf(kept[index]);
      if (onlyLarge && size <= LARGE_MEMBER_LENGTH) continue;
      kept.splice(index, 1);
      length -= size + 1;
    }
  }
  return kept;
}

function lengthOf([key, value]: Member): number {
  return key.length + 1 + value.length;
}

/** Index of the first character from `start` that is no space or tab (RFC 9110 §5.6.3, `OWS`). */
export function skipBlank(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && isBlank(text.charCodeAt(index))) index++;
  return index;
}

/** As {@link skipBlank}, from the end: the index after the last character that is no space or tab. */
export function skipBlankBackwards(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && isBlank(text.charCodeAt(index - 1))) index--;
  return index;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
