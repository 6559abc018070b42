/** Spans as a test reads them: plain values in a tree. */
import { SpanStatusCode } from '@opentelemetry/api';
import { readFields } from '../ai/dialects/read-fields.ts';
import type { SessionProperties, SpanType, Usage } from '../ai/fields.ts';
import type { ReadableSpan } from '../api/types.ts';

/** Something that happened in a span, such as an `exception`. */
export interface CapturedEvent {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A span that has ended, with those below it. What it does not say is `undefined`. */
export class CapturedSpan {
  readonly name: string;
  /** What kind of work it is. */
  readonly type: SpanType | undefined;
  readonly model: string | undefined;
  /** What was captured, after masks: the value where it was JSON, else its text. */
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly usage: Usage | undefined;
  readonly session: SessionProperties | undefined;
  /** All of them, under the names they have on the wire. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly CapturedEvent[];
  readonly status: { readonly code: 'UNSET' | 'OK' | 'ERROR'; readonly message?: string };
  /** In the order they started. */
  readonly children: CapturedSpan[] = [];

  constructor(span: ReadableSpan) {
    const { type, model, inputs, outputs, usage, session } = readFields(span.attributes);
    const { code, message } = span.status;
    this.name = span.name;
    this.type = type;
    this.model = model;
    this.inputs = inputs;
    this.outputs = outputs;
    this.usage = usage;
    this.session = session;
    this.attributes = span.attributes;
    this.events = span.events.map(({ name, attributes = {} }) => ({ name, attributes }));
    this.status = {
      code: SpanStatusCode[code] as 'UNSET' | 'OK' | 'ERROR',
      ...(message && { message }),
    };
  }

  /** The first span of that name below this one, from the top; `undefined` where there is none. */
  find(name: string): CapturedSpan | undefined {
    return spansUnder(this.children).find((span) => span.name === name);
  }
}

/** All spans of a tree: each before its children. */
export function spansUnder(roots: readonly CapturedSpan[]): CapturedSpan[] {
  return roots.flatMap((span) => [span, ...spansUnder(span.children)]);
}

/**
 * Spans put under their parents, each list in the order of start. One whose parent is not among them is a root.
 *
 * @param spans - in the order they ended.
 */
export function toTree(spans: readonly ReadableSpan[]): CapturedSpan[] {
  const inStartOrder = [...spans].sort(({ startTime: a }, { startTime: b }) => a[0] - b[0] || a[1] - b[1]);
  const captured = new Map(inStartOrder.map((span) => [span.spanContext().spanId, new CapturedSpan(span)]));
  const roots: CapturedSpan[] = [];
  for (const span of inStartOrder) {
    const own = captured.get(span.spanContext().spanId) as CapturedSpan;
    const parent = captured.get(span.parentSpanContext?.spanId ?? '');
    (parent?.children ?? roots).push(own);
  }
  return roots;
}

/** Agents and SDKs repeat the usage of the calls below them: only the lowest that has one counts. */
export function tokensOf(spans: readonly CapturedSpan[]): number | undefined {
  const counts = spans
    .map(({ usage, children }) => tokensOf(children) ?? tokensOfUsage(usage))
    .filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

function tokensOfUsage({ inputTokens, outputTokens, totalTokens }: Usage = {}): number | undefined {
  if (totalTokens !== undefined) return totalTokens;
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}
