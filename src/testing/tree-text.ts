/** A tree of spans as text, a line a span. */
import { describe } from '../api/attributes.ts';
import type { CapturedSpan } from './captured-span.ts';
import type { Missing } from './captured-traces.ts';

/** Longest text of one value in a line, in UTF-16 units. */
const SHOWN_UNITS = 80;
/** Most lines of a tree. */
const SHOWN_LINES = 60;

export function treeText(roots: readonly CapturedSpan[], { open, lost }: Missing): string {
  const all = roots.flatMap((span) => linesOf(span, ''));
  const lines = all.slice(0, SHOWN_LINES);
  if (all.length > lines.length) lines.push(`… ${all.length - lines.length} more`);
  if (all.length === 0) lines.push('(no spans)');
  if (open > 0) lines.push(`(not ended when the function was done: ${open})`);
  for (const [reason, count] of Object.entries(lost)) lines.push(`(lost, ${reason}: ${count})`);
  return lines.join('\n');
}

function linesOf(span: CapturedSpan, indent: string): string[] {
  const { name, type, inputs, outputs, usage, status, children } = span;
  const parts = [`${indent}- ${name}`];
  if (type !== undefined) parts.push(`[${type}]`);
  if (inputs !== undefined) parts.push(`inputs: ${shown(inputs)}`);
  if (outputs !== undefined) parts.push(`outputs: ${shown(outputs)}`);
  if (usage !== undefined) parts.push(`usage: ${shown(usage)}`);
  if (status.code === 'ERROR')
    parts.push(`ERROR${status.message === undefined ? '' : `: ${status.message}`}`);
  return [parts.join('  '), ...children.flatMap((child) => linesOf(child, `${indent}  `))];
}

/** A value in a line: JSON, shortened; what JSON has no form for as it describes itself. */
export function shown(value: unknown): string {
  let text: string | undefined;
  if (value instanceof RegExp) text = String(value);
  else {
    try {
      text = JSON.stringify(value);
    } catch {
      // A cycle, or a getter that throws.
    }
  }
  text ??= describe(value);
  return text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS)}…` : text;
}
