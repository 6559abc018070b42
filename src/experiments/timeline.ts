/** The spans of an item, for a waterfall without a server, and what its task reports of model calls. */
import type { Span } from '@opentelemetry/api';
import { usageOf } from '../ai/record.ts';
import type { ItemResult, ItemSpan } from './result.ts';

/** Spans kept of an item; of a task that makes more, the first ones. */
const MOST_SPANS = 1_000;
/** `SpanStatusCode.ERROR` of the API. */
const ERROR = 2;

export class ItemTimeline {
  private readonly start = performance.now();
  private readonly item: ItemResult;
  private readonly spans: ItemSpan[] = [];
  private isOpen = true;

  constructor(item: ItemResult) {
    this.item = item;
  }

  /**
   * Follows a span to its end. Of its usage as it is then, what a call inside has reported is taken out already.
   *
   * @param isTask - whether the span belongs to the task, so that its usage is the item's.
   */
  follow(span: Span, name: string, parentSpanId: string | null, isTask: boolean): void {
    const started = performance.now();
    const end = span.end.bind(span);
    span.end = (time) => {
      if (this.isOpen && span.isRecording()) {
        this.add(span, { name, parentSpanId, startMs: started - this.start });
        if (isTask) this.addUsage(span);
      }
      end(time);
    };
  }

  /** The spans so far, the item's own first; later ones are not waited for. */
  close(name: string, spanId: string, error: boolean): ItemSpan[] {
    this.isOpen = false;
    const durationMs = performance.now() - this.start;
    const root = { spanId, parentSpanId: null, name, startMs: 0, durationMs, error };
    return [root, ...this.spans.sort((a, b) => a.startMs - b.startMs)];
  }

  private add(span: Span, known: Pick<ItemSpan, 'name' | 'parentSpanId' | 'startMs'>): void {
    if (this.spans.length === MOST_SPANS) return;
    const { status } = span as Span & { readonly status?: { readonly code: number } };
    const durationMs = performance.now() - this.start - known.startMs;
    this.spans.push({
      spanId: span.spanContext().spanId,
      ...known,
      durationMs,
      error: status?.code === ERROR,
    });
  }

  private addUsage(span: Span): void {
    const usage = usageOf(span);
    if (usage === undefined) return;
    const { inputTokens = 0, outputTokens = 0, cost = 0 } = usage;
    const before = this.item.usage ?? { inputTokens: 0, outputTokens: 0, cost: 0 };
    this.item.usage = {
      inputTokens: before.inputTokens + inputTokens,
      outputTokens: before.outputTokens + outputTokens,
      cost: before.cost + cost,
    };
  }
}
