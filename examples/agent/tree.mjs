import { blue, cyan, dim, green, magenta, red, yellow } from './terminal.mjs';

const PAINT_BY_KIND = { AGENT: magenta, LLM: green, TOOL: yellow, RETRIEVER: cyan };
const NAME_WIDTH = 44;

/** Lines of a tree of the spans that the receiver decoded, children in order of their start. */
export function drawTree(spans) {
  const children = new Map();
  const known = new Set(spans.map((span) => span.spanId));
  for (const span of spans) {
    // A span whose parent never arrived is shown as a root rather than lost.
    const parent = known.has(span.parentSpanId) ? span.parentSpanId : '';
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const lines = [];
  const walk = (parent, indent) => {
    const siblings = (children.get(parent) ?? []).sort(byStart);
    siblings.forEach((span, position) => {
      const isLast = position === siblings.length - 1;
      const isRoot = parent === '';
      lines.push(drawSpan(span, isRoot ? '' : indent + (isLast ? '└─ ' : '├─ ')));
      walk(span.spanId, isRoot ? '' : indent + (isLast ? '   ' : '│  '));
    });
  };
  walk('', '');
  return lines;
}

/** Sums of `llm.token_count.*` over the spans that carry them. */
export function sumTokens(spans) {
  const sum = (key) => spans.reduce((total, span) => total + Number(span.attributes[key] ?? 0), 0);
  return { prompt: sum('llm.token_count.prompt'), completion: sum('llm.token_count.completion') };
}

export function durationMs(span) {
  return Number(BigInt(span.endNanoseconds) - BigInt(span.startNanoseconds)) / 1e6;
}

function byStart(a, b) {
  const difference = BigInt(a.startNanoseconds) - BigInt(b.startNanoseconds);
  return difference < 0n ? -1 : Number(difference > 0n);
}

function drawSpan(span, prefix) {
  const kind = span.attributes['openinference.span.kind'] ?? '';
  const paint = PAINT_BY_KIND[kind] ?? blue;
  const padding = ' '.repeat(Math.max(1, NAME_WIDTH - prefix.length - span.name.length));
  const columns = [kind.padEnd(9), `${durationMs(span).toFixed(2).padStart(9)} ms`];
  const prompt = span.attributes['llm.token_count.prompt'];
  if (prompt !== undefined) {
    columns.push(` ${prompt} → ${span.attributes['llm.token_count.completion']} tokens`);
  }
  if (span.failed) columns.push(red(' failed'));
  return `${dim(prefix)}${paint(span.name)}${padding}${columns.join(' ')}`;
}
