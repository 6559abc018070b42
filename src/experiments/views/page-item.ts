/** @module Rows as a report carries them: texts cut to what a page can hold ten thousand times. */
import type { ExperimentResult, ItemResult, ItemSpan, Score } from '../result.ts';
import type { PageHead, PageItem, PageScore, PageSpan } from './page/page-data.ts';

/** Longest inputs, output, expectation, error, in UTF-16 units. */
const TEXT_UNITS = 4_000;
const EXPLANATION_UNITS = 1_000;
const ATTRIBUTE_UNITS = 1_000;
/** Most spans of an item. */
const MAXIMUM_SPANS = 200;

export function pageHead(result: ExperimentResult): PageHead {
  const { name, runId, startTime, durationMs, counts, metrics, runScores, baseline, gate, metadata } = result;
  return {
    name,
    runId,
    startTime,
    durationMs,
    counts,
    metrics,
    runScores: runScores.map(pageScore),
    ...(baseline === undefined ? {} : { baseline }),
    ...(gate === undefined ? {} : { gate }),
    ...(metadata === undefined ? {} : { metadata: textOf(metadata) }),
  };
}

/** @param before - the same item's numbers in the baseline. */
export function pageItem(item: ItemResult, before: Readonly<Record<string, number>> | undefined): PageItem {
  const { id, repetition, row, status, output, error, scores, durationMs, attempts, cached } = item;
  const spans = pageSpans(item.spans ?? []);
  return {
    id,
    repetition,
    status,
    inputs: textOf(row.inputs),
    expected: row.expected === undefined ? undefined : textOf(row.expected),
    output: output === undefined ? undefined : textOf(output),
    error:
      error === undefined ? undefined : cut(error.stack ?? `${error.name}: ${error.message}`, TEXT_UNITS),
    scores: scores.map(pageScore),
    durationMs,
    attempts,
    cached,
    startTime: item.startTime,
    traceId: item.traceId,
    usage: item.usage,
    spans: spans.slice(0, MAXIMUM_SPANS),
    spansLeftOut: Math.max(0, spans.length - MAXIMUM_SPANS),
    baseline: before,
  };
}

function pageScore({ name, value, label, explanation, passed, durationMs, error }: Score): PageScore {
  return {
    name,
    value: typeof value === 'string' ? cut(value, EXPLANATION_UNITS) : value,
    label,
    explanation: explanation === undefined ? undefined : cut(explanation, EXPLANATION_UNITS),
    passed,
    durationMs,
    error: error === undefined ? undefined : cut(`${error.name}: ${error.message}`, EXPLANATION_UNITS),
  };
}

/** Parents before their children, children by their start; a span whose parent is not here, or comes below it, is a root. */
function pageSpans(spans: readonly ItemSpan[]): PageSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const byParent = new Map<string | null, ItemSpan[]>();
  for (const span of spans) {
    const { parentSpanId } = span;
    const parent =
      parentSpanId !== null && parentSpanId !== span.spanId && ids.has(parentSpanId) ? parentSpanId : null;
    byParent.set(parent, [...(byParent.get(parent) ?? []), span]);
  }
  const lines = linesBelow(null, byParent);
  // Spans that are each other's ancestors have no root.
  for (const { spanId } of spans) lines.push(...linesBelow(spanId, byParent));
  return lines;
}

/** Lines of the spans below a parent, which are taken out of the table. */
function linesBelow(parent: string | null, byParent: Map<string | null, ItemSpan[]>): PageSpan[] {
  const lines: PageSpan[] = [];
  // A stack, not recursion: a trace may be deeper than the call stack.
  const waiting = sorted(byParent.get(parent)).map((span) => ({ span, depth: 0 }));
  byParent.delete(parent);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { span, depth } = next;
    lines.push(pageSpan(span, depth));
    for (const child of sorted(byParent.get(span.spanId))) waiting.push({ span: child, depth: depth + 1 });
    byParent.delete(span.spanId);
  }
  return lines;
}

/** The last to start first, as a stack takes them. */
function sorted(spans: readonly ItemSpan[] = []): ItemSpan[] {
  return [...spans].sort((a, b) => b.startMs - a.startMs);
}

function pageSpan({ name, startMs, durationMs, error, attributes }: ItemSpan, depth: number): PageSpan {
  const text = attributes === undefined ? '' : cut(textOf(attributes), ATTRIBUTE_UNITS);
  return {
    name: cut(name, 200),
    depth,
    startMs,
    durationMs,
    error,
    ...(text === '' ? {} : { attributes: text }),
  };
}

/** A text as it is, any other value as indented JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return cut(value, TEXT_UNITS);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, null, 2);
  } catch {
    // A cycle, or a value that JSON has no form for; rows of a file have neither.
  }
  return cut(text ?? String(value), TEXT_UNITS);
}

function cut(text: string, units: number): string {
  if (text.length <= units) return text;
  return `${text.slice(0, units)}… (${text.length - units} more characters)`;
}
