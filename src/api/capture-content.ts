/** Captured content - prompts, completions, arguments, results - onto spans of any make. */
import type { Span as ApiSpan } from '@opentelemetry/api';
import { OMITTED } from './content-level.ts';
import { overhead } from './overhead.ts';
import { PluginSpan } from './plugin-span.ts';
import { Span } from './span.ts';

/**
 * Captures a value under any key. On a span of ours its text is known as captured: under load it may be shortened or left
 * out, which attributes never are. On any other span it is an attribute.
 *
 * @param toText - makes the text, `undefined` for nothing to capture; not called where content is left out anyway, so
 *   what is expensive to read belongs there. Must not throw.
 */
export function captureContent<Value>(
  span: ApiSpan,
  key: string,
  value: Value,
  toText: (value: Value) => string | undefined,
): void {
  const budget = overhead;
  if (budget === null) {
    capture(span, key, value, toText);
    return;
  }
  const begun = budget.beginCapture();
  try {
    if (budget.contentLevel === OMITTED && isOwn(span)) leaveOut(span, key, value);
    else capture(span, key, value, toText);
  } finally {
    budget.end(begun);
  }
}

/** Stands for content that was not read: there is an overhead budget, and no room in it. */
export class LeftOut {
  /** Its length in UTF-16 units, -1 where nobody knows. */
  readonly units: number;

  constructor(units: number) {
    this.units = units;
  }
}

/**
 * Reads a value for a span that sets it later, by `setReadContent`. Timed, and not read at all where it would be left out.
 *
 * @param read - must not throw.
 */
export function readContent<Value, Read>(
  span: ApiSpan,
  value: Value,
  read: (value: Value) => Read,
): Read | LeftOut {
  const budget = overhead;
  if (budget === null) return read(value);
  const begun = budget.beginCapture();
  try {
    if (budget.contentLevel !== OMITTED || !isOwn(span)) return read(value);
    return new LeftOut(typeof value === 'string' ? value.length : -1);
  } finally {
    budget.end(begun);
  }
}

function capture<Value>(
  span: ApiSpan,
  key: string,
  value: Value,
  toText: (value: Value) => string | undefined,
): void {
  const text = toText(value);
  if (text === undefined) return;
  if (isOwn(span)) span._setContent(key, text);
  else span.setAttribute(key, text);
}

function leaveOut(span: Span | PluginSpan, key: string, value: unknown): void {
  if (value !== undefined) span._leaveOutContent(key, typeof value === 'string' ? value.length : -1);
}

function isOwn(span: ApiSpan): span is Span | PluginSpan {
  return span instanceof Span || span instanceof PluginSpan;
}
