/** @module Spans as an indented list, parents before children, each group in the order of their starts. */

import type { PlainSpan } from './ai-spans.ts';

/** One line a span. A parent that is not among the spans counts as none. */
export function outlineOf(
  spans: readonly PlainSpan[],
  line = ({ name }: PlainSpan): string => name,
): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const starts = (a: PlainSpan, b: PlainSpan): number =>
    Number(BigInt(a.startTimeUnixNano ?? 0) - BigInt(b.startTimeUnixNano ?? 0));
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) =>
        parent === undefined ? !ids.has(parentSpanId ?? '') : parentSpanId === parent,
      )
      .sort(starts)
      .flatMap((span) => [`${'  '.repeat(depth)}${line(span)}`, ...below(span.spanId, depth + 1)]);
  return below(undefined, 0);
}
