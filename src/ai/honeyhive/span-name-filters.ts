/** @module Which spans are sent, by the beginning of their names. */

import { warnInvalid } from '../../config/readers.ts';

/** The beginning of a name, as it is or in the form of the Python SDK. */
export type SpanNameFilter = string | { readonly type: 'prefix'; readonly value: string };

/**
 * Spans whose names begin with one of `include` are sent, all if it is left out, but for those that begin with one of
 * `exclude`. Spans below one that is not sent are sent all the same, and name a parent that the server does not have.
 */
export interface SpanNameFilters {
  readonly include?: readonly SpanNameFilter[];
  readonly exclude?: readonly SpanNameFilter[];
}

/** Whether a name passes; `null` when all do. */
export function nameTest(filters: SpanNameFilters | undefined): ((name: string) => boolean) | null {
  const include = prefixesOf('include', filters?.include);
  const exclude = prefixesOf('exclude', filters?.exclude);
  if (include.length === 0 && exclude.length === 0) return null;
  return (name) =>
    (include.length === 0 || include.some((prefix) => name.startsWith(prefix))) &&
    !exclude.some((prefix) => name.startsWith(prefix));
}

function prefixesOf(member: 'include' | 'exclude', given: unknown): string[] {
  if (given === undefined) return [];
  const prefixes: string[] = [];
  for (const filter of Array.isArray(given) ? (given as unknown[]) : [given]) {
    const { type = 'prefix', value } = Object(filter) as { type?: unknown; value?: unknown };
    const prefix = typeof filter === 'string' ? filter : value;
    if (typeof prefix === 'string' && prefix !== '' && type === 'prefix') prefixes.push(prefix);
    else warnInvalid(`option spanNameFilters.${member}`, "prefixes, or { type: 'prefix', value }");
  }
  return prefixes;
}
