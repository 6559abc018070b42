/** A span that was not sampled: it has a context, so that children follow the decision, and records nothing. */
import type { Span, SpanContext } from '@opentelemetry/api';
import { makeDisposable } from './disposable.ts';
import { generateSpanId, generateTraceId, identity, inherit, spanContextOf } from './identity.ts';
import type { IdGenerator } from './ids.ts';

export class NonRecordingSpan implements Span {
  /** `undefined` until someone asks: most spans that are not sampled are never asked for their ids. */
  private context: SpanContext | undefined = undefined;
  private parent: Span | undefined;
  private readonly idGenerator: IdGenerator | null;

  /** A span under `parent`, with ids made when they are needed. */
  constructor(parent: Span | undefined, idGenerator: IdGenerator | null) {
    // Of a chain of them only the first matters, for its trace id: however deep the chain, one step leads to it.
    const first = parent instanceof NonRecordingSpan ? parent.parent : undefined;
    this.parent = first instanceof NonRecordingSpan ? first : parent;
    this.idGenerator = idGenerator;
  }

  /** A span with this context. */
  static of(context: SpanContext): NonRecordingSpan {
    const span = new this(undefined, null);
    span.context = context;
    return span;
  }

  spanContext(): SpanContext {
    if (this.context === undefined) {
      const parentSampled = inherit(this.parent);
      if (this.idGenerator !== null) {
        if (parentSampled === undefined) generateTraceId(this.idGenerator);
        generateSpanId(this.idGenerator);
      }
      this.context = spanContextOf(identity);
      // Kept longer, a parent would keep all of its ancestors.
      this.parent = undefined;
    }
    return this.context;
  }

  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
  end(): void {}
  isRecording(): boolean {
    return false;
  }
  recordException(): void {}
}

makeDisposable(NonRecordingSpan.prototype);
/** A span of a trace that is not recorded because tracing takes too much: its children are none either. */
export class ShedSpan extends NonRecordingSpan {}
