/** Values as JSON that always comes about. */

import { contentText } from '../ai/content.ts';
import type { ItemResult } from './result.ts';

/**
 * As `toJson`, and quicker: a replacer costs more than all the rest of writing an item, and only what a program made
 * itself needs one.
 */
export function itemToJson({ row, output, scores, ...rest }: ItemResult): string {
  const own = JSON.stringify(rest);
  const judged = scores.some(({ metadata }) => metadata !== undefined)
    ? toJson(scores)
    : JSON.stringify(scores);
  const made = output === undefined ? undefined : toJson(output);
  const last = made === undefined ? '' : `,"output":${made}`;
  return `${own.slice(0, -1)},"row":${toJson(row)},"scores":${judged}${last}}`;
}

/** One line. What JSON has no form for is written as text; a value that cannot be read, as a note of that. */
export function toJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  try {
    return JSON.stringify(value, plain);
  } catch {
    // A cycle, or a getter that throws: found out by trying, since looking first costs every row.
    return asJson(contentText(value));
  }
}

/** A value that could not be read at all is a note, and no JSON. */
function asJson(text = 'null'): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function plain(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}

/** The same text for the same value, whatever the order of members. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(sorted(JSON.parse(toJson(value) ?? 'null')));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]): [string, unknown] => [key, sorted(member)]);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}
