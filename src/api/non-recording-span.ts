/** A span that was not sampled: it has a context, so that children follow the decision, and records nothing. */
import type { Span, SpanContext, TraceState } from '@opentelemetry/api';
import { laneToHex } from './ids.ts';
import type { Identity } from './span.ts';

export class NonRecordingSpan implements Span {
  readonly _trace0: number;
  readonly _trace1: number;
  readonly _trace2: number;
  readonly _trace3: number;
  readonly _span0: number;
  readonly _span1: number;
  readonly _traceState: TraceState | undefined;
  _context: SpanContext | undefined = undefined;

  constructor(identity: Identity) {
    this._trace0 = identity.trace0;
    this._trace1 = identity.trace1;
    this._trace2 = identity.trace2;
    this._trace3 = identity.trace3;
    this._span0 = identity.span0;
    this._span1 = identity.span1;
    this._traceState = identity.traceState;
  }

  spanContext(): SpanContext {
    this._context ??= {
      traceId:
        laneToHex(this._trace0) + laneToHex(this._trace1) + laneToHex(this._trace2) + laneToHex(this._trace3),
      spanId: laneToHex(this._span0) + laneToHex(this._span1),
      traceFlags: 0,
      traceState: this._traceState,
    };
    return this._context;
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
